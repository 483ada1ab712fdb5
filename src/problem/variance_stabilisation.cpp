#include "tessera/problem/variance_stabilisation.hpp"

#include "entry_kernel.hpp"

namespace tessera {

template <typename T>
void VarianceStabilisation::forward(const DenseTensor<T>& tensor) const {
    const DeviceView<T> block = tensor.block();
    const double counts_per_value = peak;
    const double offset = 0.375 + readout * readout;
    Kokkos::parallel_for(
        "tessera::stabilise_variance", Kokkos::RangePolicy<>(0, block.size()),
        KOKKOS_LAMBDA(std::size_t i) {
            const double lifted = counts_per_value * static_cast<double>(block(i)) + offset;
            block(i) = static_cast<T>(2.0 * Kokkos::sqrt(Kokkos::fmax(lifted, 0.0)));
        });
    Kokkos::fence("tessera::stabilise_variance");
}

template <typename T>
void VarianceStabilisation::inverse(const DenseTensor<T>& tensor) const {
    const DeviceView<T> block = tensor.block();
    const double counts_per_value = peak;
    const double variance = readout * readout;
    Kokkos::parallel_for(
        "tessera::unstabilise_variance", Kokkos::RangePolicy<>(0, block.size()),
        KOKKOS_LAMBDA(std::size_t i) {
            // The closed form has its zero at sqrt(3/2) without readout noise, above it with, and
            // no meaning below, where it grows again.
            constexpr double root = 1.2247448713915890491;  // sqrt(3/2) = 2 sqrt(3/8)
            const auto d = static_cast<double>(block(i));
            const double inverse_d = 1.0 / d;
            const double counts =
                0.25 * d * d - 0.125 - variance +
                inverse_d * (0.25 * root + inverse_d * (-1.375 + inverse_d * 0.625 * root));
            block(i) =
                static_cast<T>(d > root ? Kokkos::fmax(counts, 0.0) / counts_per_value : 0.0);
        });
    Kokkos::fence("tessera::unstabilise_variance");
}

template void VarianceStabilisation::forward(const DenseTensor<float>&) const;
template void VarianceStabilisation::forward(const DenseTensor<double>&) const;
template void VarianceStabilisation::inverse(const DenseTensor<float>&) const;
template void VarianceStabilisation::inverse(const DenseTensor<double>&) const;

}  // namespace tessera
