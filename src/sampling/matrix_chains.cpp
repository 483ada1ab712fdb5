#include "tessera/sampling/matrix_chains.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <utility>

namespace tessera {

MatrixChains::MatrixChains(MatrixBatch matrices, MatrixObservations measured)
    : batch(std::move(matrices)),
      observations(std::move(measured)),
      phi(allocate<double>("chains", batch.local_size())),
      spectrum(batch),
      lambda(static_cast<std::size_t>(batch.count), 1.0),
      rho(static_cast<std::size_t>(batch.count), 1.0),
      weights(static_cast<std::size_t>(batch.columns), 1.0) {}

MatrixLikelihood MatrixChains::likelihood() const {
    return {observations, to_device(rho), batch.local_entries()};
}

std::vector<double> MatrixChains::rates() const {
    std::vector<double> result;
    for (const double penalty : lambda) {
        std::transform(weights.begin(), weights.end(), std::back_inserter(result),
                       [penalty](double weight) { return penalty * weight; });
    }
    return result;
}

void MatrixChains::scale(const std::vector<double>& factors) {
    const Index entries = batch.local_entries();
    const DeviceView<double> factor = to_device(factors);
    const DeviceView<double> values = phi;
    for_each_entry(
        "tessera::scale_chains", batch, KOKKOS_LAMBDA(Index matrix, Index local) {
            values(matrix * entries + local) *= factor(matrix);
        });
    for (Index matrix = 0; matrix < batch.count; ++matrix) {
        spectrum.scale(matrix, factors[static_cast<std::size_t>(matrix)]);
    }
}

void MatrixChains::take(const std::vector<bool>& accepted, DeviceView<double>& proposal,
                        const RightSpectrum& proposal_spectrum) {
    take_accepted(batch, accepted, proposal, phi);
    for (Index matrix = 0; matrix < batch.count; ++matrix) {
        if (accepted[static_cast<std::size_t>(matrix)]) {
            spectrum.copy_from(proposal_spectrum, matrix);
        }
    }
}

void MatrixChains::refresh_spectrum() { decompose(batch, phi, all_matrices(batch), spectrum); }

std::vector<ScaleSums> scale_sums(const MatrixChains& chains) {
    const MatrixLikelihood likelihood = chains.likelihood();
    const DeviceView<double> phi = chains.phi;
    const auto sums = matrix_sums<4>(
        "tessera::scale_sums", chains.batch, KOKKOS_LAMBDA(Index matrix, Index local, double* sum) {
            if (!likelihood.observed(matrix, local)) {
                return;
            }
            const double value = phi(matrix * likelihood.entries + local);
            sum[0] += 1.0;
            sum[1] += 2.0 * likelihood.cost(matrix, local, value);
            sum[2] += (likelihood.centre(matrix, local) - value) * value;
            sum[3] += value * value;
        });
    std::vector<ScaleSums> result;
    for (Index matrix = 0; matrix < chains.batch.count; ++matrix) {
        const auto& sum = sums[static_cast<std::size_t>(matrix)];
        result.push_back({static_cast<double>(chains.batch.entries()), sum[0],
                          chains.spectrum.norm(matrix, chains.weights), sum[1], sum[2], sum[3]});
    }
    return result;
}

std::vector<double> count_noise_levels(const MatrixChains& chains) {
    const Index entries = chains.batch.local_entries();
    const MatrixObservations& measured = chains.observations;
    const double peak = measured.counted.peak;
    const double readout = measured.counted.readout;
    const auto sums = matrix_sums<2>(
        "tessera::counts", chains.batch, KOKKOS_LAMBDA(Index matrix, Index local, double* sum) {
            if (measured.observed(matrix, local, entries)) {
                sum[0] += 1.0;
                sum[1] += peak * Kokkos::max(measured.value(matrix, local, entries), 0.0);
            }
        });
    std::vector<double> levels;
    for (const auto& [observed, counts] : sums) {
        const double mean = std::max(counts, 1.0) / std::max(observed, 1.0);
        levels.push_back(std::sqrt(mean + readout * readout) / peak);
    }
    return levels;
}

void take_accepted(const MatrixBatch& batch, const std::vector<bool>& accepted,
                   DeviceView<double>& from, DeviceView<double>& to) {
    if (std::none_of(accepted.begin(), accepted.end(), std::identity{})) {
        return;
    }
    if (std::all_of(accepted.begin(), accepted.end(), std::identity{})) {
        std::swap(from, to);
        return;
    }
    const Index entries = batch.local_entries();
    const DeviceView<double> flags =
        to_device(std::vector<double>(accepted.begin(), accepted.end()));
    const DeviceView<double> source = from;
    const DeviceView<double> target = to;
    for_each_entry(
        "tessera::take_accepted", batch, KOKKOS_LAMBDA(Index matrix, Index local) {
            const Index entry = matrix * entries + local;
            if (flags(matrix) != 0.0) {
                target(entry) = source(entry);
            }
        });
}

}  // namespace tessera
