#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "tessera/app/commands.hpp"
#include "tessera/app/run_folder_report.hpp"
#include "tessera/app/run_output.hpp"
#include "tessera/app/run_report.hpp"
#include "tessera/base/log.hpp"
#include "tessera/io/json_lines.hpp"
#include "tessera/io/plot.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

std::string title_of(const std::string& folder) {
    return fs::absolute(folder).lexically_normal().filename().string();
}

// The pictures anew from what the folder holds; lines of the quality table where the truth is
// there.
std::vector<std::string> redraw(const Communicator& communicator, const std::string& folder,
                                double range) {
    const std::optional<ResultArrays> arrays = read_result(
        communicator, folder, {"estimate", "input", "truth", "mask", "standard_deviation"});
    if (!arrays || !arrays->has("input")) {
        agree(communicator, [&] {
            if (communicator.rank() == 0 && fs::exists(folder + "/metrics.jsonl")) {
                draw_diagrams(folder + "/convergence.png", title_of(folder),
                              convergence_diagrams(read_json_lines(folder + "/metrics.jsonl")));
            }
        });
        return {};
    }
    std::optional<DenseTensor<double>> truth;
    if (arrays->has("truth")) {
        truth = arrays->at("truth");
    }
    DataOutline outline;
    outline.shape = arrays->at("input").shape();
    outline.axes = arrays->axes;
    const StudyProblem<double> study{
        outline,
        Problem<double>{arrays->at("input"), arrays->mask, NoiseModel{}, arrays->axes, truth},
        Scaling{},
        std::nullopt,
        {}};
    RunAnswer<double> answer{arrays->at("estimate"), {}, {}};
    if (arrays->has("standard_deviation")) {
        answer.maps.push_back({EstimateMap<double>::Kind::standard_deviation, "standard_deviation",
                               arrays->at("standard_deviation")});
    }
    std::vector<std::string> table = format_quality(judge_all(study, answer.estimate, range));
    write_pictures(folder, title_of(folder), study, answer, table);
    return table;
}

std::string number(const ordered_json& value) {
    return value.is_number_integer() ? value.dump()
           : value.is_number()       ? fmt::format("{:.6g}", value.get<double>())
           : value.is_string()       ? value.get<std::string>()
                                     : "-";
}

// Rows of a table: what one run has to say under each name, "-" where it says nothing.
ordered_json flat(const RunState& run) {
    ordered_json row = {{"state", run.state}};
    for (const char* const name :
         {"method", "steps", "ranks", "seconds", "peak_memory_bytes_per_rank",
          "predicted_peak_memory_bytes_per_rank"}) {
        if (run.summary.contains(name)) {
            row[name] = run.summary[name];
        }
    }
    for (const auto& [name, value] : run.figures.items()) {
        row[name] = value;
    }
    return row;
}

std::string side_by_side(const std::vector<RunState>& runs) {
    std::vector<ordered_json> columns;
    std::vector<std::string> names;
    std::size_t width = 0;
    for (const RunState& run : runs) {
        columns.push_back(flat(run));
        for (const auto& [name, value] : columns.back().items()) {
            if (std::find(names.begin(), names.end(), name) == names.end()) {
                names.push_back(name);
                width = std::max(width, name.size());
            }
        }
    }
    std::string text = fmt::format("{:<{}}", "", width);
    std::vector<std::size_t> widths;
    for (const RunState& run : runs) {
        const std::string title = title_of(run.folder);
        widths.push_back(std::max<std::size_t>(12, title.size()));
        text += fmt::format("  {:>{}}", title, widths.back());
    }
    text += "\n";
    for (const std::string& name : names) {
        text += fmt::format("{:<{}}", name, width);
        for (std::size_t i = 0; i < columns.size(); ++i) {
            text +=
                fmt::format("  {:>{}}", number(columns[i].value(name, ordered_json())), widths[i]);
        }
        text += "\n";
    }
    return text;
}

}  // namespace

ExitCode report_command(const Communicator& communicator, const ReportArguments& arguments) {
    std::vector<RunState> runs;
    agree(communicator, [&] {
        for (const std::string& folder : arguments.folders) {
            runs.push_back(read_run_folder(folder));
        }
    });
    std::string text;
    for (const RunState& run : runs) {
        const double range = run.figures.value("range", 0.0);
        for (const std::string& line : redraw(communicator, run.folder, range)) {
            if (runs.size() == 1) {
                text += line + "\n";
            }
        }
    }
    if (arguments.json) {
        ordered_json json = ordered_json::array();
        for (const RunState& run : runs) {
            ordered_json one = run.summary;
            one["folder"] = run.folder;
            one["state"] = run.state;
            one["figures"] = run.figures;
            json.push_back(std::move(one));
        }
        print(communicator, json.dump(2) + "\n");
        return ExitCode::done;
    }
    print(communicator, side_by_side(runs) + (text.empty() ? "" : "\n" + text));
    return ExitCode::done;
}

}  // namespace tessera
