#include "tessera/sampling/moreau_yosida_langevin.hpp"

#include <algorithm>
#include <cmath>

#include "tessera/base/error.hpp"

namespace tessera {
namespace {

// In standard units the Gaussian likelihood's gradient has the Lipschitz constant 1: the smoothing
// is its inverse, and half the largest step size that is stable, 1 / (1 + 1 / smoothing), is taken.
constexpr double smoothing = 1.0;
constexpr double delta = 0.25;

}  // namespace

MoreauYosidaLangevin::MoreauYosidaLangevin(const MatrixBatch& batch, std::uint64_t seed)
    : MatrixKernel(batch, StepSize(delta), seed),
      pull_(allocate<double>("pulls of the prior", batch.local_size())),
      noise_(allocate<double>("noise", batch.local_size())) {}

void MoreauYosidaLangevin::advance(MatrixChains& chains, Index step, bool /*warm_up*/) {
    TESSERA_ASSERT(!chains.observations.counts, "the step size is that of Gaussian noise");
    const MatrixBatch& batch = chains.batch;
    std::vector<double> thresholds = chains.rates();
    for (double& threshold : thresholds) {
        threshold *= smoothing;
    }
    // Phi - prox(Phi) has the weights 1 - w where prox has w.
    std::vector<double> weights = shrinkage_weights(chains.spectrum, thresholds);
    std::transform(weights.begin(), weights.end(), weights.begin(),
                   [](double weight) { return 1.0 - weight; });
    apply_weights(batch, chains.phi, chains.spectrum, weights, all_matrices(batch),
                  Target::overwritten, pull_);
    draw_normal(batch, step, noise_);
    const Index entries = batch.local_entries();
    const MatrixLikelihood likelihood = chains.likelihood();
    const DeviceView<double> phi = chains.phi;
    const DeviceView<double> pull = pull_;
    const DeviceView<double> noise = noise_;
    for_each_entry(
        "tessera::moreau_yosida_step", batch, KOKKOS_LAMBDA(Index matrix, Index local) {
            const Index entry = matrix * entries + local;
            double drift = -pull(entry) / smoothing;
            if (likelihood.observed(matrix, local)) {
                drift -= likelihood.gradient(matrix, local, phi(entry));
            }
            phi(entry) += 0.5 * delta * drift + Kokkos::sqrt(delta) * noise(entry);
        });
    chains.refresh_spectrum();
}

}  // namespace tessera
