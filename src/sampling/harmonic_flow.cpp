#include "tessera/sampling/harmonic_flow.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace tessera {
namespace {

constexpr double trajectory_length = std::numbers::pi / 2.0;
constexpr double most_parts = 64.0;
constexpr double longest_part = 1.5;
constexpr double target_acceptance = 0.8;
/// Of missing entries: no likelihood holds them, so that they can move faster.
constexpr double missing_mass = 0.2;
/// The norm is smoothed where singular values are below this, divided by lambda and their weight.
constexpr double smoothing = 0.7;
constexpr std::uint32_t duration_purpose = 0;

double first_part(double entries) { return std::min(longest_part, 2.0 * std::pow(entries, -0.25)); }

/// Parts of a trajectory whose parts usually last so long.
double parts_of(double part) {
    return std::clamp(std::round(trajectory_length / part), 1.0, most_parts);
}

// Kernels stand apart, for nvcc takes none in a member that is private.

KOKKOS_INLINE_FUNCTION double mass(const MatrixLikelihood& likelihood, Index matrix, Index local) {
    return likelihood.observed(matrix, local) ? likelihood.precision(matrix, local) : missing_mass;
}

void scale_momenta(const MatrixChains& chains, const DeviceView<double>& momentum) {
    const Index entries = chains.batch.local_entries();
    const MatrixLikelihood likelihood = chains.likelihood();
    for_each_entry(
        "tessera::scale_momenta", chains.batch, KOKKOS_LAMBDA(Index matrix, Index local) {
            momentum(matrix * entries + local) *= Kokkos::sqrt(mass(likelihood, matrix, local));
        });
}

/// Of each matrix the energy without the norm.
std::vector<std::array<double, 1>> smooth_energies(const MatrixChains& chains,
                                                   const DeviceView<double>& position,
                                                   const DeviceView<double>& momentum) {
    const MatrixLikelihood likelihood = chains.likelihood();
    return matrix_sums<1>(
        "tessera::energies", chains.batch, KOKKOS_LAMBDA(Index matrix, Index local, double* sum) {
            const Index entry = matrix * likelihood.entries + local;
            const double squared = momentum(entry) * momentum(entry);
            sum[0] += 0.5 * squared / mass(likelihood, matrix, local);
            if (likelihood.observed(matrix, local)) {
                sum[0] += likelihood.cost(matrix, local, position(entry));
            }
        });
}

// A number of each matrix, made of its duration.
template <typename Function>
DeviceView<double> of_durations(const std::vector<double>& durations, const Function& function) {
    std::vector<double> numbers(durations.size());
    std::transform(durations.begin(), durations.end(), numbers.begin(), function);
    return to_device(numbers);
}

void flow(const MatrixChains& chains, const std::vector<double>& durations,
          const DeviceView<double>& position, const DeviceView<double>& momentum) {
    const Index entries = chains.batch.local_entries();
    const MatrixLikelihood likelihood = chains.likelihood();
    const DeviceView<double> duration = to_device(durations);
    // Once for each matrix, not for each entry.
    const auto cosines = of_durations(durations, [](double time) { return std::cos(time); });
    const auto sines = of_durations(durations, [](double time) { return std::sin(time); });
    for_each_entry(
        "tessera::drift", chains.batch, KOKKOS_LAMBDA(Index matrix, Index local) {
            const Index entry = matrix * entries + local;
            const double before = momentum(entry);
            const double m = mass(likelihood, matrix, local);
            if (!likelihood.observed(matrix, local)) {
                position(entry) += duration(matrix) * before / m;
                return;
            }
            const double centre = likelihood.centre(matrix, local);
            const double away = position(entry) - centre;
            const double cosine = cosines(matrix);
            const double sine = sines(matrix);
            position(entry) = centre + cosine * away + sine * before / m;
            momentum(entry) = cosine * before - sine * m * away;
        });
}

/// momentum -= duration (gradient of what the likelihood's quadratic part leaves).
void kick_by_remainder(const MatrixChains& chains, const DeviceView<double>& duration,
                       const DeviceView<double>& position, const DeviceView<double>& momentum) {
    const Index entries = chains.batch.local_entries();
    const MatrixLikelihood likelihood = chains.likelihood();
    for_each_entry(
        "tessera::kick_by_remainder", chains.batch, KOKKOS_LAMBDA(Index matrix, Index local) {
            const Index entry = matrix * entries + local;
            if (likelihood.observed(matrix, local)) {
                const double away = position(entry) - likelihood.centre(matrix, local);
                momentum(entry) -=
                    duration(matrix) * (likelihood.gradient(matrix, local, position(entry)) -
                                        likelihood.precision(matrix, local) * away);
            }
        });
}

}  // namespace

double HarmonicFlow::first_parts(double entries) { return parts_of(first_part(entries)); }

HarmonicFlow::HarmonicFlow(const MatrixBatch& batch, std::uint64_t seed)
    : MatrixKernel(
          batch, StepSize(first_part(static_cast<double>(batch.entries())), target_acceptance, 1.0),
          seed),
      position_(allocate<double>("positions", batch.local_size())),
      momentum_(allocate<double>("momenta", batch.local_size())),
      spectrum_(batch) {}

HarmonicFlow::Trajectory HarmonicFlow::plan_trajectories(const MatrixBatch& batch,
                                                         Index step) const {
    Trajectory trajectory;
    for (Index matrix = 0; matrix < batch.count; ++matrix) {
        const double usual = std::min(step_size(matrix), longest_part);
        // Durations vary from step to step, lest a trajectory come back to where it began.
        const double drawn = 0.8 + 0.4 * uniform(batch, matrix, step, duration_purpose);
        trajectory.parts.push_back(static_cast<Index>(parts_of(usual)));
        trajectory.durations.push_back(usual * drawn);
    }
    return trajectory;
}

void HarmonicFlow::draw_momenta(const MatrixChains& chains, Index step) {
    draw_normal(chains.batch, step, momentum_);
    if (chains.observations.masked || chains.observations.counts) {
        scale_momenta(chains, momentum_);
    }
}

std::vector<double> HarmonicFlow::energies(const MatrixChains& chains,
                                           const RightSpectrum& spectrum) const {
    std::vector<double> result;
    for (const auto& [smooth] : smooth_energies(chains, position_, momentum_)) {
        const std::size_t matrix = result.size();
        result.push_back(smooth + chains.lambda[matrix] *
                                      spectrum.norm(static_cast<Index>(matrix), chains.weights));
    }
    return result;
}

void HarmonicFlow::kick(const MatrixChains& chains, const RightSpectrum& spectrum,
                        const Trajectory& trajectory, const std::vector<Index>& which,
                        const std::vector<double>& shares) {
    std::vector<double> weights = chains.rates();
    for (std::size_t index = 0; index < weights.size(); ++index) {
        const std::size_t matrix = index / static_cast<std::size_t>(spectrum.columns);
        const double rate = weights[index];
        // The gradient of rate times the Moreau envelope is rate U diag(min(1, s / floor)) V^T.
        const double floor = smoothing / rate;
        weights[index] = -shares[matrix] * trajectory.durations[matrix] * rate /
                         std::max(spectrum.singular_values[index], floor);
    }
    apply_weights(chains.batch, position_, spectrum, weights, which, Target::added_to, momentum_);
    if (chains.observations.counts) {
        std::vector<double> durations(shares.size(), 0.0);
        for (const Index matrix : which) {
            const auto place = static_cast<std::size_t>(matrix);
            durations[place] = shares[place] * trajectory.durations[place];
        }
        kick_by_remainder(chains, to_device(durations), position_, momentum_);
    }
}

void HarmonicFlow::drift(const MatrixChains& chains, const Trajectory& trajectory,
                         const std::vector<Index>& which) {
    std::vector<double> durations(trajectory.durations.size(), 0.0);
    for (const Index matrix : which) {
        durations[static_cast<std::size_t>(matrix)] =
            trajectory.durations[static_cast<std::size_t>(matrix)];
    }
    flow(chains, durations, position_, momentum_);
}

void HarmonicFlow::advance(MatrixChains& chains, Index step, bool warm_up) {
    const MatrixBatch& batch = chains.batch;
    const Trajectory trajectory = plan_trajectories(batch, step);
    draw_momenta(chains, step);
    Kokkos::deep_copy(position_, chains.phi);
    const std::vector<double> before = energies(chains, chains.spectrum);

    std::vector<double> shares(static_cast<std::size_t>(batch.count), 0.5);
    std::vector<Index> moving = all_matrices(batch);
    kick(chains, chains.spectrum, trajectory, moving, shares);
    for (Index part = 1; !moving.empty(); ++part) {
        drift(chains, trajectory, moving);
        const auto goes_on = [&](Index matrix) {
            return trajectory.parts[static_cast<std::size_t>(matrix)] > part;
        };
        // Only where a trajectory ends does its spectrum enter the Metropolis test.
        const auto middle = std::stable_partition(moving.begin(), moving.end(), goes_on);
        decompose(batch, position_, {moving.begin(), middle}, spectrum_,
                  SpectrumAccuracy::gradient);
        decompose(batch, position_, {middle, moving.end()}, spectrum_);
        std::inplace_merge(moving.begin(), middle, moving.end());
        for (const Index matrix : moving) {
            shares[static_cast<std::size_t>(matrix)] = goes_on(matrix) ? 1.0 : 0.5;
        }
        kick(chains, spectrum_, trajectory, moving, shares);
        std::erase_if(moving, [&](Index matrix) { return !goes_on(matrix); });
    }

    std::vector<double> log_ratio = energies(chains, spectrum_);
    std::transform(before.begin(), before.end(), log_ratio.begin(), log_ratio.begin(),
                   std::minus<>());
    chains.take(metropolis(batch, log_ratio, step), position_, spectrum_);
    if (warm_up) {
        adapt();
    }
}

}  // namespace tessera
