#include "scatter_piece.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>
#include <vector>

namespace tessera {

namespace {

using HostExecution = Kokkos::DefaultHostExecutionSpace;
using HostRange = Kokkos::RangePolicy<HostExecution, Kokkos::IndexType<Index>>;

/// Side of the tiles in which a transposition walks, so that both sides stay in cache lines.
constexpr Index tile_side = 32;
/// Entries of a line that one thread copies at once.
constexpr Index line_side = 16384;

template <typename Source>
bool fits_in_byte(Source value) {
    if constexpr (std::is_floating_point_v<Source>) {
        return value >= 0 && value <= 255 && value == std::floor(value);
    } else {
        return std::cmp_greater_equal(value, 0) && std::cmp_less_equal(value, 255);
    }
}

template <typename Source>
void check_bytes(const Source* source, Index count, const std::string& name) {
    Index bad = 0;
    Kokkos::parallel_reduce(
        "tessera::read::check_mask", HostRange(0, count),
        [=](Index i, Index& sum) { sum += fits_in_byte(source[i]) ? 0 : 1; }, bad);
    if (bad > 0) {
        const Source* first =
            std::find_if_not(source, source + count, [](Source v) { return fits_in_byte(v); });
        throw IoError(name + " cannot serve as a mask: it holds " + std::to_string(*first) +
                      ", expected whole numbers from 0 to 255");
    }
}

/// The axes of a piece with their distances in the target, without those of length 1, and with
/// neighbours joined that lie behind each other in the target too.
struct Walk {
    Extents shape;
    Extents target_stride;
};

Walk joined_axes(const Box& piece, const StorageTarget& place) {
    const Extents whole = piece.shape();
    std::vector<Index> shape;
    std::vector<Index> stride;
    for (int mode = 0; mode < whole.order(); ++mode) {
        if (whole[mode] == 1) {
            continue;
        }
        if (!shape.empty() && stride.back() == place.stride[mode] * whole[mode]) {
            shape.back() *= whole[mode];
            stride.back() = place.stride[mode];
        } else {
            shape.push_back(whole[mode]);
            stride.push_back(place.stride[mode]);
        }
    }
    if (shape.empty()) {
        return {{1}, {1}};
    }
    return {Extents(shape), Extents(stride)};
}

/// Copies without binning. The loop over tiles is shared out; within one, the source runs along its
/// own fastest axis and the target along its own.
template <typename Source, typename T>
void copy_piece(const Source* source, const Box& piece, const StorageTarget& place, T* target) {
    const auto [shape, target_stride] = joined_axes(piece, place);
    const int order = shape.order();
    const int source_fastest = order - 1;
    int target_fastest = source_fastest;
    Extents source_stride = shape;
    Index stride = 1;
    for (int mode = order - 1; mode >= 0; --mode) {
        source_stride[mode] = stride;
        stride *= shape[mode];
        if (target_stride[mode] < target_stride[target_fastest]) {
            target_fastest = mode;
        }
    }
    for (int mode = 0; mode < piece.begin.order(); ++mode) {
        target += (piece.begin[mode] - place.box.begin[mode]) * place.stride[mode];
    }

    // Without a transposition whole lines are copied.
    const bool transposed = target_fastest != source_fastest;
    const Index rows = transposed ? shape[target_fastest] : 1;
    const Index columns = shape[source_fastest];
    const Index column_side = transposed ? tile_side : line_side;
    Extents outer = shape;
    outer[target_fastest] = (rows + tile_side - 1) / tile_side;
    outer[source_fastest] = (columns + column_side - 1) / column_side;
    const Index source_row = source_stride[target_fastest];
    const Index target_row = target_stride[target_fastest];
    const Index target_column = target_stride[source_fastest];

    Kokkos::parallel_for(
        "tessera::read::scatter", HostRange(0, outer.product()),
        [=, target_stride = target_stride](Index item) {
            Extents position = row_major_position(item, outer);
            const Index row_begin = transposed ? position[target_fastest] * tile_side : 0;
            const Index row_end = std::min(rows, row_begin + tile_side);
            const Index column_begin = position[source_fastest] * column_side;
            const Index column_end = std::min(columns, column_begin + column_side);
            position[target_fastest] = 0;
            position[source_fastest] = 0;
            Index from = 0;
            Index to = 0;
            for (int mode = 0; mode < order; ++mode) {
                from += position[mode] * source_stride[mode];
                to += position[mode] * target_stride[mode];
            }
            if (!transposed) {
                for (Index column = column_begin; column < column_end; ++column) {
                    target[to + column * target_column] = static_cast<T>(source[from + column]);
                }
                return;
            }
            for (Index column = column_begin; column < column_end; ++column) {
                for (Index row = row_begin; row < row_end; ++row) {
                    target[to + row * target_row + column * target_column] =
                        static_cast<T>(source[from + row * source_row + column]);
                }
            }
        });
}

/// Adds up the entries of each bin one after the other in the file's order, so that the rounding
/// does not depend on where pieces and blocks were cut.
template <typename Source, typename T>
void add_piece(const Source* source, const Box& piece, const StorageTarget& place, T* target) {
    const int order = piece.begin.order();
    const Extents shape = piece.shape();
    Box bins = piece;
    for (int mode = 0; mode < order; ++mode) {
        const Index bin = place.bin[mode];
        bins.begin[mode] = (piece.begin[mode] - place.box.begin[mode]) / bin;
        bins.end[mode] = (piece.end[mode] - place.box.begin[mode] + bin - 1) / bin;
    }
    const StorageTarget to = place;
    Kokkos::parallel_for("tessera::read::bin", HostRange(0, bins.size()), [=](Index item) {
        const Extents bin = row_major_position(item, bins.shape());
        Box members = piece;
        Index offset = 0;
        for (int mode = 0; mode < order; ++mode) {
            const Index position = bins.begin[mode] + bin[mode];
            const Index begin = to.box.begin[mode] + position * to.bin[mode];
            members.begin[mode] = std::max(piece.begin[mode], begin);
            members.end[mode] = std::min(piece.end[mode], begin + to.bin[mode]);
            offset += position * to.stride[mode];
        }
        const Extents members_shape = members.shape();
        T sum = target[offset];
        for (Index i = 0; i < members.size(); ++i) {
            Extents position = row_major_position(i, members_shape);
            for (int mode = 0; mode < order; ++mode) {
                position[mode] += members.begin[mode] - piece.begin[mode];
            }
            sum += static_cast<T>(source[row_major_offset(position, shape)]);
        }
        target[offset] = sum;
    });
}

}  // namespace

template <typename T>
void scatter_piece(const std::byte* entries, NumberType type, const Box& piece,
                   const StorageTarget& place, const HostView<T>& target, const std::string& name) {
    with_type(type, [&](auto zero) {
        using Source = decltype(zero);
        const auto* source = reinterpret_cast<const Source*>(entries);
        if constexpr (std::is_same_v<T, std::uint8_t>) {
            check_bytes(source, piece.size(), name);
        }
        if (place.bin.product() == 1) {
            copy_piece(source, piece, place, target.data());
        } else {
            add_piece(source, piece, place, target.data());
        }
    });
    Kokkos::fence("tessera::read::scatter");
}

#define TESSERA_INSTANTIATE(T)                                                                     \
    template void scatter_piece<T>(const std::byte*, NumberType, const Box&, const StorageTarget&, \
                                   const HostView<T>&, const std::string&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
TESSERA_INSTANTIATE(std::uint8_t)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
