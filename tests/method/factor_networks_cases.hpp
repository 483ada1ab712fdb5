#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "all_ranks.hpp"
#include "svd_problems.hpp"
#include "tessera/method/factor_networks/factor_networks_method.hpp"

// Problems and fits that the tests of factor_networks share.
namespace tessera::test_support {

using Contraction = FactorNetworksOptions::Contraction;
using Validation = FactorNetworksOptions::Validation;

/// A form of the model, and a tensor for it.
struct Form {
    Contraction contraction;
    Extents shape;
    std::vector<std::string> axes;
};

/// Free factors of rank 2: what the method does around its networks is tested with them.
inline FactorNetworksOptions free_options(Contraction contraction, Index steps) {
    FactorNetworksOptions options;
    options.contraction = contraction;
    options.rank = 2;
    options.generator.kind = GeneratorKind::free_factor;
    options.validation = Validation::none;
    options.steps = steps;
    return options;
}

/// The whole tensor on every rank, for itself.
inline Partition alone_on(const Extents& shape) {
    const Communicator self = Communicator::world().split(own_rank(), 0);
    return {shape, ProcessGrid(self, Extents::filled(shape.order(), 1))};
}

/// About this share of the entries is observed, by their numbers.
inline std::vector<std::uint8_t> some_observed(const Extents& shape, double share) {
    const Random random(77, 1);
    std::vector<std::uint8_t> seen;
    for (Index i = 0; i < shape.product(); ++i) {
        seen.push_back(random.uniform(i) < share ? 1 : 0);
    }
    return seen;
}

/// A tensor of rank 2 of which a share is observed; the other entries are 0.
inline Problem<double> problem_on(const Partition& partition, const std::vector<std::string>& axes,
                                  double share = 1.0) {
    std::vector<double> entries = low_rank_entries(partition.shape(), 2, 5);
    const std::vector<std::uint8_t> seen = some_observed(partition.shape(), share);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i] *= seen[i];
    }
    Problem<double> problem = problem_of(entries, partition, axes);
    if (share < 1.0) {
        problem.mask = tensor_of(seen, partition);
    }
    return problem;
}

inline NoiseModel gaussian(double sigma) {
    NoiseModel noise;
    noise.kind = NoiseModel::Kind::gaussian;
    noise.sigma = {sigma};
    return noise;
}

template <typename T>
void run(FactorNetworksMethod<T>& method) {
    while (!method.finished()) {
        method.step();
    }
}

/// Largest distance of the estimate from the entries of the whole tensor, over all ranks.
inline double distance(const FactorNetworksMethod<double>& method,
                       const std::vector<double>& entries) {
    const DenseTensor<double> estimate = method.estimate();
    const auto own = to_host(estimate.block());
    const auto wanted = box_of(entries, estimate.shape(), estimate.box());
    double worst = 0.0;
    for (std::size_t i = 0; i < own.size(); ++i) {
        worst = std::max(worst, std::abs(own[i] - wanted[i]));
    }
    return Communicator::world().max(worst);
}

/// A fit that is saved after some steps and goes on in another object ends as one that ran through.
inline void expect_same_after_restart(const Problem<double>& problem,
                                      const FactorNetworksOptions& options, int steps_before) {
    FactorNetworksMethod<double> whole(problem, options, 3);
    FactorNetworksMethod<double> half(problem, options, 3);
    for (int step = 0; step < steps_before; ++step) {
        whole.step();
        half.step();
    }
    MemoryArchive archive;
    half.serialise(archive);
    archive.rewind_for_loading();
    FactorNetworksMethod<double> other(problem, options, 3);
    other.serialise(archive);
    run(whole);
    run(other);
    EXPECT_ALL_RANKS(other.steps_done() == whole.steps_done());
    EXPECT_ALL_RANKS(to_host(other.estimate().block()) == to_host(whole.estimate().block()));
}

}  // namespace tessera::test_support
