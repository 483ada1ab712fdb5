#include <fmt/format.h>
#include <fmt/ranges.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <filesystem>
#include <limits>

#include "convert_output.hpp"
#include "tessera/app/commands.hpp"
#include "tessera/app/data_source.hpp"
#include "tessera/base/log.hpp"
#include "tessera/io/coordinate_file.hpp"
#include "tessera/io/read_tensor.hpp"
#include "tessera/io/write_tensor.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/problem/axis_roles.hpp"

namespace tessera {
namespace {

DataOptions data_options(const ConvertArguments& arguments) {
    DataOptions data;
    data.source.path = arguments.input;
    data.source.shape = arguments.shape;
    data.source.fold_order = arguments.fold_order;
    data.scale = arguments.scale;
    data.missing = arguments.missing;
    data.mask = arguments.mask;
    if (!arguments.axes.empty()) {
        data.source.axes = parse_axis_names(arguments.axes, "--axes");
    }
    if (!arguments.order.empty()) {
        data.source.order = parse_axis_names(arguments.order, "--order");
    }
    if (!arguments.region.empty()) {
        for (const AxisRange& range : parse_region(arguments.region, "--region")) {
            data.source.region[range.axis] = {range.begin, range.end};
        }
    }
    if (!arguments.bin.empty()) {
        for (const AxisBin& bin : parse_bins(arguments.bin, "--bin")) {
            data.source.bin[bin.axis] = bin.count;
        }
    }
    return data;
}

// Whether float32 holds every value that the type has.
bool exact_in_single(NumberType type) {
    switch (type) {
        case NumberType::int32:
        case NumberType::uint32:
        case NumberType::int64:
        case NumberType::uint64:
        case NumberType::float64:
            return false;
        default:
            return true;
    }
}

// The file's own type where it can be written and the values are as they were, else the smallest
// real type that holds what was read.
NumberType output_type(const ConvertArguments& arguments, NumberType in_file, bool computed) {
    if (arguments.type) {
        return *arguments.type;
    }
    const bool integer = in_file == NumberType::uint8 || in_file == NumberType::uint16 ||
                         in_file == NumberType::int16 || in_file == NumberType::int32;
    if (integer && !computed) {
        return in_file;
    }
    if (in_file == NumberType::logical && !computed) {
        return NumberType::uint8;
    }
    return exact_in_single(in_file) ? NumberType::float32 : NumberType::float64;
}

TensorOutput describe_output(const Communicator& communicator, const ConvertArguments& arguments,
                             const ReadPlan& plan, NumberType type) {
    TensorOutput output = place_output(communicator, arguments);
    output.type = type;
    output.axes = plan.axes;
    output.wavelengths = plan.wavelengths;
    output.wavelength_unit = plan.wavelength_unit;
    output.spacing = plan.spacing;
    output.origin = plan.origin;
    output.units = plan.units;
    output.partly_observed =
        !arguments.mask.empty() || arguments.missing != DataOptions::Missing::none;
    return output;
}

// Ranks share the modes that are slowest in the output, so that most of what a rank writes it has
// read itself.
ProcessGrid grid_for(const Communicator& communicator, const Extents& shape,
                     const std::vector<int>& stored) {
    std::vector<bool> split(static_cast<std::size_t>(shape.order()), false);
    Index parts = 1;
    for (const int mode : stored) {
        if (parts < communicator.size()) {
            split[static_cast<std::size_t>(mode)] = true;
            parts *= shape[mode];
        }
    }
    return ProcessGrid::automatic(communicator, shape, split);
}

template <typename T>
void mark_missing(const DenseTensor<T>& tensor, const Mask& mask) {
    const DeviceView<T> values = tensor.block();
    const DeviceView<std::uint8_t> observed = mask.block();
    Kokkos::parallel_for(
        "tessera::convert::mark_missing",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<std::size_t>>(
            0, values.size()),
        KOKKOS_LAMBDA(std::size_t i) {
            if (observed(i) == 0) {
                values(i) = std::numeric_limits<T>::quiet_NaN();
            }
        });
    Kokkos::fence("tessera::convert::mark_missing");
}

template <typename T>
void convert(const Communicator& communicator, const OpenSource& opened, const DataOptions& data,
             TensorOutput output) {
    const ReadPlan& plan = opened.plan;
    const std::vector<int> stored = stored_modes(output, plan.shape);
    if (!data.mask.empty()) {
        static_cast<void>(open_mask(communicator, data, plan.shape));
    }
    const Partition partition(plan.shape, grid_for(communicator, plan.shape, stored));
    const auto values = read_tensor<T>(*opened.reader, plan, "input", partition);
    const std::optional<Mask> mask = read_mask(data, values);
    if (data.scale != ScalingKind::none ||
        output_format(output.path) == OutputFormat::coordinates) {
        refuse_non_finite(values, opened.reader->info().short_name(), plan.axes);
    }
    const AxisRoles roles = axis_roles(plan.axes, plan.shape.order());
    const Scaling scaling = Scaling::fit(data.scale, values, roles.bands, mask);
    scaling.apply(values, mask);
    if (scaling.kind != ScalingKind::none) {
        output.scale_factor = scaling.factor;
        output.scale_offset = scaling.offset;
        log::info("scaled, " + scaling.describe());
    }
    if (mask) {
        mark_missing(values, *mask);
    }
    const std::string losses = check_type(values, output);
    write_tensor(values, output);
    print(communicator, fmt::format("{}: {} {} {}{}\n", fmt::join(output_files(output), ", "),
                                    plan.shape.to_string(), to_string(output.type),
                                    mapping(output, stored), losses));
}

bool is_list(const Communicator& communicator, const std::string& input) {
    bool list = false;
    agree(communicator, [&] { list = looks_like_coordinates(find_data_file(input)); });
    return list;
}

}  // namespace

ExitCode convert_command(const Communicator& communicator, const ConvertArguments& arguments) {
    if (is_list(communicator, arguments.input)) {
        return convert_list(communicator, arguments);
    }
    if (arguments.absent) {
        throw UsageError("--absent is for lists of entries: " + arguments.input + " is none");
    }
    const DataOptions data = data_options(arguments);
    const OpenSource opened = open_source(communicator, data.source);
    const DatasetInfo& info = opened.reader->info();
    const NumberType in_file = *info.type;
    const bool computed =
        data.scale != ScalingKind::none || opened.plan.bin.product() > 1 || info.scaled();
    const TensorOutput output = describe_output(communicator, arguments, opened.plan,
                                                output_type(arguments, in_file, computed));
    log::info(opened.plan.understood);
    if (exact_in_single(in_file) && !computed) {
        convert<float>(communicator, opened, data, output);
    } else {
        convert<double>(communicator, opened, data, output);
    }
    return ExitCode::done;
}

}  // namespace tessera
