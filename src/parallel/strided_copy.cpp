#include "tessera/parallel/strided_copy.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

namespace tessera {
namespace {

using ExecutionSpace = Kokkos::DefaultExecutionSpace;
using Items = Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<Index>>;

// A CPU thread copies long runs; on a GPU neighbouring threads take neighbouring entries instead.
constexpr bool runs_on_host =
    Kokkos::SpaceAccessibility<ExecutionSpace, Kokkos::HostSpace>::accessible;
constexpr Index entries_per_item = runs_on_host ? 4096 : 1;
constexpr Index tile_width = runs_on_host ? 32 : 1;

constexpr Index ceiling(Index a, Index b) { return (a + b - 1) / b; }

/// The same copy with as few modes as possible, the target's fastest mode last.
StridedCopy simplified(const StridedCopy& copy) {
    std::array<int, max_order> modes{};
    std::iota(modes.begin(), modes.end(), 0);
    const auto used = std::remove_if(modes.begin(), modes.begin() + copy.shape.order(),
                                     [&](int mode) { return copy.shape[mode] == 1; });
    std::stable_sort(modes.begin(), used,
                     [&](int a, int b) { return copy.target_strides[a] > copy.target_strides[b]; });
    std::vector<Index> shape;
    std::vector<Index> source;
    std::vector<Index> target;
    for (auto mode = modes.begin(); mode != used; ++mode) {
        const Index count = copy.shape[*mode];
        const Index source_stride = copy.source_strides[*mode];
        const Index target_stride = copy.target_strides[*mode];
        const bool continues = !shape.empty() && source.back() == count * source_stride &&
                               target.back() == count * target_stride;
        if (continues) {
            shape.back() *= count;
            source.back() = source_stride;
            target.back() = target_stride;
        } else {
            shape.push_back(count);
            source.push_back(source_stride);
            target.push_back(target_stride);
        }
    }
    if (shape.empty()) {  // a single entry
        shape = source = target = {1};
    }
    return {Extents(shape), Extents(source), Extents(target), copy.source_offset,
            copy.target_offset};
}

/// Offset of a position in the source or the target of a copy.
KOKKOS_INLINE_FUNCTION Index offset_at(const Extents& position, const Extents& strides) {
    Index offset = 0;
    for (int mode = 0; mode < position.order(); ++mode) {
        offset += position[mode] * strides[mode];
    }
    return offset;
}

/// The next position in row-major order.
KOKKOS_INLINE_FUNCTION void advance(Extents& position, const Extents& shape) {
    for (int mode = shape.order() - 1; mode >= 0; --mode) {
        if (++position[mode] < shape[mode]) {
            return;
        }
        position[mode] = 0;
    }
}

Extents without_mode(const Extents& extents, int mode) {
    std::vector<Index> values = extents.to_vector();
    values.erase(values.begin() + mode);
    return Extents(values);
}

/// Rows of the last mode. An item is several short rows or a piece of a long one.
template <typename T>
void copy_rows(const T* source, T* target, const StridedCopy& copy) {
    const int last = copy.shape.order() - 1;
    const Index length = copy.shape[last];
    const Index source_step = copy.source_strides[last];
    const Index target_step = copy.target_strides[last];
    const Extents outer = without_mode(copy.shape, last);
    const Extents outer_source = without_mode(copy.source_strides, last);
    const Extents outer_target = without_mode(copy.target_strides, last);
    const Index rows = outer.product();
    const Index rows_per_item = std::max(Index{1}, entries_per_item / length);
    const Index pieces = ceiling(length, entries_per_item);
    Kokkos::parallel_for(
        "tessera::copy_rows", Items(0, ceiling(rows, rows_per_item) * pieces),
        KOKKOS_LAMBDA(const Index item) {
            const Index first_row = item / pieces * rows_per_item;
            const Index begin = item % pieces * entries_per_item;
            const Index end = Kokkos::min(begin + entries_per_item, length);
            const Index last_row = Kokkos::min(first_row + rows_per_item, rows);
            Extents position = row_major_position(first_row, outer);
            for (Index row = first_row; row < last_row; ++row) {
                const T* from = source + offset_at(position, outer_source);
                T* to = target + offset_at(position, outer_target);
                if (source_step == 1 && target_step == 1) {
                    for (Index i = begin; i < end; ++i) {
                        to[i] = from[i];
                    }
                } else {
                    for (Index i = begin; i < end; ++i) {
                        to[i * target_step] = from[i * source_step];
                    }
                }
                advance(position, outer);
            }
        });
}

/// Transposition: square tiles of the source's fastest mode `across` and the target's, the last
/// one.
template <typename T>
void copy_tiles(const T* source, T* target, const StridedCopy& copy, int across) {
    const int last = copy.shape.order() - 1;
    const Index width = copy.shape[last];
    const Index height = copy.shape[across];
    const Index source_step = copy.source_strides[last];
    const Index target_step = copy.target_strides[last];
    const Index source_across = copy.source_strides[across];
    const Index target_across = copy.target_strides[across];
    const auto outer_modes = [&](const Extents& e) {
        return without_mode(without_mode(e, last), across);
    };
    const Extents outer = outer_modes(copy.shape);
    const Extents outer_source = outer_modes(copy.source_strides);
    const Extents outer_target = outer_modes(copy.target_strides);
    const Index wide = ceiling(width, tile_width);
    const Index high = ceiling(height, tile_width);
    Kokkos::parallel_for(
        "tessera::copy_tiles", Items(0, outer.product() * high * wide),
        KOKKOS_LAMBDA(const Index item) {
            const Index left = item % wide * tile_width;
            const Index right = Kokkos::min(left + tile_width, width);
            const Index top = item / wide % high * tile_width;
            const Index bottom = Kokkos::min(top + tile_width, height);
            const Extents position = row_major_position(item / (wide * high), outer);
            const T* from = source + offset_at(position, outer_source);
            T* to = target + offset_at(position, outer_target);
            for (Index j = top; j < bottom; ++j) {
                for (Index i = left; i < right; ++i) {
                    to[i * target_step + j * target_across] =
                        from[i * source_step + j * source_across];
                }
            }
        });
}

}  // namespace

Extents row_major_strides(const Extents& shape) {
    Extents strides = shape;
    for (int mode = 0; mode < shape.order(); ++mode) {
        strides[mode] = shape.product(mode + 1, shape.order());
    }
    return strides;
}

StridedCopy box_copy(const Box& source_box, const Box& target_box, const Box& common) {
    const Extents source_strides = row_major_strides(source_box.shape());
    const Extents target_strides = row_major_strides(target_box.shape());
    StridedCopy copy{common.shape(), source_strides, target_strides, 0, 0};
    for (int mode = 0; mode < common.begin.order(); ++mode) {
        copy.source_offset += (common.begin[mode] - source_box.begin[mode]) * source_strides[mode];
        copy.target_offset += (common.begin[mode] - target_box.begin[mode]) * target_strides[mode];
    }
    return copy;
}

template <typename T>
void strided_copy(const T* source, T* target, const StridedCopy& copy) {
    if (copy.shape.product() == 0) {
        return;
    }
    const StridedCopy plan = simplified(copy);
    const std::vector<Index> source_strides = plan.source_strides.to_vector();
    const auto fastest = std::min_element(source_strides.begin(), source_strides.end());
    const auto across = static_cast<int>(fastest - source_strides.begin());
    if (across == plan.shape.order() - 1) {
        copy_rows(source + plan.source_offset, target + plan.target_offset, plan);
    } else {
        copy_tiles(source + plan.source_offset, target + plan.target_offset, plan, across);
    }
}

template void strided_copy(const float*, float*, const StridedCopy&);
template void strided_copy(const double*, double*, const StridedCopy&);
template void strided_copy(const std::uint8_t*, std::uint8_t*, const StridedCopy&);

}  // namespace tessera
