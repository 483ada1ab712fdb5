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
                         const DeviceView<double>& at, const DeviceView<double>& blend) {
    const Index entries = chains.batch.local_entries();
    const MatrixLikelihood likelihood = chains.likelihood();
    Kokkos::parallel_for(
        "tessera::blend", Kokkos::RangePolicy<>(0, chains.batch.local_size()),
        KOKKOS_LAMBDA(Index entry) {
            const Index matrix = entry / entries;
            const Index local = entry % entries;
            const double value = at(entry);
            blend(entry) = likelihood.observed(matrix, local)
                               ? value - pull(matrix) * likelihood.gradient(matrix, local, value)
                               : value;
        });
}

/// Normal numbers become a proposal.
void place_proposal(const MatrixBatch& batch, const DeviceView<double>& deviation,
                    const DeviceView<double>& mean, const DeviceView<double>& proposal) {
    const Index entries = batch.local_entries();
    Kokkos::parallel_for(
        "tessera::propose", Kokkos::RangePolicy<>(0, batch.local_size()),
        KOKKOS_LAMBDA(Index entry) {
            proposal(entry) = mean(entry) + deviation(entry / entries) * proposal(entry);
        });
}

/// Of each matrix the squared distances of the proposal from its mean, and of the chain from the
/// mean of the way back.
std::vector<std::array<double, 2>> proposal_distances(const MatrixChains& chains,
                                                      const DeviceView<double>& mean,
                                                      const DeviceView<double>& mean_back,
                                                      const DeviceView<double>& proposal) {
    const Index entries = chains.batch.local_entries();
    const DeviceView<double> phi = chains.phi;
    return matrix_sums<2>(
        "tessera::proposal_distances", chains.batch,
        KOKKOS_LAMBDA(Index matrix, Index local, double* sum) {
            const Index entry = matrix * entries + local;
            const double forth = proposal(entry) - mean(entry);
            const double back = phi(entry) - mean_back(entry);
            sum[0] += forth * forth;
            sum[1] += back * back;
        });
}

}  // namespace

ProximalLangevin::ProximalLangevin(const MatrixBatch& batch, std::uint64_t seed)
    : MatrixKernel(batch,
                   StepSize(2.0 * std::pow(static_cast<double>(batch.entries()), -1.0 / 3.0),
                            target_acceptance),
                   seed),
      blend_(allocate<double>("thresholded matrices", batch.local_size())),
      mean_(allocate<double>("proposal means", batch.local_size())),
      mean_back_(allocate<double>("means of the way back", batch.local_size())),
      proposal_(allocate<double>("proposals", batch.local_size())),
      spectrum_(batch),
      blend_spectrum_(batch) {}

void ProximalLangevin::proposal_mean(const MatrixChains& chains, const DeviceView<double>& at,
                                     const DeviceView<double>& mean) {
    const MatrixBatch& batch = chains.batch;
    // The proximal operator of the whole posterior, or a step down the slope and that of the norm.
    const bool stepwise = chains.observations.masked || chains.observations.counts;
    std::vector<double> pulls;
    for (Index matrix = 0; matrix < batch.count; ++matrix) {
        const double delta = step_size(matrix);
        pulls.push_back(stepwise ? 0.5 * delta : delta / (delta + 2.0));
    }
    std::vector<double> thresholds = chains.rates();
    for (std::size_t index = 0; index < thresholds.size(); ++index) {
        thresholds[index] *= pulls[index / static_cast<std::size_t>(batch.columns)];
    }
    pull_to_measurement(chains, to_device(pulls), at, blend_);
    const std::vector<Index> all = all_matrices(batch);
    decompose(batch, blend_, all, blend_spectrum_, SpectrumAccuracy::gradient);
    apply_weights(batch, blend_, blend_spectrum_, shrinkage_weights(blend_spectrum_, thresholds),
                  all, 0.0, mean);
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
        proposal_mean(chains, chains.phi, mean_);
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
    proposal_mean(chains, proposal_, mean_back_);
    const auto distance = proposal_distances(chains, mean_, mean_back_, proposal_);
    const std::vector<double> cost_here = costs(chains, chains.phi);
    const std::vector<double> cost_there = costs(chains, proposal_);
    std::vector<double> log_ratio;
    for (Index matrix = 0; matrix < batch.count; ++matrix) {
        const auto place = static_cast<std::size_t>(matrix);
        const double norms =
            spectrum_.norm(matrix, chains.weights) - chains.spectrum.norm(matrix, chains.weights);
        log_ratio.push_back(cost_here[place] - cost_there[place] - chains.lambda[place] * norms +
                            (distance[place][0] - distance[place][1]) / (2.0 * step_size(matrix)));
    }
    const std::vector<bool> accepted = metropolis(batch, log_ratio, step);
    chains.take(accepted, proposal_, spectrum_);
    // The mean of the way back is that of the next step.
    copy_accepted(batch, accepted, mean_back_, mean_);
    if (warm_up) {
        adapt();
    }
}

}  // namespace tessera
