#include "tessera/problem/validation_split.hpp"

#include <cmath>
#include <optional>

#include "entry_kernel.hpp"
#include "tessera/base/error.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/problem/binomial_sampling.hpp"
#include "tessera/tensor/reductions.hpp"

namespace tessera {
namespace detail {

// Streams of random numbers, away from those of the corruptions.
constexpr std::uint32_t thinning_stream = 0x53504C00U;
constexpr std::uint32_t normal_stream = thinning_stream + 1;

template <typename T>
void add_scaled_noise(const DenseTensor<T>& part, const NoiseModel& noise, double share,
                      std::uint64_t seed) {
    const double factor = std::sqrt((1.0 - share) / share);
    const int last = part.order() - 1;
    const int mode = noise.sigma.size() == 1 ? -1 : (noise.band_mode < 0 ? last : noise.band_mode);
    const DeviceView<double> levels = to_device("tessera::split_sigma", noise.sigma);
    const Random normal(seed, normal_stream);
    transform_entries(
        "split_gaussian", part, KOKKOS_LAMBDA(double x, const EntryPlace& place) {
            return x + factor * levels(band_of(place, mode)) * normal.normal(place.global);
        });
}

template <typename T>
void thin_counts(const DenseTensor<T>& part, const NoiseModel& noise, double share,
                 std::uint64_t seed) {
    const double peak = noise.peak;
    const double normal_level = noise.readout * std::sqrt(share * (1.0 - share));
    const Random thinning(seed, thinning_stream);
    const Random normal(seed, normal_stream);
    transform_entries(
        "split_counts", part, KOKKOS_LAMBDA(double x, const EntryPlace& place) {
            // Readout noise leaves fractions and negative numbers: these are shared out as they
            // are.
            const double count = peak * x;
            const double whole = count > 0.0 ? Kokkos::round(count) : 0.0;
            const double kept = sample_binomial(thinning, place.global, whole, share);
            const double read =
                normal_level > 0.0 ? normal_level * normal.normal(place.global) : 0.0;
            return (kept + share * (count - whole) + read) / (share * peak);
        });
}

}  // namespace detail

template <typename T>
DenseTensor<T> training_part(const DenseTensor<T>& observation, const NoiseModel& noise,
                             double share, std::uint64_t seed) {
    if (noise.kind == NoiseModel::Kind::unknown) {
        throw UsageError(
            "an observation can be split in two for validation only where its noise is known: "
            "state data.noise, or hold out entries");
    }
    std::optional<DenseTensor<T>> part;
    agree(observation.communicator(),
          [&] { part.emplace("training part", observation.partition()); });
    copy(observation, *part);
    if (noise.kind == NoiseModel::Kind::gaussian) {
        detail::add_scaled_noise(*part, noise, share, seed);
    } else {
        detail::thin_counts(*part, noise, share, seed);
    }
    return *part;
}

template DenseTensor<float> training_part<float>(const DenseTensor<float>&, const NoiseModel&,
                                                 double, std::uint64_t);
template DenseTensor<double> training_part<double>(const DenseTensor<double>&, const NoiseModel&,
                                                   double, std::uint64_t);

}  // namespace tessera
