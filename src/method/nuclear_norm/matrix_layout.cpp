#include "tessera/method/nuclear_norm/matrix_layout.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tessera/base/error.hpp"
#include "tessera/method/column_modes.hpp"

namespace tessera {
namespace {

// One number per mode of an option; 0 and an empty list stand for `otherwise`.
Extents per_mode(const char* name, const std::vector<Index>& given, const Extents& otherwise) {
    if (given.empty()) {
        return otherwise;
    }
    if (static_cast<int>(given.size()) != otherwise.order()) {
        throw UsageError(
            fmt::format("method.{} has {} numbers, but the tensor has {} axes: give "
                        "one per axis",
                        name, given.size(), otherwise.order()));
    }
    Extents result = otherwise;
    for (int mode = 0; mode < result.order(); ++mode) {
        const Index value = given[static_cast<std::size_t>(mode)];
        result[mode] = value > 0 ? value : otherwise[mode];
    }
    return result;
}

}  // namespace

MatrixLayout::MatrixLayout(const Extents& shape, const std::vector<std::string>& axes,
                           const NuclearNormOptions& options)
    : shape_(shape),
      patch_(per_mode("patch", options.patch, shape)),
      stride_(per_mode("stride", options.stride, patch_)),
      counts_(shape) {
    for (int mode = 0; mode < shape.order(); ++mode) {
        const std::string& axis = axes[static_cast<std::size_t>(mode)];
        if (patch_[mode] > shape[mode]) {
            throw UsageError(fmt::format(
                "method.patch is {} along {}, which has {} entries only: give at most that",
                patch_[mode], axis, shape[mode]));
        }
        if (stride_[mode] > patch_[mode]) {
            throw UsageError(fmt::format(
                "method.stride is {} along {}, where a patch has {} entries: entries between "
                "patches would belong to none",
                stride_[mode], axis, patch_[mode]));
        }
        counts_[mode] = 1 + (shape[mode] - patch_[mode] + stride_[mode] - 1) / stride_[mode];
    }
    const ColumnModes modes = choose_column_modes(patch_, axes, options.columns);
    const auto first = modes.mode_order.begin() + modes.first;
    const auto last = modes.mode_order.begin() + modes.last;
    order_.assign(modes.mode_order.begin(), first);
    order_.insert(order_.end(), last, modes.mode_order.end());
    order_.insert(order_.end(), first, last);
    columns_ = 1;
    std::for_each(first, last, [&](int mode) { columns_ *= patch_[mode]; });
    // A first mode with one slice could not be shared out.
    std::stable_partition(order_.begin(), order_.end() - (modes.last - modes.first),
                          [&](int mode) { return patch_[mode] > 1; });
}

Box MatrixLayout::box(Index matrix) const {
    const Extents number = row_major_position(matrix, counts_);
    Box box{number, number};
    for (int mode = 0; mode < shape_.order(); ++mode) {
        box.begin[mode] = std::min(number[mode] * stride_[mode], shape_[mode] - patch_[mode]);
        box.end[mode] = box.begin[mode] + patch_[mode];
    }
    return box;
}

Range MatrixLayout::part_rows(int parts, int part) const {
    const Index slices = patch_[order_.front()];
    const Index rows_per_slice = rows() / slices;
    const Range range = block_range(slices, parts, part);
    return {range.begin * rows_per_slice, range.end * rows_per_slice};
}

Box MatrixLayout::part_box(Index matrix, int parts, int part) const {
    Box result = box(matrix);
    const int mode = order_.front();
    const Range range = block_range(patch_[mode], parts, part);
    result.end[mode] = result.begin[mode] + range.end;
    result.begin[mode] += range.begin;
    return result;
}

MatrixLayout::Unfolding MatrixLayout::unfolding(int parts, int part) const {
    Unfolding result;
    result.box_shape = part_box(0, parts, part).shape();
    std::copy(order_.begin(), order_.end(), result.order);
    return result;
}

}  // namespace tessera
