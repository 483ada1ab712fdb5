#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "tessera/app/commands.hpp"
#include "tessera/io/coordinate_file.hpp"
#include "tessera/io/tensor_file.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/sparse_reductions.hpp"

namespace tessera {
namespace {

/// Spacing and origin along each axis.
std::string describe_lengths(const DatasetInfo& dataset) {
    std::string text;
    for (const auto& [name, lengths] :
         {std::pair{"spacing", &dataset.spacing}, std::pair{"origin", &dataset.origin}}) {
        if (lengths->empty()) {
            continue;
        }
        text += fmt::format("    {}", name);
        for (std::size_t axis = 0; axis < lengths->size(); ++axis) {
            const std::string unit = dataset.units.empty() ? "" : dataset.units[axis];
            text += fmt::format("{} {:.6g}{}{}", axis == 0 ? "" : " x", (*lengths)[axis],
                                unit.empty() ? "" : " ", unit);
        }
        text += "\n";
    }
    return text;
}

std::string describe(const DatasetInfo& dataset) {
    std::string text = fmt::format("  {:<28} {:<20} {}", dataset.short_name(), dataset.shape_text(),
                                   dataset.type_text);
    if (!dataset.axes.empty()) {
        text += fmt::format("  axes {}", fmt::join(dataset.axes, ", "));
    }
    if (dataset.column_major()) {
        text += "  column-major";
    }
    if (!dataset.meaning.empty()) {
        text += "  (" + dataset.meaning + ")";
    }
    if (!dataset.readable()) {
        text += "  (cannot be read: " + dataset.obstacle + ")";
    }
    text += "\n";
    if (!dataset.wavelengths.empty()) {
        text += fmt::format("    wavelengths {:.6g} to {:.6g} {}\n", dataset.wavelengths.front(),
                            dataset.wavelengths.back(), dataset.wavelength_unit);
    }
    text += describe_lengths(dataset);
    if (dataset.scaled()) {
        text += fmt::format("    values are {:.6g} * stored number + {:.6g}\n", dataset.slope,
                            dataset.intercept);
    }
    if (!dataset.remark.empty()) {
        text += "    " + dataset.remark + "\n";
    }
    for (const auto& [name, value] : dataset.attributes) {
        text += fmt::format("    {} = {}\n", name, value);
    }
    return text;
}

// Lists of entries are read whole: extents, first position and duplicates are known only then.
std::string describe_list(const Communicator& communicator, const std::string& path) {
    CoordinateFile file;
    agree(communicator, [&] { file = inspect_coordinates(path); });
    auto read = read_coordinates<double>(file, {}, communicator);
    const Extents shape = read.shape;
    const Assembly<double> assembly =
        assemble(communicator, "entries", shape, std::move(read.entries));
    const Summary values = summary(assembly.tensor);
    const Extents empty = empty_slices(assembly.tensor);
    std::string text = fmt::format(
        "{}: {}\n  {}, order {}; {} entries from {:.6g} to {:.6g}; positions begin at {}; {} "
        "duplicates; empty slices {}\n",
        path, file.format, shape.to_string(), shape.order(), read.entry_count, values.minimum,
        values.maximum, fmt::join(read.index_base, ", "), assembly.report.duplicates,
        fmt::join(empty.to_vector(), ", "));
    if (!file.column_names.empty()) {
        text += fmt::format("  columns {}\n", fmt::join(file.column_names, ", "));
    }
    for (const std::string& remark : read.remarks) {
        text += "  " + remark + "\n";
    }
    return text;
}

}  // namespace

ExitCode info_command(const Communicator& communicator, const std::string& path) {
    bool is_list = false;
    agree(communicator, [&] { is_list = looks_like_coordinates(path); });
    if (is_list) {
        print(communicator, describe_list(communicator, path));
        return ExitCode::done;
    }
    std::string text;
    agree(communicator, [&] {
        if (communicator.rank() != 0) {
            return;
        }
        const std::vector<DatasetInfo> datasets = list_datasets(split_location(path).path);
        text =
            path + (datasets.empty() ? ": holds no array" : ": " + datasets.front().format) + "\n";
        for (const DatasetInfo& dataset : datasets) {
            text += describe(dataset);
        }
    });
    print(communicator, text);
    return ExitCode::done;
}

}  // namespace tessera
