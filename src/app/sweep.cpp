#include "tessera/app/sweep.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "tessera/app/problem_builder.hpp"
#include "tessera/app/run_folder_report.hpp"
#include "tessera/app/study.hpp"
#include "tessera/base/log.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/io/picture.hpp"
#include "tessera/io/run_folder.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

// A sweep and where it lies.
struct SweepRun {
    const Communicator& communicator;
    std::string deck;                      ///< path
    std::vector<std::string> assignments;  ///< of the user
    const Sweep& sweep;
    std::string folder;
    double start_seconds = 0.0;

    [[nodiscard]] std::string name(Index point) const {
        return fmt::format("point-{:0{}}", point, std::max<int>(3, digits()));
    }
    [[nodiscard]] std::string path(Index point) const { return folder + "/" + name(point); }
    [[nodiscard]] std::vector<std::string> all_assignments(Index point) const {
        std::vector<std::string> all = assignments;
        for (const std::string& assignment : sweep.assignments(point)) {
            all.push_back(assignment);
        }
        all.emplace_back("sweep.enabled=false");
        all.push_back("output.folder=" + toml_string(folder));
        all.push_back("output.name=" + toml_string(name(point)));
        return all;
    }

  private:
    [[nodiscard]] int digits() const {
        return static_cast<int>(std::to_string(sweep.count() - 1).size());
    }
};

std::string title_of(const Sweep& sweep, Index point) {
    const std::vector<std::string> values = sweep.values(point);
    std::string title;
    for (std::size_t i = 0; i < values.size(); ++i) {
        title += fmt::format("{}{} = {}", title.empty() ? "" : ", ", sweep.keys[i].key, values[i]);
    }
    return title;
}

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\n") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + "\"";
}

// The table as it is on the disk now: other tasks of a job array may have done other points.
ordered_json table_of(const SweepRun& run) {
    ordered_json points = ordered_json::array();
    for (Index point = 0; point < run.sweep.count(); ++point) {
        ordered_json row = {{"point", point}, {"folder", run.name(point)}};
        const std::vector<std::string> values = run.sweep.values(point);
        for (std::size_t i = 0; i < values.size(); ++i) {
            row["values"][run.sweep.keys[i].key] = values[i];
        }
        const bool there = fs::exists(run.path(point) + "/manifest.json");
        const RunState state = there ? read_run_folder(run.path(point)) : RunState{};
        row["state"] = there ? state.state : "waiting";
        row["steps"] = state.summary.value("steps", ordered_json());
        row["seconds"] = state.summary.value("seconds", ordered_json());
        row["figures"] = state.figures;
        points.push_back(std::move(row));
    }
    return points;
}

std::string as_csv(const ordered_json& points) {
    std::vector<std::string> figures;
    for (const ordered_json& point : points) {
        for (const auto& [name, value] : point["figures"].items()) {
            if (std::find(figures.begin(), figures.end(), name) == figures.end()) {
                figures.push_back(name);
            }
        }
    }
    std::string text = "point";
    for (const auto& [key, value] : points.front()["values"].items()) {
        text += "," + csv_field(key);
    }
    text += ",state,steps,seconds";
    for (const std::string& figure : figures) {
        text += "," + csv_field(figure);
    }
    text += "\n";
    const auto number = [](const ordered_json& value) {
        return value.is_null() ? std::string() : value.dump();
    };
    for (const ordered_json& point : points) {
        text += point["point"].dump();
        for (const auto& [key, value] : point["values"].items()) {
            text += "," + csv_field(value.get<std::string>());
        }
        text += "," + point["state"].get<std::string>() + "," + number(point["steps"]) + "," +
                number(point["seconds"]);
        for (const std::string& figure : figures) {
            text += "," + number(point["figures"].value(figure, ordered_json()));
        }
        text += "\n";
    }
    return text;
}

void write_table(const SweepRun& run) {
    agree_on_rank_0(run.communicator, [&] {
        const ordered_json points = table_of(run);
        const ordered_json json = {{"assignments", run.assignments}, {"points", points}};
        write_text_atomically(run.folder + "/sweep.json", json.dump(2) + "\n");
        write_text_atomically(run.folder + "/sweep.csv", as_csv(points));
    });
}

// The estimates of all points that have one, each with its values above.
void draw_estimates(const SweepRun& run) {
    constexpr Index most_panels = 64;
    PictureSheet sheet;
    sheet.title = fs::path(run.folder).filename().string();
    for (Index point = 0; point < std::min(run.sweep.count(), most_panels); ++point) {
        const std::optional<ResultArrays> arrays =
            read_result(run.communicator, run.path(point), {"estimate"});
        if (!arrays) {
            continue;
        }
        SheetRequest<double> request;
        request.axes = arrays->axes;
        request.estimate = &arrays->at("estimate");
        PictureSheet own = make_sheet(request);
        if (!own.panels.empty()) {
            own.panels.front().title = title_of(run.sweep, point);
            sheet.panels.push_back(std::move(own.panels.front()));
        }
    }
    sheet.columns = std::max(
        1, static_cast<int>(std::ceil(std::sqrt(static_cast<double>(sheet.panels.size())))));
    agree_on_rank_0(run.communicator, [&] {
        if (!sheet.panels.empty()) {
            draw_sheet(run.folder + "/sweep.png", sheet);
        }
    });
}

// Mistakes of any point are known before the first one is computed.
void check_points(const SweepRun& run) {
    const std::string text = read_text_everywhere(run.communicator, run.deck);
    for (Index point = 0; point < run.sweep.count(); ++point) {
        Deck deck = Deck::from_text(text, run.deck);
        deck.set_all(run.all_assignments(point));
        Study study;
        study.bind(deck);
        const DataOutline outline = outline_data(run.communicator, study);
        static_cast<void>(choose_grid(run.communicator, study, outline));
    }
}

enum class PointState { waiting, begun, finished };

PointState state_of(const SweepRun& run, Index point) {
    int state = 0;
    agree_on_rank_0(run.communicator, [&] {
        const std::string folder = run.path(point);
        const bool begun =
            fs::exists(folder + "/deck.toml") && fs::exists(folder + "/manifest.json");
        state = begun ? (is_incomplete(folder) ? 1 : 2) : 0;
    });
    return static_cast<PointState>(run.communicator.max(state));
}

ExitCode run_points(const SweepRun& run, const std::vector<std::string>& resume_assignments,
                    bool pictures) {
    ExitCode worst = ExitCode::done;
    for (Index point = 0; point < run.sweep.count(); ++point) {
        if (run.sweep.only && *run.sweep.only != point) {
            continue;
        }
        const PointState state = state_of(run, point);
        if (state == PointState::finished) {
            continue;
        }
        log::info(fmt::format("point {} of {}: {}", point, run.sweep.count(),
                              title_of(run.sweep, point)));
        ExitCode code = ExitCode::done;
        if (state == PointState::begun) {
            code = resume_command(run.communicator,
                                  {run.path(point), resume_assignments, run.start_seconds});
        } else {
            // What a crash left before the run's own files is replaced.
            std::vector<std::string> assignments = run.all_assignments(point);
            assignments.emplace_back("output.overwrite=true");
            assignments.insert(assignments.end(), resume_assignments.begin(),
                               resume_assignments.end());
            code = run_command(run.communicator, {run.deck, assignments, run.start_seconds});
        }
        write_table(run);
        if (code == ExitCode::stopped) {
            log::info("the sweep stops here; go on with: tessera resume " + run.folder);
            return code;
        }
        worst = code == ExitCode::done ? worst : code;
    }
    write_table(run);
    if (pictures) {
        draw_estimates(run);
    }
    log::info(fmt::format("table:   {}/sweep.csv", run.folder));
    return worst;
}

}  // namespace

bool is_sweep_folder(const Communicator& communicator, const std::string& folder) {
    std::error_code ignored;
    return communicator.any(communicator.rank() == 0 &&
                            fs::exists(fs::path(folder) / "sweep.json", ignored));
}

ExitCode run_sweep(const Communicator& communicator, const RunArguments& arguments,
                   const Deck& deck, const Sweep& sweep) {
    const double start_seconds = monotonic_seconds();
    Study study;
    study.bind(deck);
    const OutputOptions& output = study.output;
    if (sweep.only && output.name.empty()) {
        throw UsageError(
            "sweep.only needs output.name, so that all tasks of a job array share one folder");
    }
    SweepRun run{communicator, arguments.deck, arguments.assignments, sweep, "", start_seconds};
    const std::string stem = fs::path(arguments.deck).stem().string();
    run.folder = (fs::path(output.folder) / (output.name.empty() ? stem : output.name)).string();
    check_points(run);
    if (output.name.empty()) {
        run.folder = make_run_folder(communicator, output.folder, stem);
    } else if (!sweep.only) {
        claim_run_folder(communicator, run.folder, output.overwrite);
    }
    agree_on_rank_0(communicator, [&] {
        fs::create_directories(run.folder);
        // A sweep is complete when its points are; the marker is a run's.
        if (is_incomplete(run.folder)) {
            mark_complete(run.folder);
        }
        write_text_atomically(run.folder + "/deck.toml", deck.text());
    });
    run.deck = run.folder + "/deck.toml";
    write_table(run);
    print(communicator, run.folder + "\n");
    return run_points(run, {}, output.pictures);
}

ExitCode resume_sweep(const Communicator& communicator, const ResumeArguments& arguments) {
    const std::string folder = arguments.folder;
    const std::string text = read_text_everywhere(communicator, folder + "/sweep.json");
    const ordered_json json = ordered_json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("assignments")) {
        throw IoError(folder + "/sweep.json is damaged: it does not say how the sweep was started");
    }
    const auto assignments = json["assignments"].get<std::vector<std::string>>();
    const std::string path = folder + "/deck.toml";
    Deck deck = read_deck(communicator, path, assignments);
    deck.set_all(arguments.assignments);
    std::optional<Sweep> sweep = read_sweep(deck);
    if (!sweep) {
        throw UsageError(path + " has no [sweep] any more: restore it");
    }
    // Tasks of a job array did one point each; resuming goes on with all.
    sweep->only.reset();
    Study study;
    study.bind(deck);
    print(communicator, folder + "\n");
    const SweepRun run{communicator, path, assignments, *sweep, folder, monotonic_seconds()};
    return run_points(run, arguments.assignments, study.output.pictures);
}

}  // namespace tessera
