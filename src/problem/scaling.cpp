#include "tessera/problem/scaling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "entry_kernel.hpp"
#include "tessera/base/error.hpp"
#include "tessera/tensor/unfolding.hpp"

namespace tessera {
namespace detail {

struct Extrema {
    std::vector<double> minimum;  ///< infinity where nothing was observed
    std::vector<double> maximum;
};

/// Extrema of the observed entries of every slice of `mode` (of the whole tensor for mode -1), the
/// same on all ranks. Pieces of the block go to work items, each with extrema of its own.
template <typename T>
Extrema slice_extrema(const DenseTensor<T>& tensor, const std::optional<Mask>& mask, int mode) {
    constexpr double none = std::numeric_limits<double>::infinity();
    const Extents local = tensor.block_shape();
    const Index middle = mode < 0 ? 1 : local[mode];
    const Index right = mode < 0 ? local.product() : local.product(mode + 1, local.order());
    const Index size = local.product();
    const Index items = std::clamp<Index>(size / (8 * std::max<Index>(middle, 1)), 1,
                                          Kokkos::DefaultExecutionSpace().concurrency());
    const Index own = std::max<Index>(middle, 0);
    DeviceView<double> low = allocate<double>("tessera::slice_minima", items * own);
    DeviceView<double> high = allocate<double>("tessera::slice_maxima", items * own);
    const DeviceView<T> block = tensor.block();
    const bool masked = mask.has_value();
    const DeviceView<std::uint8_t> observed = masked ? mask->block() : DeviceView<std::uint8_t>();
    using Policy = Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>;
    Kokkos::parallel_for(
        "tessera::slice_extrema", Policy(0, items), KOKKOS_LAMBDA(Index item) {
            double* minimum = low.data() + item * own;
            double* maximum = high.data() + item * own;
            for (Index slice = 0; slice < own; ++slice) {
                minimum[slice] = none;
                maximum[slice] = -none;
            }
            for (Index i = size * item / items; i < size * (item + 1) / items; ++i) {
                if (!masked || observed(i) != 0) {
                    const Index slice = (i / right) % middle;
                    const auto value = static_cast<double>(block(i));
                    minimum[slice] = value < minimum[slice] ? value : minimum[slice];
                    maximum[slice] = value > maximum[slice] ? value : maximum[slice];
                }
            }
        });

    const auto low_host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), low);
    const auto high_host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), high);
    const Index slices = mode < 0 ? 1 : tensor.shape()[mode];
    const Index first = mode < 0 ? 0 : tensor.box().begin[mode];
    Extrema result{std::vector<double>(static_cast<std::size_t>(slices), none),
                   std::vector<double>(static_cast<std::size_t>(slices), -none)};
    for (Index i = 0; i < items * own; ++i) {
        const auto slice = static_cast<std::size_t>(first + i % own);
        const auto at = static_cast<std::size_t>(i);
        result.minimum[slice] = std::min(result.minimum[slice], low_host(at));
        result.maximum[slice] = std::max(result.maximum[slice], high_host(at));
    }
    tensor.communicator().min_in_place(result.minimum.data(), slices);
    tensor.communicator().max_in_place(result.maximum.data(), slices);
    return result;
}

/// Replaces every observed entry by `map(entry, offset, factor)` with those of its slice.
template <typename T, typename Map>
void map_slices(const std::string& name, const Scaling& scaling, const DenseTensor<T>& tensor,
                const std::optional<Mask>& mask, const Map& map) {
    if (scaling.factor.empty()) {
        return;
    }
    const DeviceView<double> offset = to_device("tessera::scaling_offset", scaling.offset);
    const DeviceView<double> factor = to_device("tessera::scaling_factor", scaling.factor);
    const int mode = scaling.factor.size() > 1 ? scaling.mode : -1;
    const EntryLocator locate{tensor.box(), tensor.block_shape(), tensor.shape()};
    const DeviceView<T> block = tensor.block();
    const bool masked = mask.has_value();
    const DeviceView<std::uint8_t> observed = masked ? mask->block() : DeviceView<std::uint8_t>();
    Kokkos::parallel_for(
        "tessera::" + name, Kokkos::RangePolicy<>(0, block.size()), KOKKOS_LAMBDA(std::size_t i) {
            if (!masked || observed(i) != 0) {
                const Index slice = mode < 0 ? 0 : locate(static_cast<Index>(i)).position[mode];
                block(i) = static_cast<T>(
                    map(static_cast<double>(block(i)), offset(slice), factor(slice)));
            }
        });
    Kokkos::fence("tessera::" + name);
}

}  // namespace detail

template <typename T>
Scaling Scaling::fit(ScalingKind kind, const DenseTensor<T>& tensor, int band_mode,
                     const std::optional<Mask>& mask) {
    Scaling scaling;
    scaling.kind = kind;
    if (kind == ScalingKind::none) {
        return scaling;
    }
    if (kind == ScalingKind::band_min_max) {
        if (band_mode < 0 || band_mode >= tensor.order()) {
            throw UsageError(
                "data.scale = \"band-min-max\": the tensor has no mode of bands: expected an axis "
                "named \"bands\"");
        }
        scaling.mode = band_mode;
    }
    const detail::Extrema extrema = detail::slice_extrema(tensor, mask, scaling.mode);
    for (std::size_t slice = 0; slice < extrema.minimum.size(); ++slice) {
        const double low = extrema.minimum[slice];
        const double high = extrema.maximum[slice];
        if (kind == ScalingKind::maximum) {
            if (!(high > 0.0)) {
                throw UsageError("data.scale = \"max\": no value of the data is positive");
            }
            scaling.offset.push_back(0.0);
            scaling.factor.push_back(high);
        } else {
            scaling.offset.push_back(low <= high ? low : 0.0);
            scaling.factor.push_back(low < high ? high - low : 1.0);
        }
    }
    return scaling;
}

template <typename T>
void Scaling::apply(const DenseTensor<T>& tensor, const std::optional<Mask>& mask) const {
    detail::map_slices(
        "scale", *this, tensor, mask,
        KOKKOS_LAMBDA(double v, double shift, double unit) { return (v - shift) / unit; });
}

template <typename T>
void Scaling::undo(const DenseTensor<T>& tensor, const std::optional<Mask>& mask) const {
    detail::map_slices(
        "undo_scaling", *this, tensor, mask,
        KOKKOS_LAMBDA(double v, double shift, double unit) { return v * unit + shift; });
}

std::string Scaling::describe() const {
    switch (kind) {
        case ScalingKind::none:
            return "none";
        case ScalingKind::maximum:
            return fmt::format("max: v / {:.9g}", factor[0]);
        case ScalingKind::min_max:
            return fmt::format("min-max: (v - {:.9g}) / {:.9g}", offset[0], factor[0]);
        case ScalingKind::band_min_max: {
            const auto [least, most] = std::minmax_element(factor.begin(), factor.end());
            return fmt::format("band-min-max: {} bands, ranges {:.4g} to {:.4g}", factor.size(),
                               *least, *most);
        }
    }
    return {};
}

#define TESSERA_INSTANTIATE(T)                                                             \
    template Scaling Scaling::fit(ScalingKind, const DenseTensor<T>&, int,                 \
                                  const std::optional<Mask>&);                             \
    template void Scaling::apply(const DenseTensor<T>&, const std::optional<Mask>&) const; \
    template void Scaling::undo(const DenseTensor<T>&, const std::optional<Mask>&) const;
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
