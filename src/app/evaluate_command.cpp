#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tessera/app/commands.hpp"
#include "tessera/app/data_source.hpp"
#include "tessera/app/run_report.hpp"
#include "tessera/io/read_tensor.hpp"
#include "tessera/problem/quality.hpp"

namespace tessera {
namespace {

// The names given on the command line are of the truth's file. A file that knows its own, as
// results do, may have them in another order, and is brought into the truth's.
AxesRequest request_like(const DatasetInfo& info, const AxesRequest& truth_request,
                         const std::vector<std::string>& truth_axes) {
    AxesRequest request = truth_request;
    if (!info.axes.empty()) {
        request.axes.clear();
        if (std::is_permutation(info.axes.begin(), info.axes.end(), truth_axes.begin(),
                                truth_axes.end())) {
            request.order = truth_axes;
        }
    }
    return request;
}

template <typename T>
DenseTensor<T> read_like(const Communicator& communicator, const std::string& location,
                         const AxesRequest& truth_request, const ReadPlan& truth_plan,
                         const Partition& partition) {
    const auto reader = TensorReader::open(location, communicator);
    const ReadPlan plan =
        plan_read(reader->info(), request_like(reader->info(), truth_request, truth_plan.axes));
    if (!(plan.shape == partition.shape())) {
        throw UsageError(fmt::format("{} is {}, but the truth is {}: they must have the same shape",
                                     location, plan.shape.to_string(),
                                     partition.shape().to_string()));
    }
    return read_tensor<T>(*reader, plan, location, partition);
}

std::string as_json(const Quality& quality, bool per_band) {
    nlohmann::json values = nlohmann::json::object();
    for (const auto& [name, value] : quality.named_values()) {
        values[name] = std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
    }
    if (per_band) {
        values["band_psnr"] = quality.band_psnr;
    }
    return values.dump(2) + "\n";
}

std::string as_text(const Quality& quality, bool per_band) {
    std::string text;
    for (const auto& [name, value] : quality.named_values()) {
        text += fmt::format("{:<16} {:.8g}\n", name, value);
    }
    for (std::size_t band = 0; per_band && band < quality.band_psnr.size(); ++band) {
        text += fmt::format("psnr[{}] {:.4f}\n", band, quality.band_psnr[band]);
    }
    return text;
}

}  // namespace

ExitCode evaluate_command(const Communicator& communicator, const EvaluateArguments& arguments) {
    AxesRequest request;
    request.axes = arguments.axes;
    const auto reader = TensorReader::open(arguments.truth, communicator);
    const ReadPlan plan = plan_read(reader->info(), request);
    const AxisRoles roles = axis_roles(plan.axes, plan.shape.order());
    std::vector<bool> split(plan.axes.size(), true);
    if (roles.bands >= 0 && plan.shape.order() > 1) {
        split[static_cast<std::size_t>(roles.bands)] = false;
    }
    const Partition partition(plan.shape, ProcessGrid::automatic(communicator, plan.shape, split));
    const auto truth = read_tensor<double>(*reader, plan, "truth", partition);
    const auto estimate =
        read_like<double>(communicator, arguments.estimate, request, plan, partition);
    QualityOptions options;
    options.range = arguments.range;
    std::optional<Mask> mask;
    if (!arguments.mask.empty()) {
        mask = read_like<std::uint8_t>(communicator, arguments.mask, request, plan, partition);
        make_binary(*mask);
        options.entries = QualityEntries::observed;
    }
    const Quality quality = evaluate_quality(truth, estimate, mask, roles, options);
    print(communicator, arguments.json ? as_json(quality, arguments.per_band)
                                       : as_text(quality, arguments.per_band));
    return ExitCode::done;
}

}  // namespace tessera
