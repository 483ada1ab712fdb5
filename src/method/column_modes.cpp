#include "tessera/method/column_modes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "tessera/base/error.hpp"

namespace tessera {
namespace {

std::vector<bool> marked_columns(const std::vector<std::string>& axes,
                                 const std::vector<std::string>& names) {
    std::vector<bool> is_column(axes.size(), false);
    if (names.empty()) {
        const auto bands = std::find(axes.begin(), axes.end(), "bands");
        const auto mode =
            bands == axes.end() ? axes.size() - 1 : static_cast<std::size_t>(bands - axes.begin());
        is_column[mode] = true;
        return is_column;
    }
    for (const std::string& name : names) {
        const auto found = std::find(axes.begin(), axes.end(), name);
        if (found == axes.end()) {
            throw UsageError(
                fmt::format("method.columns: \"{}\" is no axis of the data; its axes are {}", name,
                            fmt::join(axes, ", ")));
        }
        const auto mode = static_cast<std::size_t>(found - axes.begin());
        if (is_column[mode]) {
            throw UsageError(fmt::format("method.columns: \"{}\" is named twice", name));
        }
        is_column[mode] = true;
    }
    if (std::find(is_column.begin(), is_column.end(), false) == is_column.end()) {
        throw UsageError("method.columns: at least one axis must be left for the rows");
    }
    return is_column;
}

}  // namespace

bool ColumnModes::permuted() const { return !std::is_sorted(mode_order.begin(), mode_order.end()); }

std::vector<bool> ColumnModes::row_modes() const {
    std::vector<bool> rows(mode_order.size(), true);
    std::fill(rows.begin() + first, rows.begin() + last, false);
    return rows;
}

ColumnModes choose_column_modes(const Extents& shape, const std::vector<std::string>& axes,
                                const std::vector<std::string>& names) {
    if (shape.order() == 1) {
        throw UsageError("a matrix needs a tensor of order 2 or more; this one has order 1");
    }
    std::vector<bool> is_column = marked_columns(axes, names);
    Index columns = 1;
    Index rows = 1;
    for (int mode = 0; mode < shape.order(); ++mode) {
        (is_column[static_cast<std::size_t>(mode)] ? columns : rows) *= shape[mode];
    }
    if (columns > rows) {
        is_column.flip();
    }
    ColumnModes chosen;
    chosen.mode_order.resize(axes.size());
    std::iota(chosen.mode_order.begin(), chosen.mode_order.end(), 0);
    const auto is_row = [&](int mode) { return !is_column[static_cast<std::size_t>(mode)]; };
    const auto first = std::find(is_column.begin(), is_column.end(), true);
    const auto after = std::find(first, is_column.end(), false);
    if (std::find(after, is_column.end(), true) != is_column.end()) {
        // Not consecutive: the columns go last.
        std::stable_partition(chosen.mode_order.begin(), chosen.mode_order.end(), is_row);
        const auto count = std::count(is_column.begin(), is_column.end(), true);
        chosen.last = shape.order();
        chosen.first = chosen.last - static_cast<int>(count);
        return chosen;
    }
    chosen.first = static_cast<int>(first - is_column.begin());
    chosen.last = static_cast<int>(after - is_column.begin());
    return chosen;
}

}  // namespace tessera
