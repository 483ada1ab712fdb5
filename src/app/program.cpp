#include "tessera/app/program.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>

#include "tessera/app/commands.hpp"
#include "tessera/app/leave_together.hpp"
#include "tessera/base/build_info.hpp"
#include "tessera/base/log.hpp"
#include "tessera/base/option_text.hpp"

namespace tessera {
namespace {

// What the command line asks for: filled by CLI11, carried out once it is complete.
struct CommandLine {
    std::function<ExitCode(const Communicator&)> command;
    bool quiet = false;
};

void add_run(CLI::App& app, CommandLine& line, const std::string& name, const std::string& text,
             ExitCode (*command)(const Communicator&, const RunArguments&),
             const std::string& example) {
    auto* const sub = app.add_subcommand(name, text);
    sub->footer("Example:\n  " + example);
    const auto arguments = std::make_shared<RunArguments>();
    sub->add_option("DECK", arguments->deck, "TOML file; see `tessera template`")->required();
    sub->add_option("assignments", arguments->assignments,
                    "key=value: overrides a key of the deck, for instance method.rank=12");
    sub->callback([&line, arguments, command] {
        line.command = [arguments, command](const Communicator& communicator) {
            return command(communicator, *arguments);
        };
    });
}

void add_resume(CLI::App& app, CommandLine& line) {
    auto* const sub = app.add_subcommand(
        "resume", "go on from the newest valid checkpoint, at any number of ranks");
    sub->footer("Example:\n  mpirun -n 4 tessera resume runs/hyperspectral_svd-20260101T120000Z");
    const auto arguments = std::make_shared<ResumeArguments>();
    sub->add_option("RUN", arguments->folder, "run folder")->required();
    sub->add_option("assignments", arguments->assignments,
                    "key=value: only keys that do not change the result, for instance "
                    "run.time_limit=\"2 h\"");
    sub->callback([&line, arguments] {
        line.command = [arguments](const Communicator& communicator) {
            return resume_command(communicator, *arguments);
        };
    });
}

void add_plan(CLI::App& app, CommandLine& line) {
    auto* const sub = app.add_subcommand(
        "plan", "memory per rank, process grid, messages and disk of a run; reads headers only");
    sub->footer(
        "Examples:\n  tessera plan inputs/hyperspectral_svd.toml --ranks=1,8,64\n"
        "  tessera plan inputs/hyperspectral_svd.toml --fit=512MiB");
    const auto arguments = std::make_shared<PlanArguments>();
    const auto fit = std::make_shared<std::string>();
    sub->add_option("DECK", arguments->deck, "TOML file; see `tessera template`")->required();
    sub->add_option("assignments", arguments->assignments,
                    "key=value: overrides a key of the deck");
    sub->add_option("--ranks", arguments->ranks, "numbers such as 1,8,64; left out: this job's");
    auto* const fits = sub->add_option(
        "--fit", *fit,
        "suggest the smallest usual number of ranks whose memory stays within so much each, "
        "--fit=4GiB; left out: a core's share of this machine");
    fits->expected(0, 1);
    sub->add_flag("--json", arguments->json, "print JSON");
    sub->callback([&line, arguments, fit, fits] {
        line.command = [arguments, fit,
                        wanted = fits->count() > 0](const Communicator& communicator) {
            if (wanted) {
                arguments->fit = *fit;
            }
            return plan_command(communicator, *arguments);
        };
    });
}

void add_info(CLI::App& app, CommandLine& line) {
    auto* const sub =
        app.add_subcommand("info", "shape, type, axes and attributes of every array of a file");
    sub->footer(
        "Reads what data.path reads: tessera help data.path\n"
        "Example:\n  tessera info cube.mat\n  tessera info 'slices/*.tif'");
    const auto path = std::make_shared<std::string>();
    sub->add_option("FILE", *path, "data file, folder or pattern of TIFF slices")->required();
    sub->callback([&line, path] {
        line.command = [path](const Communicator& communicator) {
            return info_command(communicator, *path);
        };
    });
}

void add_evaluate(CLI::App& app, CommandLine& line) {
    auto* const sub = app.add_subcommand(
        "evaluate", "PSNR, SSIM, SAM, ERGAS, RMSE and others of an estimate against the truth");
    sub->footer("Example:\n  tessera evaluate truth.h5:/cube runs/a/result.h5:/result/estimate");
    const auto arguments = std::make_shared<EvaluateArguments>();
    sub->add_option("TRUTH", arguments->truth, "file[:dataset]")->required();
    sub->add_option("ESTIMATE", arguments->estimate, "file[:dataset] of the same shape")
        ->required();
    sub->add_option("--mask", arguments->mask, "file[:dataset]; only entries that are not 0 count");
    sub->add_option("--axes", arguments->axes,
                    "names of the truth's axes, for instance rows,cols,bands")
        ->delimiter(',');
    sub->add_option("--range", arguments->range,
                    "data range of PSNR and SSIM; left out: the truth's")
        ->check(CLI::PositiveNumber);
    sub->add_flag("--per-band", arguments->per_band, "add the PSNR of every band");
    sub->add_flag("--json", arguments->json, "print JSON");
    sub->callback([&line, arguments] {
        line.command = [arguments](const Communicator& communicator) {
            return evaluate_command(communicator, *arguments);
        };
    });
}

// An option that takes one of a few words.
template <typename Value>
using Words = std::vector<std::pair<std::string, Value>>;

template <typename Value, typename Target>
void add_word(CLI::App& app, const std::string& name, Target& target, const Words<Value>& words,
              const std::string& text) {
    const auto choose = [&target, words, name](const std::string& given) {
        std::vector<std::string> known;
        for (const auto& [word, value] : words) {
            if (word == given) {
                target = value;
                return;
            }
            known.push_back(word);
        }
        throw CLI::ValidationError(fmt::format("{} {} is none of {}{}", name, given,
                                               fmt::join(known, ", "), did_you_mean(given, known)));
    };
    app.add_option_function<std::string>(name, choose, text)->type_name("WORD");
}

void add_convert(CLI::App& app, CommandLine& line) {
    auto* const sub = app.add_subcommand("convert", "writes any readable array in another format");
    sub->footer(
        "The suffix of OUT tells the format: .h5 (file.h5:name), .npy, .hdr (ENVI), .vti, .nii,\n"
        ".nii.gz, .tif, .tns. The other options are data.* of decks; see `tessera help data`.\n"
        "Examples:\n  tessera convert cube.mat:Y cube.hdr --axes bands,rows,cols"
        " --shape 198,100,100\n"
        "  mpirun -n 4 tessera convert scan.h5:/exchange/data scan.npy --region \"axis0 0:90\"");
    const auto arguments = std::make_shared<ConvertArguments>();
    sub->add_option("IN", arguments->input, "file[:dataset]")->required();
    sub->add_option("OUT", arguments->output, "file to write")->required();
    sub->add_option("--axes", arguments->axes, "names of the file's axes, as rows,cols,bands");
    sub->add_option("--shape", arguments->shape, "folds the file's axes, as 198,100,100")
        ->delimiter(',');
    add_word<FoldOrder>(*sub, "--fold", arguments->fold_order,
                        {{"natural", FoldOrder::natural},
                         {"first-fastest", FoldOrder::first_fastest},
                         {"last-fastest", FoldOrder::last_fastest}},
                        "how a folded axis runs: natural, first-fastest or last-fastest");
    sub->add_option("--order", arguments->order, "axes in the wanted order, as cols,rows,bands");
    sub->add_option("--region", arguments->region, "part to keep, as \"rows 10:50, bands :100\"");
    sub->add_option("--bin", arguments->bin, "neighbours to average, as \"rows 2, cols 2\"");
    sub->add_option("--mask", arguments->mask, "file[:dataset], 0 where an entry is missing");
    add_word<DataOptions::Missing>(*sub, "--missing", arguments->missing,
                                   {{"none", DataOptions::Missing::none},
                                    {"nan", DataOptions::Missing::nan},
                                    {"zero", DataOptions::Missing::zero}},
                                   "values that mean a missing entry: nan or zero");
    add_word<ScalingKind>(*sub, "--scale", arguments->scale,
                          {{"none", ScalingKind::none},
                           {"max", ScalingKind::maximum},
                           {"min-max", ScalingKind::min_max},
                           {"band-min-max", ScalingKind::band_min_max}},
                          "max, min-max or band-min-max; how to undo it is kept in the file");
    add_word<Absent>(*sub, "--absent", arguments->absent,
                     {{"zero", Absent::zero}, {"missing", Absent::missing}},
                     "of a list of entries: what the others are, zero or missing");
    add_word<NumberType>(*sub, "--type", arguments->type,
                         {{"float32", NumberType::float32},
                          {"float64", NumberType::float64},
                          {"uint8", NumberType::uint8},
                          {"uint16", NumberType::uint16},
                          {"int16", NumberType::int16},
                          {"int32", NumberType::int32}},
                         "float32, float64, uint8, uint16, int16 or int32; left out: the "
                         "input's where it can be written");
    add_word<Interleave>(
        *sub, "--interleave", arguments->interleave,
        {{"bsq", Interleave::bsq}, {"bil", Interleave::bil}, {"bip", Interleave::bip}},
        "of ENVI: bsq, bil or bip");
    sub->add_flag("--overwrite", arguments->overwrite, "replace a file of that name");
    sub->callback([&line, arguments] {
        line.command = [arguments](const Communicator& communicator) {
            return convert_command(communicator, *arguments);
        };
    });
}

void add_help(CLI::App& app, CommandLine& line) {
    auto* const sub = app.add_subcommand("help", "explains a table, a method or a key of decks");
    sub->footer("Examples:\n  tessera help\n  tessera help svd\n  tessera help method.rank");
    const auto topic = std::make_shared<std::string>();
    sub->add_option("TOPIC", *topic, "table, method, corruption or key");
    sub->callback([&line, topic] {
        line.command = [topic](const Communicator& communicator) {
            return help_command(communicator, *topic);
        };
    });
}

void add_template(CLI::App& app, CommandLine& line) {
    auto* const sub = app.add_subcommand("template", "prints a commented deck that runs");
    sub->footer("Example:\n  tessera template svd --task complete > deck.toml");
    const auto arguments = std::make_shared<TemplateArguments>();
    sub->add_option("METHOD", arguments->method, "name of a method; see `tessera help`")
        ->required();
    sub->add_option("--task", arguments->task, "denoise or complete");
    sub->callback([&line, arguments] {
        line.command = [arguments](const Communicator& communicator) {
            return template_command(communicator, *arguments);
        };
    });
}

void add_schema(CLI::App& app, CommandLine& line) {
    auto* const sub = app.add_subcommand(
        "schema", "prints the JSON schema of decks, by which editors complete and check keys");
    sub->footer(
        "Example:\n  tessera schema > tessera.schema.json\n"
        "and `#:schema tessera.schema.json` as a deck's first line, for editors that use Taplo");
    sub->callback([&line] { line.command = schema_command; });
}

void add_simulate(CLI::App& app, CommandLine& line) {
    auto* const sub = app.add_subcommand(
        "simulate", "writes the data of a deck, as its run would see them, for other programs");
    sub->footer(
        "Example:\n  mpirun -n 2 tessera simulate inputs/hyperspectral_simulated.toml cube.npy");
    const auto arguments = std::make_shared<SimulateArguments>();
    sub->add_option("DECK", arguments->deck, "TOML file; see `tessera template`")->required();
    sub->add_option("OUT", arguments->output,
                    "cube.npy: makes cube.observation.npy, cube.mask.npy and cube.truth.npy; the "
                    "suffixes are those of `tessera convert`")
        ->required();
    sub->add_option("assignments", arguments->assignments,
                    "key=value: overrides a key of the deck");
    sub->add_flag("--overwrite", arguments->overwrite, "replace files that are there");
    sub->callback([&line, arguments] {
        line.command = [arguments](const Communicator& communicator) {
            return simulate_command(communicator, *arguments);
        };
    });
}

void add_report(CLI::App& app, CommandLine& line) {
    auto* const sub = app.add_subcommand(
        "report", "figures of finished or running runs side by side; draws their pictures anew");
    sub->footer("Example:\n  tessera report runs/a runs/b --json");
    const auto arguments = std::make_shared<ReportArguments>();
    sub->add_option("RUN", arguments->folders, "run folders")->required();
    sub->add_flag("--json", arguments->json, "print JSON");
    sub->callback([&line, arguments] {
        line.command = [arguments](const Communicator& communicator) {
            return report_command(communicator, *arguments);
        };
    });
}

void add_selftest(CLI::App& app, CommandLine& line) {
    auto* const sub = app.add_subcommand(
        "selftest", "small exact problems on this machine's build and this number of ranks");
    sub->footer("Example:\n  mpirun -n 4 tessera selftest");
    sub->callback([&line] { line.command = selftest_command; });
}

void declare(CLI::App& app, CommandLine& line) {
    app.require_subcommand(1);
    app.set_version_flag("--version", std::string(build_info().version) + " (" +
                                          std::string(build_info().git_commit) + ")");
    app.add_flag("-q,--quiet", line.quiet, "only results, warnings and errors on the terminal");
    app.fallthrough();
    app.footer(
        "Example:\n  mpirun -n 2 tessera run inputs/hyperspectral_simulated.toml\n"
        "`tessera COMMAND --help` explains a command, `tessera help` the keys of decks.");
    add_run(app, line, "run", "recovers a tensor as a deck describes", run_command,
            "mpirun -n 2 tessera run inputs/hyperspectral_svd.toml method.rank=12");
    add_resume(app, line);
    add_run(app, line, "check", "validates a deck against the data; nothing is allocated",
            check_command, "tessera check inputs/hyperspectral_svd.toml");
    add_plan(app, line);
    add_info(app, line);
    add_convert(app, line);
    add_evaluate(app, line);
    add_help(app, line);
    add_template(app, line);
    add_schema(app, line);
    add_simulate(app, line);
    add_report(app, line);
    add_selftest(app, line);
}

// CLI11 only says that a command is required; this names the word that is none.
std::string describe(const CLI::ParseError& problem, const CLI::App& app, int argc, char** argv) {
    std::vector<std::string> commands;
    for (const CLI::App* const command : app.get_subcommands({})) {
        commands.push_back(command->get_name());
    }
    const auto is_word = [](const char* argument) { return argument[0] != '-'; };
    char** const word = std::find_if(argv + 1, argv + argc, is_word);
    if (word == argv + argc ||
        std::find(commands.begin(), commands.end(), *word) != commands.end()) {
        return problem.what();
    }
    return std::string("\"") + *word + "\" is no command" + did_you_mean(*word, commands);
}

}  // namespace

void print(const Communicator& communicator, const std::string& text) {
    if (communicator.rank() == 0) {
        std::fputs(text.c_str(), stdout);
        std::fflush(stdout);
    }
}

int run_program(int argc, char** argv) {
    const Communicator& world = Communicator::world();
    CLI::App app("Tessera recovers large tensors from noisy, incomplete or indirect measurements.",
                 "tessera");
    CommandLine line;
    declare(app, line);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        print(world, app.help());
        return static_cast<int>(ExitCode::done);
    } catch (const CLI::CallForVersion& version) {
        print(world, std::string(version.what()) + "\n");
        return static_cast<int>(ExitCode::done);
    } catch (const CLI::ParseError& problem) {
        log::error(describe(problem, app, argc, argv) + "; see tessera --help");
        return static_cast<int>(ExitCode::usage);
    }
    log::set_quiet(line.quiet);
    return run_and_leave_together(world, [&] { return line.command(world); });
}

}  // namespace tessera
