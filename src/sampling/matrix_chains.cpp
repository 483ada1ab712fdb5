#include "tessera/sampling/matrix_chains.hpp"

#include <algorithm>
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
    Kokkos::parallel_for(
        "tessera::scale_chains", Kokkos::RangePolicy<>(0, batch.local_size()),
        KOKKOS_LAMBDA(Index entry) { values(entry) *= factor(entry / entries); });
    for (Index matrix = 0; matrix < batch.count; ++matrix) {
        spectrum.scale(matrix, factors[static_cast<std::size_t>(matrix)]);
    }
}

void MatrixChains::take(const std::vector<bool>& accepted, const DeviceView<double>& proposal,
                        const RightSpectrum& proposal_spectrum) {
    copy_accepted(batch, accepted, proposal, phi);
    for (Index matrix = 0; matrix < batch.count; ++matrix) {
        if (accepted[static_cast<std::size_t>(matrix)]) {
            spectrum.copy_from(proposal_spectrum, matrix);
        }
    }
}

void MatrixChains::refresh_spectrum() { decompose(batch, phi, all_matrices(batch), spectrum); }

std::vector<ScaleSums> scale_sums(const MatrixChains& chains) {
    const Index entries = chains.batch.local_entries();
    const MatrixObservations& measured = chains.observations;
    const DeviceView<double> phi = chains.phi;
    const DeviceView<double> rho = to_device(chains.rho);
    const auto sums = matrix_sums<4>(
        "tessera::scale_sums", chains.batch, KOKKOS_LAMBDA(Index matrix, Index local, double* sum) {
            if (!measured.observed(matrix, local, entries)) {
                return;
            }
            const double value = phi(matrix * entries + local);
            const double residual = rho(matrix) * measured.value(matrix, local, entries) - value;
            sum[0] += 1.0;
            sum[1] += residual * residual;
            sum[2] += residual * value;
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

std::vector<double> squared_residuals(const MatrixChains& chains, const DeviceView<double>& z) {
    const Index entries = chains.batch.local_entries();
    const MatrixObservations& measured = chains.observations;
    const DeviceView<double> rho = to_device(chains.rho);
    const auto sums = matrix_sums<1>(
        "tessera::squared_residuals", chains.batch,
        KOKKOS_LAMBDA(Index matrix, Index local, double* sum) {
            if (measured.observed(matrix, local, entries)) {
                const double residual = rho(matrix) * measured.value(matrix, local, entries) -
                                        z(matrix * entries + local);
                sum[0] += residual * residual;
            }
        });
    std::vector<double> result;
    for (const auto& sum : sums) {
        result.push_back(sum[0]);
    }
    return result;
}

void copy_accepted(const MatrixBatch& batch, const std::vector<bool>& accepted,
                   const DeviceView<double>& from, const DeviceView<double>& to) {
    const Index entries = batch.local_entries();
    const DeviceView<double> flags =
        to_device(std::vector<double>(accepted.begin(), accepted.end()));
    Kokkos::parallel_for(
        "tessera::copy_accepted", Kokkos::RangePolicy<>(0, batch.local_size()),
        KOKKOS_LAMBDA(Index entry) {
            if (flags(entry / entries) != 0.0) {
                to(entry) = from(entry);
            }
        });
}

}  // namespace tessera
