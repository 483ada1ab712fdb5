#include "tessera/method/nuclear_norm/noise_scale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/base/error.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/sampling/matrix_batch.hpp"

namespace tessera {
namespace {

int band_mode_of(const std::vector<std::string>& axes, int order) {
    const auto bands = std::find(axes.begin(), axes.end(), "bands");
    return bands == axes.end() ? order - 1 : static_cast<int>(bands - axes.begin());
}

}  // namespace

template <typename T>
NoiseScale noise_scale_of(const Problem<T>& problem, const NuclearNormOptions& options) {
    NoiseScale scale;
    const Extents& shape = problem.observation.shape();
    std::vector<double> sigma = options.noise_sigma;
    scale.band_mode = band_mode_of(problem.axes, shape.order());
    if (options.likelihood == NuclearNormOptions::Likelihood::poisson) {
        return scale;
    }
    if (sigma.empty() && problem.noise.kind == NoiseModel::Kind::gaussian) {
        sigma = problem.noise.sigma;
        if (problem.noise.band_mode >= 0) {
            scale.band_mode = problem.noise.band_mode;
        }
    }
    if (sigma.empty()) {
        return scale;
    }
    if (sigma.size() > 1 && static_cast<Index>(sigma.size()) != shape[scale.band_mode]) {
        throw UsageError(fmt::format(
            "method.noise_sigma has {} levels, but the axis {} has {} entries: give one level, or "
            "one for each of them",
            sigma.size(), problem.axes[static_cast<std::size_t>(scale.band_mode)],
            shape[scale.band_mode]));
    }
    double squares = 0.0;
    for (const double level : sigma) {
        squares += level * level;
    }
    scale.sigma = std::sqrt(squares / static_cast<double>(sigma.size()));
    if (sigma.size() > 1) {
        const double smallest = *std::min_element(sigma.begin(), sigma.end());
        if (smallest <= 0.0) {
            throw UsageError(
                "the noise of a band is 0: give method.noise_sigma with a positive "
                "level for each band");
        }
        for (const double level : sigma) {
            scale.relative.push_back(level / *scale.sigma);
        }
    }
    if (*scale.sigma <= 0.0) {
        // No noise was added: the level that is left (rounding, model error) is inferred.
        scale.sigma.reset();
    }
    return scale;
}

template <typename T>
DenseTensor<T> scale_bands(const DenseTensor<T>& tensor, const NoiseScale& noise, int power) {
    if (noise.relative.empty()) {
        return tensor;
    }
    std::vector<double> factors = noise.relative;
    std::transform(factors.begin(), factors.end(), factors.begin(),
                   [power](double level) { return std::pow(level, power); });
    std::optional<DenseTensor<T>> result;
    agree(tensor.communicator(), [&] { result.emplace("scaled bands", tensor.partition()); });
    const DeviceView<double> factor = to_device(factors);
    const DeviceView<T> in = tensor.block();
    const DeviceView<T> out = result->block();
    const Extents block = tensor.block_shape();
    const int mode = noise.band_mode;
    const Index first = tensor.box().begin[mode];
    const Index inner = block.product(mode + 1, block.order());
    const Index bands = block[mode];
    Kokkos::parallel_for(
        "tessera::scale_bands", Kokkos::RangePolicy<>(0, block.product()),
        KOKKOS_LAMBDA(Index entry) {
            const Index band = first + entry / inner % bands;
            out(entry) = static_cast<T>(static_cast<double>(in(entry)) * factor(band));
        });
    return *result;
}

#define TESSERA_INSTANTIATE(T)                                                           \
    template NoiseScale noise_scale_of<T>(const Problem<T>&, const NuclearNormOptions&); \
    template DenseTensor<T> scale_bands<T>(const DenseTensor<T>&, const NoiseScale&, int);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
