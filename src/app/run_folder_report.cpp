#include "tessera/app/run_folder_report.hpp"

#include <algorithm>
#include <filesystem>

#include "tessera/base/error.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/io/json_lines.hpp"
#include "tessera/io/read_tensor.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

// Names of the arrays below /result.
std::vector<std::string> result_arrays(const Communicator& communicator, const std::string& file) {
    std::string names;
    agree(communicator, [&] {
        if (communicator.rank() != 0 || !fs::exists(file)) {
            return;
        }
        constexpr std::string_view group = "/result/";
        for (const DatasetInfo& dataset : list_datasets(file)) {
            if (dataset.dataset.starts_with(group)) {
                names += dataset.dataset.substr(group.size()) + "\n";
            }
        }
    });
    communicator.broadcast(names);
    std::vector<std::string> result;
    for (std::size_t begin = 0; begin < names.size();) {
        const std::size_t end = names.find('\n', begin);
        result.push_back(names.substr(begin, end - begin));
        begin = end + 1;
    }
    return result;
}

}  // namespace

RunState read_run_folder(const std::string& folder) {
    if (!fs::exists(folder + "/manifest.json")) {
        throw UsageError(folder + " is no run folder: it has no manifest.json");
    }
    RunState run;
    run.folder = folder;
    run.state = "running";
    if (fs::exists(folder + "/summary.json")) {
        run.summary = ordered_json::parse(read_text(folder + "/summary.json"), nullptr, false);
        if (!run.summary.is_object()) {
            throw IoError(folder + "/summary.json is damaged: it is no JSON object");
        }
        run.state = run.summary.value("state", run.state);
        run.figures = run.summary.value("figures", ordered_json::object());
    }
    if (run.state != "finished" && fs::exists(folder + "/metrics.jsonl")) {
        const std::vector<MetricsLine> lines = read_json_lines(folder + "/metrics.jsonl");
        if (!lines.empty()) {
            run.summary["steps"] = lines.back().step;
            for (const auto& [name, value] : lines.back().values) {
                run.figures[name] = value;
            }
        }
    }
    return run;
}

std::optional<ResultArrays> read_result(const Communicator& communicator, const std::string& folder,
                                        const std::vector<std::string>& names) {
    const std::string file = folder + "/result.h5";
    const std::vector<std::string> there = result_arrays(communicator, file);
    const auto is_there = [&](const std::string& name) {
        return std::find(there.begin(), there.end(), name) != there.end();
    };
    if (names.empty() || !is_there(names.front())) {
        return std::nullopt;
    }
    ResultArrays arrays;
    for (const std::string& name : names) {
        if (!is_there(name)) {
            continue;
        }
        const auto reader = TensorReader::open(file + ":/result/" + name, communicator);
        const ReadPlan plan = plan_read(reader->info(), AxesRequest{});
        const std::vector<bool> any(static_cast<std::size_t>(plan.shape.order()), true);
        const Partition partition(plan.shape,
                                  ProcessGrid::automatic(communicator, plan.shape, any));
        arrays.axes = plan.axes;
        if (name == "mask") {
            arrays.mask = read_tensor<std::uint8_t>(*reader, plan, name, partition);
        } else {
            arrays.tensors.emplace(name, read_tensor<double>(*reader, plan, name, partition));
        }
    }
    return arrays;
}

}  // namespace tessera
