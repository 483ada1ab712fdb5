#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "tessera/app/commands.hpp"
#include "tessera/app/memory_plan.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/linalg/slepc.hpp"

namespace tessera {
namespace {

// Beyond this many ranks nobody asks for one tensor.
constexpr Index most_ranks = Index{1} << 20;

std::string describe(const RunPlan& plan) {
    std::string text =
        fmt::format("\n{} rank{}\n  process grid   {} ({})\n  largest block  {} ({} entries)\n",
                    plan.ranks, plan.ranks == 1 ? "" : "s", plan.grid.to_string(), plan.grid_reason,
                    plan.block.to_string(), plan.block.product());
    for (const PhaseMemory& phase : plan.phases) {
        text += fmt::format("  {:<14} {}{}\n", phase.phase, format_bytes(phase.bytes),
                            &phase == &plan.peak() ? "  <- peak, per rank" : "");
    }
    if (plan.traffic && plan.ranks > 1) {
        text += fmt::format("  per step       {:.0f} messages, {} sent per rank\n",
                            plan.traffic->messages, format_bytes(plan.traffic->bytes));
    }
    return text;
}

nlohmann::json as_json(const RunPlan& plan) {
    nlohmann::json phases = nlohmann::json::object();
    for (const PhaseMemory& phase : plan.phases) {
        phases[phase.phase] = phase.bytes;
    }
    nlohmann::json json = {{"ranks", plan.ranks},
                           {"grid", plan.grid.to_vector()},
                           {"grid_reason", plan.grid_reason},
                           {"block", plan.block.to_vector()},
                           {"memory_bytes_per_rank", phases},
                           {"peak_phase", plan.peak().phase},
                           {"peak_bytes_per_rank", plan.peak().bytes}};
    if (plan.traffic) {
        json["messages_per_step"] = plan.traffic->messages;
        json["bytes_sent_per_step"] = plan.traffic->bytes;
    }
    return json;
}

std::vector<Index> wanted_ranks(const std::string& text, Index job) {
    std::vector<Index> ranks;
    for (const std::string& word :
         text.empty() ? std::vector<std::string>{} : CLI::detail::split(text, ',')) {
        Index number = 0;
        const char* const end = word.data() + word.size();
        const auto [stopped, code] = std::from_chars(word.data(), end, number);
        if (code != std::errc() || stopped != end || number < 1 || number > most_ranks) {
            throw UsageError(
                fmt::format("--ranks is \"{}\": expected numbers from 1 to {} such as 1,8,64", text,
                            most_ranks));
        }
        ranks.push_back(number);
    }
    return ranks.empty() ? std::vector<Index>{job} : ranks;
}

double machine_bytes() {
    std::ifstream info("/proc/meminfo");
    for (std::string line; std::getline(info, line);) {
        if (line.starts_with("MemTotal:")) {
            return 1024.0 * std::stod(line.substr(9));
        }
    }
    throw UsageError("this system does not tell its memory: give it, for instance --fit=4GiB");
}

// Memory that a rank may take: as given, or a core's share of this machine.
double rank_limit(const std::string& text) {
    if (text.empty()) {
        return machine_bytes() / std::max(1U, std::thread::hardware_concurrency());
    }
    std::string bytes = text;
    const auto is_amount = [&] {
        try {
            return CLI::AsSizeValue(false)(bytes).empty();
        } catch (const CLI::Error&) {  // for an unknown unit
            return false;
        }
    };
    if (!is_amount()) {
        throw UsageError("--fit is \"" + text +
                         "\": expected an amount of memory per rank such as 4GiB or 512MiB");
    }
    return std::stod(bytes);
}

// Numbers of ranks that people use, in steps of about a half; blocks get no smaller in between.
std::vector<Index> usual_ranks() {
    std::vector<Index> ranks = {1};
    for (Index power = 2; power <= most_ranks; power *= 2) {
        ranks.push_back(power);
        ranks.push_back(power + power / 2);
    }
    return ranks;
}

// What is known of the data, array or list, and the plan for a number of ranks.
struct Subject {
    Extents shape;
    std::vector<std::string> axes;
    std::string understood;
    std::function<RunPlan(Index ranks, double base_bytes)> plan;
};

Subject subject_of(const Communicator& communicator, const Study& study) {
    const auto with = [&](const auto& outline, const Extents& shape, const std::string& more) {
        return Subject{shape, outline.axes, outline.understood + more,
                       [&study, outline](Index ranks, double base_bytes) {
                           return plan_run(study, outline, ranks, base_bytes);
                       }};
    };
    if (!study.data.sparse()) {
        const DataOutline outline = outline_data(communicator, study);
        return with(outline, outline.shape, "");
    }
    const SparseOutline outline = outline_sparse_data(communicator, study);
    const CoordinateForecast& expected = outline.expected;
    return with(outline, expected.shape,
                fmt::format("\n{} {:.6g} entries of {}",
                            expected.exact ? "it holds" : "from pieces of it, about",
                            expected.entries, expected.shape.to_string()));
}

RunPlan fitting(const Subject& subject, double base, double limit) {
    for (const Index ranks : usual_ranks()) {
        RunPlan plan = subject.plan(ranks, base);
        if (plan.peak().bytes <= limit) {
            return plan;
        }
        if (plan.block.product() <= 1) {
            break;
        }
    }
    throw MemoryError(fmt::format(
        "no number of ranks makes this run fit into {} each, of which a process without data "
        "takes {}: allow more memory per rank, or choose float32 or a smaller data.region",
        format_bytes(limit), format_bytes(base)));
}

}  // namespace

ExitCode plan_command(const Communicator& communicator, const PlanArguments& arguments) {
    Study study;
    study.bind(read_deck(communicator, arguments.deck, arguments.assignments));
    const Subject subject = subject_of(communicator, study);
    ensure_slepc();
    const double base = communicator.max(memory_use().peak_resident_bytes);
    std::vector<RunPlan> plans;
    for (const Index ranks : wanted_ranks(arguments.ranks, communicator.size())) {
        plans.push_back(subject.plan(ranks, base));
    }
    std::optional<double> limit;
    if (arguments.fit) {
        limit = rank_limit(*arguments.fit);
        plans.push_back(fitting(subject, base, *limit));
    }
    const RunPlan& last = plans.back();
    if (arguments.json) {
        nlohmann::json json = {{"method", study.resolved().choice("method")},
                               {"shape", subject.shape.to_vector()},
                               {"axes", subject.axes},
                               {"base_bytes_per_rank", base},
                               {"result_bytes", last.result_bytes},
                               {"plans", nlohmann::json::array()}};
        for (const RunPlan& plan : plans) {
            json["plans"].push_back(as_json(plan));
        }
        if (last.checkpoint_bytes) {
            json["checkpoint_bytes"] = *last.checkpoint_bytes;
        }
        if (limit) {
            json["fit"] = {{"ranks", last.ranks}, {"limit_bytes_per_rank", *limit}};
        }
        print(communicator, json.dump(2) + "\n");
        return ExitCode::done;
    }
    std::string text = subject.understood + "\n" +
                       fmt::format("method {}; a process without data takes {}\n",
                                   study.resolved().choice("method"), format_bytes(base));
    for (const RunPlan& plan : plans) {
        text += describe(plan);
    }
    text += "\non disk: result.h5 " +
            (study.data.sparse() ? std::string("with the factors alone")
                                 : format_bytes(last.result_bytes) +
                                       (study.output.compression > 0 ? " before compression" : ""));
    text += last.checkpoint_bytes
                ? fmt::format(", checkpoints {}\n", format_bytes(*last.checkpoint_bytes))
                : ", checkpoints not known\n";
    if (limit) {
        text += fmt::format("smallest usual number of ranks within {} each: {}\n",
                            format_bytes(*limit), last.ranks);
    }
    print(communicator, text);
    return ExitCode::done;
}

}  // namespace tessera
