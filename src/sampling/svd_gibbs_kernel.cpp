#include "tessera/sampling/svd_gibbs_kernel.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "tessera/base/error.hpp"

namespace tessera {
namespace {

constexpr std::uint32_t sweep_stream = 510;

// The sampler's values have no order; those of a spectrum descend.
void write_spectrum(const SvdGibbs& sampler, double* values, double* vectors) {
    const std::vector<double>& unsorted = sampler.singular_values();
    std::vector<std::size_t> order(unsorted.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return unsorted[a] > unsorted[b]; });
    for (std::size_t place = 0; place < order.size(); ++place) {
        values[place] = unsorted[order[place]];
        std::copy_n(sampler.left().data() + order[place] * order.size(), order.size(),
                    vectors + place * order.size());
    }
}

/// Standard normal numbers become the missing measurements, given the chains; what was measured
/// takes the place of the others. (A kernel stands apart, for nvcc takes none in a private member.)
void complete_measurements(const MatrixChains& chains, const DeviceView<double>& completed) {
    const Index entries = chains.batch.local_entries();
    const MatrixObservations& measured = chains.observations;
    const DeviceView<double> rho = to_device(chains.rho);
    const DeviceView<double> phi = chains.phi;
    for_each_entry(
        "tessera::complete_measurements", chains.batch, KOKKOS_LAMBDA(Index matrix, Index local) {
            const Index entry = matrix * entries + local;
            completed(entry) = measured.observed(matrix, local, entries)
                                   ? rho(matrix) * measured.value(matrix, local, entries)
                                   : phi(entry) + completed(entry);
        });
}

}  // namespace

SvdGibbsKernel::SvdGibbsKernel(const MatrixBatch& batch, std::uint64_t seed)
    : MatrixKernel(batch, StepSize(), seed),
      seed_(seed),
      // A row-major matrix is its transpose column-major, whose rows are the short side.
      samplers_(static_cast<std::size_t>(batch.count), SvdGibbs(batch.columns, batch.rows)),
      width_(static_cast<Index>(SvdGibbs(batch.columns, batch.rows).state().size())),
      completed_(allocate<double>("completed measurements", batch.local_size())) {
    TESSERA_ASSERT(batch.group.size() == 1, "SVD-Gibbs has whole matrices on a rank");
}

void SvdGibbsKernel::advance(MatrixChains& chains, Index step, bool warm_up) {
    TESSERA_ASSERT(!chains.observations.counts, "SVD-Gibbs has Gaussian noise");
    const MatrixBatch& batch = chains.batch;
    const Index entries = batch.local_entries();
    const Index square = batch.columns * batch.columns;
    if (chains.observations.masked) {
        draw_normal(batch, step, completed_);
    }
    complete_measurements(chains, completed_);
    // The sampler is host code; where there is no GPU these are the arrays themselves.
    const auto phi = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), chains.phi);
    const auto y = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), completed_);
    const auto vectors =
        Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), chains.spectrum.vectors);
    std::vector<double> acceptance;
    for (Index matrix = 0; matrix < batch.count; ++matrix) {
        SvdGibbs& sampler = samplers_[static_cast<std::size_t>(matrix)];
        if (step == 0) {
            Matrix start(batch.columns, batch.rows);
            std::copy_n(phi.data() + matrix * entries, entries, start.data());
            sampler.start(start);
        }
        RandomSequence random(seed_, sweep_stream, batch.first + matrix,
                              static_cast<std::uint32_t>(step));
        acceptance.push_back(sampler.advance(y.data() + matrix * entries,
                                             chains.lambda[static_cast<std::size_t>(matrix)],
                                             random, warm_up));
        sampler.form(phi.data() + matrix * entries);
        write_spectrum(sampler, chains.spectrum.values(matrix), vectors.data() + matrix * square);
    }
    Kokkos::deep_copy(chains.phi, phi);
    Kokkos::deep_copy(chains.spectrum.vectors, vectors);
    set_acceptance(std::move(acceptance));
}

void SvdGibbsKernel::scaled(const std::vector<double>& factors) {
    for (std::size_t matrix = 0; matrix < samplers_.size(); ++matrix) {
        samplers_[matrix].scale(factors[matrix]);
    }
}

std::vector<double> SvdGibbsKernel::learnt() const {
    std::vector<double> numbers;
    for (const SvdGibbs& sampler : samplers_) {
        const std::vector<double> state = sampler.state();
        numbers.insert(numbers.end(), state.begin(), state.end());
    }
    return numbers;
}

void SvdGibbsKernel::restore(const std::vector<double>& learnt) {
    const auto width = static_cast<std::ptrdiff_t>(width_);
    for (std::size_t matrix = 0; matrix < samplers_.size(); ++matrix) {
        const auto begin = learnt.begin() + static_cast<std::ptrdiff_t>(matrix) * width;
        samplers_[matrix].restore({begin, begin + width});
    }
}

}  // namespace tessera
