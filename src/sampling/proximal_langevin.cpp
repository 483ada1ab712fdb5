#include "tessera/sampling/proximal_langevin.hpp"

#include <array>
#include <cmath>

namespace tessera {
namespace {

/// Optimal for Langevin proposals (Roberts and Rosenthal 1998).
constexpr double target_acceptance = 0.574;

// Kernels stand apart, for nvcc takes none in a member that is private.

/// Observed entries move by `pull` down the likelihood's slope; where the noise is Gaussian, that
/// is by this share of their way to the measurement.
void pull_to_measurement(const MatrixChains& chains, const DeviceView<double>& pull,
                         const DeviceView<double>& values) {
    const Index entries = chains.batch.local_entries();
    const MatrixLikelihood likelihood = chains.likelihood();
    for_each_entry(
        "tessera::pull_to_measurement", chains.batch, KOKKOS_LAMBDA(Index matrix, Index local) {
            const Index entry = matrix * entries + local;
            const double value = values(entry);
            if (likelihood.observed(matrix, local)) {
                values(entry) = value - pull(matrix) * likelihood.gradient(matrix, local, value);
            }
        });
}

/// Normal numbers become a proposal.
void place_proposal(const MatrixBatch& batch, const DeviceView<double>& deviation,
                    const DeviceView<double>& mean, const DeviceView<double>& proposal) {
    const Index entries = batch.local_entries();
    for_each_entry(
        "tessera::propose", batch, KOKKOS_LAMBDA(Index matrix, Index local) {
            const Index entry = matrix * entries + local;
            proposal(entry) = mean(entry) + deviation(matrix) * proposal(entry);
        });
}

/// Of each matrix what the likelihood's cost falls by on the way to the proposal, and the squared
/// distance of the proposal from its mean less that of the chain from the mean of the way back; in
/// one reading of the five arrays.
std::vector<std::array<double, 2>> acceptance_sums(const MatrixChains& chains,
                                                   const DeviceView<double>& mean,
                                                   const DeviceView<double>& mean_back,
                                                   const DeviceView<double>& proposal) {
    const MatrixLikelihood likelihood = chains.likelihood();
    const Index entries = chains.batch.local_entries();
    const DeviceView<double> phi = chains.phi;
    return matrix_sums<2>(
        "tessera::acceptance_sums", chains.batch,
        KOKKOS_LAMBDA(Index matrix, Index local, double* sum) {
            const Index entry = matrix * entries + local;
            const double here = phi(entry);
            const double there = proposal(entry);
            if (likelihood.observed(matrix, local)) {
                sum[0] +=
                    likelihood.cost(matrix, local, here) - likelihood.cost(matrix, local, there);
            }
            const double forth = there - mean(entry);
            const double back = here - mean_back(entry);
            sum[1] += forth * forth - back * back;
        });
}

}  // namespace

ProximalLangevin::ProximalLangevin(const MatrixBatch& batch, std::uint64_t seed)
    : MatrixKernel(batch,
                   StepSize(2.0 * std::pow(static_cast<double>(batch.entries()), -1.0 / 3.0),
                            target_acceptance),
                   seed),
      mean_(allocate<double>("proposal means", batch.local_size())),
      mean_back_(allocate<double>("means of the way back", batch.local_size())),
      proposal_(allocate<double>("proposals", batch.local_size())),
      spectrum_(batch) {}

void ProximalLangevin::proposal_mean(const MatrixChains& chains, const DeviceView<double>& at,
                                     const RightSpectrum& spectrum,
                                     const DeviceView<double>& mean) const {
    const MatrixBatch& batch = chains.batch;
    std::vector<double> thresholds = chains.rates();
    for (std::size_t index = 0; index < thresholds.size(); ++index) {
        thresholds[index] *= 0.5 * step_size(static_cast<Index>(index) / batch.columns);
    }
    apply_weights(batch, at, spectrum, shrinkage_weights(spectrum, thresholds), all_matrices(batch),
                  Target::overwritten, mean);
    // The likelihood's proximal operator, or a step down its slope.
    const bool stepwise = chains.observations.masked || chains.observations.counts;
    std::vector<double> pulls;
    for (Index matrix = 0; matrix < batch.count; ++matrix) {
        const double delta = step_size(matrix);
        pulls.push_back(stepwise ? 0.5 * delta : delta / (delta + 2.0));
    }
    pull_to_measurement(chains, to_device(pulls), mean);
}

std::vector<double> ProximalLangevin::scales(const MatrixChains& chains) const {
    std::vector<double> numbers = chains.lambda;
    numbers.insert(numbers.end(), chains.rho.begin(), chains.rho.end());
    for (Index matrix = 0; matrix < chains.batch.count; ++matrix) {
        numbers.push_back(step_size(matrix));
    }
    return numbers;
}

void ProximalLangevin::propose(const MatrixChains& chains, Index step) {
    const MatrixBatch& batch = chains.batch;
    if (mean_scales_ != scales(chains)) {
        proposal_mean(chains, chains.phi, chains.spectrum, mean_);
        mean_scales_ = scales(chains);
    }
    draw_normal(batch, step, proposal_);
    std::vector<double> deviations;
    for (Index matrix = 0; matrix < batch.count; ++matrix) {
        deviations.push_back(std::sqrt(step_size(matrix)));
    }
    place_proposal(batch, to_device(deviations), mean_, proposal_);
}

void ProximalLangevin::advance(MatrixChains& chains, Index step, bool warm_up) {
    const MatrixBatch& batch = chains.batch;
    propose(chains, step);
    decompose(batch, proposal_, all_matrices(batch), spectrum_);
    proposal_mean(chains, proposal_, spectrum_, mean_back_);
    std::vector<double> log_ratio;
    for (const auto& [cost, distance] : acceptance_sums(chains, mean_, mean_back_, proposal_)) {
        const std::size_t place = log_ratio.size();
        const auto matrix = static_cast<Index>(place);
        const double norms =
            spectrum_.norm(matrix, chains.weights) - chains.spectrum.norm(matrix, chains.weights);
        log_ratio.push_back(cost - chains.lambda[place] * norms +
                            distance / (2.0 * step_size(matrix)));
    }
    const std::vector<bool> accepted = metropolis(batch, log_ratio, step);
    chains.take(accepted, proposal_, spectrum_);
    // The mean of the way back is that of the next step.
    take_accepted(batch, accepted, mean_back_, mean_);
    if (warm_up) {
        adapt();
    }
}

}  // namespace tessera
