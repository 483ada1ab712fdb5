#include "tessera/method/nuclear_norm/chain_traffic.hpp"

#include <cmath>

namespace tessera {
namespace {

void add_reduction(CollectiveTraffic& traffic, double times, double bytes) {
    traffic.reductions += times;
    traffic.reduced_bytes += times * bytes;
}

void add_broadcast(CollectiveTraffic& traffic, double times, double bytes) {
    traffic.broadcasts += times;
    traffic.broadcast_bytes += times * bytes;
}

/// Whether all ranks could do their part of it: one number from each.
constexpr double agreement = sizeof(int);

/// Spectra by Gram matrices (SpectrumAccuracy::gradient): the sum, then what rank 0 made of it.
void add_gram_spectra(CollectiveTraffic& traffic, double count, double columns) {
    const double vector = sizeof(double) * columns;
    add_reduction(traffic, count, vector * columns);
    add_reduction(traffic, count, agreement);
    add_broadcast(traffic, count, vector);
    add_broadcast(traffic, count, vector * columns);
}

/// Spectra by two Cholesky QR passes (linalg/tall_qr.hpp) and the triangle's decomposition.
void add_full_spectra(CollectiveTraffic& traffic, double count, double columns) {
    constexpr double passes = 2.0;
    const double square = sizeof(double) * columns * columns;
    add_reduction(traffic, passes * count, square);
    add_reduction(traffic, 2.0 * passes * count, agreement);
    add_broadcast(traffic, passes * count, agreement);
    add_broadcast(traffic, passes * count, square);
    add_reduction(traffic, count, agreement);
    add_broadcast(traffic, count, sizeof(double) * columns);
    add_broadcast(traffic, count, square);
}

/// Sums over the entries of each matrix, so many each.
void add_sums(CollectiveTraffic& traffic, const ChainStep& step, double numbers) {
    add_reduction(traffic, 1.0, sizeof(double) * numbers * step.units);
}

void add_kernel(CollectiveTraffic& traffic, const ChainStep& step) {
    using Sampler = NuclearNormOptions::Sampler;
    switch (step.sampler) {
        case Sampler::proximal:
            add_full_spectra(traffic, step.units, step.columns);
            add_sums(traffic, step, 2.0);  // cost and distances from the means
            return;
        case Sampler::moreau_yosida:
            add_full_spectra(traffic, step.units, step.columns);
            return;
        case Sampler::svd_gibbs:
            return;
        case Sampler::automatic:
        case Sampler::harmonic_flow:
            break;
    }
    add_gram_spectra(traffic, step.parts - step.units, step.columns);
    add_full_spectra(traffic, step.units, step.columns);
    add_sums(traffic, step, 1.0);  // energies before
    add_sums(traffic, step, 1.0);  // and after
}

double rounds(Index ranks) { return std::ceil(std::log2(static_cast<double>(ranks))); }

StepTraffic sent(const CollectiveTraffic& traffic, Index ranks) {
    return {rounds(ranks) * (2.0 * traffic.reductions + traffic.broadcasts),
            2.0 * traffic.reduced_bytes + traffic.broadcast_bytes};
}

}  // namespace

ChainTraffic chain_traffic(const ChainStep& step) {
    ChainTraffic traffic;
    if (step.group_size > 1) {
        add_kernel(traffic.in_group, step);
        add_sums(traffic.in_group, step, 4.0);  // what the scales depend on
        add_sums(traffic.in_group, step, 3.0);  // traced entries
    }
    if (step.ranks > 1) {
        // The six figures of the progress line.
        add_reduction(traffic.in_world, 1.0, 6.0 * sizeof(double));
    }
    return traffic;
}

StepTraffic sent(const ChainTraffic& traffic, const ChainStep& step) {
    const StepTraffic group = sent(traffic.in_group, step.group_size);
    const StepTraffic world = sent(traffic.in_world, step.ranks);
    return {group.messages + world.messages, group.bytes + world.bytes};
}

}  // namespace tessera
