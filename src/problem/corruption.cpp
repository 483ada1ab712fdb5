#include "tessera/problem/corruption.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "corruption_support.hpp"
#include "tessera/base/error.hpp"
#include "tessera/problem/line_corruptions.hpp"
#include "tessera/problem/missing_corruption.hpp"
#include "tessera/problem/noise_corruptions.hpp"
#include "tessera/problem/sparse_corruptions.hpp"

namespace tessera {
namespace {

/// Streams of corruptions start here, away from those of methods and scenes.
constexpr std::uint32_t first_corruption_stream = 0xC0000000U;
constexpr std::uint32_t streams_per_corruption = 16;

template <class Kind>
CorruptionKind entry(const std::string& help) {
    return {Kind().kind(), help, [] { return std::make_shared<Kind>(); }};
}

/// Sigma of every slice, from a sigma that may stand for all.
std::vector<double> spread(const std::vector<double>& sigma, std::size_t count) {
    return sigma.size() == 1 ? std::vector<double>(count, sigma.front()) : sigma;
}

}  // namespace

template <typename T>
Random CorruptionContext<T>::random(std::uint32_t use) const {
    return {seed, first_corruption_stream + position * streams_per_corruption + use};
}

void Corruption::check(const Extents& /*shape*/, const std::vector<std::string>& /*axes*/) const {}

const std::vector<CorruptionKind>& corruption_catalogue() {
    static const std::vector<CorruptionKind> catalogue = {
        entry<GaussianCorruption>("additive normal noise: y = x + sigma n"),
        entry<PoissonCorruption>(
            "photon counts with readout noise: y = (Poisson(peak x) + readout n) / peak"),
        entry<RicianCorruption>(
            "magnitude of a complex signal: y = sqrt((x + sigma n1)^2 + (sigma n2)^2)"),
        entry<SquaredGaussianCorruption>("skewed noise: y = x + a n1 + b n2^2"),
        entry<SaltPepperCorruption>("entries replaced by 0 or 1"),
        entry<ImpulseCorruption>("entries that gain a uniform number"),
        entry<DeadlineCorruption>("runs of dead columns in some bands"),
        entry<EntryZeroCorruption>("entries set to 0 that still count as observed"),
        entry<StripeCorruption>("columns of some bands shifted by a constant"),
        entry<ColumnZeroCorruption>("a share of the columns of a share of the bands set to 0"),
        entry<MissingCorruption>("entries that were not observed (mask)"),
        entry<TransmissionPoissonCorruption>(
            "line integrals measured by counting photons behind an absorber"),
        entry<ClipCorruption>("values cut to a range"),
    };
    return catalogue;
}

template <typename T>
std::vector<std::string> corrupt(const std::vector<std::shared_ptr<Corruption>>& list,
                                 DenseTensor<T>& values, std::optional<Mask>& mask,
                                 NoiseModel& noise, std::uint64_t seed,
                                 const std::vector<std::string>& axes) {
    CorruptionContext<T> context{values, mask, noise, seed, 0, axes};
    for (const auto& corruption : list) {
        corruption->check(values.shape(), axes);
        corruption->apply(context);
        ++context.position;
    }
    if (mask && !list.empty()) {
        const DeviceView<std::uint8_t> observed = mask->block();
        const DeviceView<T> block = values.block();
        Kokkos::parallel_for(
            "tessera::corrupt_zero_missing", Kokkos::RangePolicy<>(0, block.size()),
            KOKKOS_LAMBDA(std::size_t i) {
                if (observed(i) == 0) {
                    block(i) = T(0);
                }
            });
        Kokkos::fence("tessera::corrupt_zero_missing");
    }
    return context.remarks;
}

template <typename T>
void record_gaussian(CorruptionContext<T>& context, std::vector<double> sigma, int band_mode) {
    NoiseModel& noise = context.noise;
    const bool first = noise.kind == NoiseModel::Kind::unknown && context.clean;
    if (first) {
        noise = NoiseModel{};
        noise.kind = NoiseModel::Kind::gaussian;
        noise.sigma = std::move(sigma);
        noise.band_mode = band_mode;
    } else if (noise.kind == NoiseModel::Kind::gaussian &&
               (noise.band_mode == band_mode || noise.sigma.size() == 1 || sigma.size() == 1)) {
        noise.band_mode = noise.sigma.size() > 1 ? noise.band_mode : band_mode;
        const std::size_t count = std::max(noise.sigma.size(), sigma.size());
        noise.sigma = spread(noise.sigma, count);
        sigma = spread(sigma, count);
        for (std::size_t i = 0; i < count; ++i) {
            noise.sigma[i] = std::hypot(noise.sigma[i], sigma[i]);
        }
    } else {
        noise = NoiseModel{};
    }
    context.clean = false;
}

template <typename T>
void record_poisson(CorruptionContext<T>& context, double peak, double readout) {
    const bool exact = context.clean && context.noise.kind == NoiseModel::Kind::unknown;
    context.noise = NoiseModel{};
    if (exact) {
        context.noise.kind = NoiseModel::Kind::poisson;
        context.noise.peak = peak;
        context.noise.readout = readout;
    }
    context.clean = false;
}

template <typename T>
void forget_noise(CorruptionContext<T>& context) {
    context.noise = NoiseModel{};
    context.clean = false;
}

std::vector<Index> choose(Index count, Index chosen, const Random& random, Index first_index) {
    std::vector<std::pair<double, Index>> keys;
    keys.reserve(static_cast<std::size_t>(count));
    for (Index i = 0; i < count; ++i) {
        keys.emplace_back(random.uniform(first_index + i), i);
    }
    std::sort(keys.begin(), keys.end());
    std::vector<Index> result;
    for (Index i = 0; i < chosen; ++i) {
        result.push_back(keys[static_cast<std::size_t>(i)].second);
    }
    return result;
}

Index uniform_integer(Index lowest, Index highest, double u) {
    const auto span = static_cast<double>(highest - lowest + 1);
    return lowest + static_cast<Index>(u * span);
}

Index rounded_share(double share, Index count) {
    return static_cast<Index>(std::llround(share * static_cast<double>(count)));
}

std::string describe_position(Index global, const Extents& shape) {
    const Extents position = row_major_position(global, shape);
    return fmt::format("[{}]", fmt::join(position.to_vector(), ", "));
}

#define TESSERA_INSTANTIATE(T)                                                                    \
    template Random CorruptionContext<T>::random(std::uint32_t) const;                            \
    template std::vector<std::string> corrupt(const std::vector<std::shared_ptr<Corruption>>&,    \
                                              DenseTensor<T>&, std::optional<Mask>&, NoiseModel&, \
                                              std::uint64_t, const std::vector<std::string>&);    \
    template void record_gaussian(CorruptionContext<T>&, std::vector<double>, int);               \
    template void record_poisson(CorruptionContext<T>&, double, double);                          \
    template void forget_noise(CorruptionContext<T>&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
