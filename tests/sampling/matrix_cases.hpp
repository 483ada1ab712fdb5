#pragma once

// Small matrices for the tests of kernels: made by the generator, shared out over a group's rows.

#include <vector>

#include "tessera/sampling/matrix_chains.hpp"

namespace tessera::test_sampling {

inline MatrixBatch make_batch(const Communicator& group, Index count, Index rows, Index columns) {
    return {group, 0, count, rows, columns, block_range(rows, group.size(), group.rank())};
}

/// This rank's rows of whole row-major matrices.
inline DeviceView<double> own_part(const MatrixBatch& batch, const std::vector<double>& whole) {
    std::vector<double> part;
    for (Index matrix = 0; matrix < batch.count; ++matrix) {
        const auto begin = whole.begin() + matrix * batch.entries();
        part.insert(part.end(), begin + batch.own_rows.begin * batch.columns,
                    begin + batch.own_rows.end * batch.columns);
    }
    return to_device(part);
}

/// All rows of all matrices on every rank.
inline std::vector<double> whole_matrices(const MatrixBatch& batch,
                                          const DeviceView<double>& part) {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), part);
    std::vector<double> whole(static_cast<std::size_t>(batch.count * batch.entries()), 0.0);
    for (Index matrix = 0; matrix < batch.count; ++matrix) {
        std::copy_n(
            host.data() + matrix * batch.local_entries(), batch.local_entries(),
            whole.begin() + matrix * batch.entries() + batch.own_rows.begin * batch.columns);
    }
    batch.group.sum_in_place(whole.data(), static_cast<Index>(whole.size()));
    return whole;
}

inline std::vector<double> normal_numbers(Index count, std::uint64_t seed, double scale = 1.0) {
    std::vector<double> numbers;
    for (Index index = 0; index < count; ++index) {
        numbers.push_back(scale * Random(seed, 77).normal(index));
    }
    return numbers;
}

/// Chains that start at their measurement, in standard units; every chain has the measurement
/// `observation` (row-major), of which entries with mask 0 are missing (no mask: none).
inline MatrixChains make_chains(const MatrixBatch& batch, const std::vector<double>& observation,
                                const std::vector<double>& mask, double lambda) {
    MatrixBatch one = batch;
    one.count = 1;
    MatrixObservations measured;
    measured.values = own_part(one, observation);
    if (!mask.empty()) {
        const DeviceView<double> numbers = own_part(one, mask);
        measured.masked = true;
        measured.mask = allocate<std::uint8_t>("mask", one.local_entries());
        const DeviceView<std::uint8_t> flags = measured.mask;
        Kokkos::parallel_for(
            "mask", Kokkos::RangePolicy<>(0, one.local_entries()),
            KOKKOS_LAMBDA(Index entry) { flags(entry) = numbers(entry) != 0.0 ? 1 : 0; });
    }
    measured.of_matrix = allocate<Index>("measurements of the matrices", batch.count);
    Kokkos::deep_copy(measured.of_matrix, Index{0});
    MatrixChains chains(batch, measured);
    const Index entries = batch.local_entries();
    const DeviceView<double> phi = chains.phi;
    Kokkos::parallel_for(
        "start", Kokkos::RangePolicy<>(0, batch.local_size()),
        KOKKOS_LAMBDA(Index entry) { phi(entry) = measured.values(entry % entries); });
    chains.lambda.assign(static_cast<std::size_t>(batch.count), lambda);
    chains.refresh_spectrum();
    return chains;
}

/// Takes the measurements for counts, with the unit of their noise; the chains start at them.
inline void measure_counts(MatrixChains& chains, const PoissonLaw& law) {
    chains.observations.counts = true;
    chains.observations.counted = law;
    for (std::size_t matrix = 0; const double level : count_noise_levels(chains)) {
        chains.rho[matrix++] = 1.0 / level;
    }
    chains.scale(chains.rho);
}

}  // namespace tessera::test_sampling
