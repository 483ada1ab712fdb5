// What a nuclear-norm run gives and keeps: estimate, maps, factors, checkpoints.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tessera/base/profile.hpp"
#include "tessera/method/nuclear_norm/nuclear_norm_method.hpp"
#include "tessera/method/replicated_factor.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

// out = sum / weights. (nvcc takes no kernel in a member that is private.)
template <typename T>
void divide(const DeviceView<double>& sum, const DeviceView<double>& weights,
            const DeviceView<T>& out) {
    Kokkos::parallel_for(
        "tessera::mean_of_matrices", Kokkos::RangePolicy<>(0, out.extent(0)),
        KOKKOS_LAMBDA(Index entry) { out(entry) = static_cast<T>(sum(entry) / weights(entry)); });
}

// Sums over chains of one matrix where it meets this rank's block (of the mean, or of all fields),
// turned into mean, standard deviation and quantiles, and added to what overlapping matrices gave.
void add_matrix(const std::vector<DeviceView<double>>& sums, const Box& meeting, Index chains,
                const Box& block, const std::vector<DeviceView<double>>& totals,
                const DeviceView<double>& weights) {
    const auto count = static_cast<double>(chains);
    const Extents shape = meeting.shape();
    const Extents block_shape = block.shape();
    Extents shift = meeting.begin;
    for (int mode = 0; mode < shift.order(); ++mode) {
        shift[mode] -= block.begin[mode];
    }
    const std::size_t fields = sums.size();
    std::array<DeviceView<double>, 4> in;
    std::array<DeviceView<double>, 4> out;
    std::copy_n(sums.begin(), fields, in.begin());
    std::copy_n(totals.begin(), fields, out.begin());
    const bool spread = fields > 1;
    const bool quantiles = fields == 4;
    Kokkos::parallel_for(
        "tessera::add_matrix", Kokkos::RangePolicy<>(0, shape.product()),
        KOKKOS_LAMBDA(Index entry) {
            Extents position = row_major_position(entry, shape);
            for (int mode = 0; mode < shape.order(); ++mode) {
                position[mode] += shift[mode];
            }
            const Index target = row_major_offset(position, block_shape);
            const double mean = in[0](entry) / count;
            out[0](target) += mean;
            if (spread) {
                const double variance = in[1](entry) / count - mean * mean;
                out[1](target) += variance > 0.0 ? Kokkos::sqrt(variance) : 0.0;
            }
            if (quantiles) {
                out[2](target) += in[2](entry) / count;
                out[3](target) += in[3](entry) / count;
            }
            weights(target) += 1.0;
        });
}

void add_to(const DeviceView<double>& sum, const DeviceView<double>& more) {
    Kokkos::parallel_for(
        "tessera::add_to", Kokkos::RangePolicy<>(0, static_cast<Index>(sum.size())),
        KOKKOS_LAMBDA(Index entry) { sum(entry) += more(entry); });
}

std::vector<DeviceView<double>> zeros(const Communicator& communicator, std::size_t count,
                                      Index size) {
    std::vector<DeviceView<double>> result(count);
    agree(communicator, [&] {
        for (DeviceView<double>& view : result) {
            view = allocate<double>("posterior fields", size);
            Kokkos::deep_copy(view, 0.0);
        }
    });
    return result;
}

// Numbers of each unit, kept by the first rank of each group and handed on within it.
void archive_units(Archive& archive, const std::string& name, Index width,
                   const ChainGroups& groups, std::vector<double>& numbers) {
    const Range units = groups.own_units();
    const bool first_rank = groups.group().rank() == 0;
    const Index end = first_rank ? units.end : units.begin;
    archive.block(name, {{groups.unit_count(), width}, {{units.begin, 0}, {end, width}}},
                  numbers.data());
    if (archive.loading()) {
        groups.group().broadcast(numbers.data(), static_cast<Index>(numbers.size()));
    }
}

}  // namespace

template <typename T>
std::vector<DenseTensor<T>> NuclearNormMethod<T>::fields(PosteriorMoments::Fields wanted) const {
    const Phase phase("nuclear_norm/estimate");
    const ChainGroups& groups = exchange_.groups();
    const Communicator& communicator = problem_.observation.communicator();
    // Before the first draw that counts, the chains' present state is shown.
    PosteriorMoments present(chains_.batch, 0.0);
    if (moments_.draws() == 0) {
        present.add(chains_);
    }
    const PosteriorMoments& moments = moments_.draws() == 0 ? present : moments_;
    const auto own = moments.sums(chains_.observations, groups.own_matrices().size(), wanted);
    const Box& block = problem_.observation.box();
    const auto totals = zeros(communicator, own.size() + 1, block.size());
    for (Index matrix = 0; matrix < exchange_.layout().count(); ++matrix) {
        const Box meeting = exchange_.meeting(matrix);
        const auto sums = zeros(communicator, own.size(), meeting.size());
        const auto part = zeros(communicator, own.size(), meeting.size());
        const Range holders = groups.groups_of(matrix);
        for (Index group = holders.begin; group < holders.end; ++group) {
            exchange_.collect(matrix, static_cast<int>(group), own, part);
            for (std::size_t field = 0; field < sums.size(); ++field) {
                add_to(sums[field], part[field]);
            }
        }
        add_matrix(sums, meeting, groups.chains(), block, totals, totals.back());
    }
    std::vector<DenseTensor<T>> result;
    for (std::size_t field = 0; field < own.size(); ++field) {
        std::optional<DenseTensor<T>> tensor;
        agree(communicator,
              [&] { tensor.emplace("nuclear norm estimate", problem_.observation.partition()); });
        divide(totals[field], totals.back(), tensor->block());
        result.push_back(scale_bands(*tensor, noise_, 1));
    }
    return result;
}

template <typename T>
DenseTensor<T> NuclearNormMethod<T>::estimate() const {
    return fields(PosteriorMoments::Fields::mean).front();
}

template <typename T>
std::vector<EstimateMap<T>> NuclearNormMethod<T>::maps() const {
    const std::vector<DenseTensor<T>> all = fields(PosteriorMoments::Fields::all);
    using Kind = typename EstimateMap<T>::Kind;
    std::vector<EstimateMap<T>> result = {{Kind::standard_deviation, "standard_deviation", all[1]}};
    if (all.size() == 4) {
        const double low = 0.5 * (1.0 - options_.interval);
        result.push_back({Kind::lower_quantile, fmt::format("quantile_{:.4g}", low), all[2]});
        result.push_back({Kind::upper_quantile, fmt::format("quantile_{:.4g}", 1.0 - low), all[3]});
    }
    return result;
}

template <typename T>
std::vector<Factor> NuclearNormMethod<T>::factors() const {
    const Communicator& communicator = problem_.observation.communicator();
    const std::vector<double> traces = records_.gather(communicator);
    return {replicated_factor(communicator, "traces", records_.shape(), traces)};
}

template <typename T>
BlockPlace NuclearNormMethod<T>::place(Index rows, Index columns, const Range& own_rows) const {
    const ChainGroups& groups = exchange_.groups();
    const Range units = groups.own_units();
    return {{groups.unit_count(), rows, columns},
            {{units.begin, own_rows.begin, 0}, {units.end, own_rows.end, columns}}};
}

template <typename T>
void NuclearNormMethod<T>::serialise(Archive& archive) {
    const MatrixBatch& batch = chains_.batch;
    const ChainGroups& groups = exchange_.groups();
    archive.value("steps_done", steps_done_);
    const BlockPlace matrices = place(batch.rows, batch.columns, batch.own_rows);
    const auto phi = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), chains_.phi);
    archive.block("phi", matrices, phi.data());
    // The spectrum as it is: computed anew, it would differ by rounding.
    archive_units(archive, "singular_values", batch.columns, groups,
                  chains_.spectrum.singular_values);
    std::vector<double> vectors(chains_.spectrum.vectors.size());
    const Kokkos::View<double*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> host(
        vectors.data(), vectors.size());
    Kokkos::deep_copy(host, chains_.spectrum.vectors);
    archive_units(archive, "singular_vectors", batch.columns * batch.columns, groups, vectors);
    archive_units(archive, "penalty", 1, groups, chains_.lambda);
    archive_units(archive, "inverse_noise", 1, groups, chains_.rho);
    std::vector<double> learnt = kernel_->learnt();
    archive_units(archive, "kernel", kernel_->learnt_width(), groups, learnt);
    {
        const ArchiveGroup group(archive, "moments");
        moments_.serialise(archive, matrices);
    }
    records_.serialise(archive);
    if (archive.loading()) {
        Kokkos::deep_copy(chains_.phi, phi);
        Kokkos::deep_copy(chains_.spectrum.vectors, host);
        kernel_->restore(learnt);
        sums_ = scale_sums(chains_);
    }
}

template class NuclearNormMethod<float>;
template class NuclearNormMethod<double>;

}  // namespace tessera
