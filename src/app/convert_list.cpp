#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

#include "convert_output.hpp"
#include "tessera/app/data_source.hpp"
#include "tessera/base/log.hpp"
#include "tessera/io/coordinate_file.hpp"
#include "tessera/io/read_tensor.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/sparse_assembly.hpp"
#include "tessera/tensor/sparse_split.hpp"

namespace tessera {
namespace {

void refuse_options_of_arrays(const ConvertArguments& arguments) {
    const std::pair<bool, const char*> given[] = {
        {!arguments.order.empty(), "--order"},
        {!arguments.region.empty(), "--region"},
        {!arguments.bin.empty(), "--bin"},
        {!arguments.mask.empty(), "--mask"},
        {arguments.missing != DataOptions::Missing::none, "--missing"},
        {arguments.scale != ScalingKind::none, "--scale"}};
    for (const auto& [is_given, name] : given) {
        if (is_given) {
            throw UsageError(fmt::format("{} does not work on {}, a list of entries: leave it out",
                                         name, arguments.input));
        }
    }
}

std::vector<std::string> axes_of(const ConvertArguments& arguments, const CoordinateFile& file) {
    const auto order = static_cast<std::size_t>(file.columns - 1);
    std::vector<std::string> axes;
    if (!arguments.axes.empty()) {
        axes = parse_axis_names(arguments.axes, "--axes");
    }
    for (std::size_t mode = axes.size(); arguments.axes.empty() && mode < order; ++mode) {
        axes.push_back(mode < file.column_names.size() ? file.column_names[mode]
                                                       : fmt::format("axis{}", mode));
    }
    if (axes.size() != order) {
        throw UsageError(fmt::format("--axes names {} axes, but the entries of {} have {}",
                                     axes.size(), file.path, order));
    }
    return axes;
}

std::string said_of(const TensorOutput& output, const SparseTensor<double>& entries,
                    Index duplicates) {
    return fmt::format(
        "{}: {} entries of {}{}", fmt::join(output_files(output), ", "), entries.entry_count(),
        entries.shape().to_string(),
        duplicates > 0 ? fmt::format("; {} repeated ones added up", duplicates) : "");
}

std::string write_whole(const Partition& partition, const SparseTensor<double>& entries,
                        Absent absent, TensorOutput& output) {
    output.partly_observed = absent == Absent::missing;
    const DenseTensor<double> whole =
        dense_tensor(entries, partition,
                     output.partly_observed ? std::numeric_limits<double>::quiet_NaN() : 0.0);
    const std::string losses = check_type(whole, output);
    write_tensor(whole, output);
    return fmt::format(" {} {}{}", to_string(output.type),
                       mapping(output, stored_modes(output, whole.shape())), losses);
}

}  // namespace

ExitCode convert_list(const Communicator& communicator, const ConvertArguments& arguments) {
    refuse_options_of_arrays(arguments);
    TensorOutput output = place_output(communicator, arguments);
    const bool to_list = output_format(output.path) == OutputFormat::coordinates;
    if (!to_list && !arguments.absent) {
        throw UsageError(arguments.input +
                         " is a list of entries: say with --absent zero or --absent missing what "
                         "the others are");
    }
    if (to_list && arguments.type) {
        throw UsageError("--type does not work from a list of entries to another: leave it out");
    }
    CoordinateFile file;
    agree(communicator, [&] { file = inspect_coordinates(find_data_file(arguments.input)); });
    output.axes = axes_of(arguments, file);
    output.type = arguments.type.value_or(NumberType::float64);
    CoordinateOptions options;
    options.shape = arguments.shape;
    auto read = read_coordinates<double>(file, options, communicator);
    for (const std::string& remark : read.remarks) {
        log::info(remark);
    }
    // Shares of mode 0: in rank order the entries are then in the order of the file.
    Extents dims = Extents::filled(read.shape.order(), 1);
    dims[0] = communicator.size();
    const Partition partition(read.shape, ProcessGrid(communicator, dims));
    const Assembly<double> assembly =
        assemble("entries", UnevenPartition(partition), std::move(read.entries));
    std::string how;
    if (to_list) {
        write_entries(assembly.tensor, output);
    } else {
        how = write_whole(partition, assembly.tensor, *arguments.absent, output);
    }
    print(communicator, said_of(output, assembly.tensor, assembly.report.duplicates) + how + "\n");
    return ExitCode::done;
}

}  // namespace tessera
