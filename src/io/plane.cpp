#include "tessera/io/plane.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>

#include "tessera/base/error.hpp"

namespace tessera {
namespace {

template <typename T>
struct Value {
    DeviceView<const T> block;
    KOKKOS_INLINE_FUNCTION double operator()(Index offset) const {
        return static_cast<double>(block(offset));
    }
};

template <typename T>
struct AbsoluteDifference {
    DeviceView<const T> a;
    DeviceView<const T> b;
    KOKKOS_INLINE_FUNCTION double operator()(Index offset) const {
        return Kokkos::abs(static_cast<double>(a(offset)) - static_cast<double>(b(offset)));
    }
};

/// One direction of the plane (or the mode that is averaged over) on this rank: the owned positions
/// and their distance in the block.
struct Direction {
    Index begin = 0;
    Index end = 1;
    Index stride = 0;
    Index extent = 1;  ///< of the whole tensor
};

template <typename T>
Direction direction_of(const DenseTensor<T>& tensor, int mode) {
    if (mode < 0) {
        return {};
    }
    return {tensor.box().begin[mode], tensor.box().end[mode],
            tensor.block_shape().product(mode + 1, tensor.order()), tensor.shape()[mode]};
}

/// What a rank adds to the pixels that it has entries of.
struct PlaneSums {
    Direction rows;
    Direction columns;
    Direction averaged;
    Index first = 0;  ///< offset in the block of position (0, 0) of the plane, were it owned
    Index reduction = 1;
    Index pixel_columns = 1;
};

template <typename Source>
void add_pixels(const PlaneSums& sums, const Source& source, const DeviceView<double>& pixels) {
    const Index f = sums.reduction;
    const Index row_begin = sums.rows.begin / f;
    const Index column_begin = sums.columns.begin / f;
    const Index pixel_rows = (sums.rows.end + f - 1) / f - row_begin;
    const Index pixel_columns = (sums.columns.end + f - 1) / f - column_begin;
    Kokkos::parallel_for(
        "tessera::io::plane",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>(
            0, pixel_rows * pixel_columns),
        KOKKOS_LAMBDA(const Index which) {
            const Index pixel_row = row_begin + which / pixel_columns;
            const Index pixel_column = column_begin + which % pixel_columns;
            const Index row_end = Kokkos::min(sums.rows.end, (pixel_row + 1) * f);
            const Index column_end = Kokkos::min(sums.columns.end, (pixel_column + 1) * f);
            double sum = 0.0;
            for (Index r = Kokkos::max(sums.rows.begin, pixel_row * f); r < row_end; ++r) {
                for (Index c = Kokkos::max(sums.columns.begin, pixel_column * f); c < column_end;
                     ++c) {
                    for (Index m = sums.averaged.begin; m < sums.averaged.end; ++m) {
                        sum += source(sums.first + r * sums.rows.stride + c * sums.columns.stride +
                                      m * sums.averaged.stride);
                    }
                }
            }
            pixels(pixel_row * sums.pixel_columns + pixel_column) = sum;
        });
}

/// The averaged mode is -1 for none.
template <typename T, typename Source>
Plane gather(const DenseTensor<T>& tensor, const PlaneChoice& choice, int averaged_mode,
             const Source& source) {
    PlaneSums sums;
    sums.rows = direction_of(tensor, choice.row_mode);
    sums.columns = direction_of(tensor, choice.column_mode);
    sums.averaged = direction_of(tensor, averaged_mode);
    const Index longest = std::max(sums.rows.extent, sums.columns.extent);
    sums.reduction = (longest + largest_plane_side - 1) / largest_plane_side;

    // Positions count from the tensor's begin, so the block's begin is taken off.
    bool owned = tensor.box().size() > 0;
    for (int mode = 0; mode < tensor.order(); ++mode) {
        const Index stride = tensor.block_shape().product(mode + 1, tensor.order());
        const bool runs =
            mode == choice.row_mode || mode == choice.column_mode || mode == averaged_mode;
        const Index at = runs ? 0 : choice.at[mode];
        owned = owned && (runs || (at >= tensor.box().begin[mode] && at < tensor.box().end[mode]));
        sums.first += (at - tensor.box().begin[mode]) * stride;
    }

    Plane plane;
    plane.reduction = sums.reduction;
    plane.rows = (sums.rows.extent + sums.reduction - 1) / sums.reduction;
    plane.columns = (sums.columns.extent + sums.reduction - 1) / sums.reduction;
    sums.pixel_columns = plane.columns;
    const DeviceView<double> pixels("plane", static_cast<std::size_t>(plane.rows * plane.columns));
    if (owned) {
        add_pixels(sums, source, pixels);
    }
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, pixels);
    tensor.communicator().sum_in_place(host.data(), plane.rows * plane.columns);
    if (tensor.communicator().rank() != 0) {
        return plane;
    }
    const Index f = sums.reduction;
    plane.values.resize(host.size());
    for (Index row = 0; row < plane.rows; ++row) {
        const Index high = std::min(f, sums.rows.extent - row * f);
        for (Index column = 0; column < plane.columns; ++column) {
            const Index wide = std::min(f, sums.columns.extent - column * f);
            const Index pixel = row * plane.columns + column;
            plane.values[static_cast<std::size_t>(pixel)] = static_cast<float>(
                host(pixel) / static_cast<double>(high * wide * sums.averaged.extent));
        }
    }
    return plane;
}

}  // namespace

template <typename T>
Plane gather_plane(const DenseTensor<T>& tensor, const PlaneChoice& choice) {
    return gather(tensor, choice, -1, Value<T>{tensor.block()});
}

template <typename T>
Plane gather_error_plane(const DenseTensor<T>& a, const DenseTensor<T>& b,
                         const PlaneChoice& choice) {
    TESSERA_ASSERT(a.partition() == b.partition(), "an error is of tensors of one partition");
    return gather(a, choice, -1, AbsoluteDifference<T>{a.block(), b.block()});
}

template <typename T>
Plane gather_mean_error_plane(const DenseTensor<T>& a, const DenseTensor<T>& b,
                              const PlaneChoice& choice, int mode) {
    TESSERA_ASSERT(a.partition() == b.partition(), "an error is of tensors of one partition");
    return gather(a, choice, mode, AbsoluteDifference<T>{a.block(), b.block()});
}

#define TESSERA_INSTANTIATE(T)                                                              \
    template Plane gather_plane<T>(const DenseTensor<T>&, const PlaneChoice&);              \
    template Plane gather_error_plane<T>(const DenseTensor<T>&, const DenseTensor<T>&,      \
                                         const PlaneChoice&);                               \
    template Plane gather_mean_error_plane<T>(const DenseTensor<T>&, const DenseTensor<T>&, \
                                              const PlaneChoice&, int);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
