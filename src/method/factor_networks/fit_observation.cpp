#include "tessera/method/factor_networks/fit_observation.hpp"

#include <fmt/format.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "tessera/base/error.hpp"
#include "tessera/base/random.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/problem/validation_split.hpp"
#include "tessera/tensor/listed_contraction.hpp"

namespace tessera {
namespace {

using Host = Kokkos::DefaultHostExecutionSpace;
using Entries = Kokkos::RangePolicy<Host, Kokkos::IndexType<Index>>;

// Of random numbers: away from the streams of corruptions and starts.
constexpr std::uint32_t held_out_stream = 0x464E484FU;

/// The smaller of the numbers of an entry and of its mirror image, which say the same.
Index mirrored_number(Index number, Index side) {
    const Index row = number / side;
    const Index column = number % side;
    return std::min(row, column) * side + std::max(row, column);
}

template <typename Judge>
bool holds_out(Judge judge) {
    return judge == Judge::held_out || judge == Judge::held_out_pairs;
}

bool is_training(std::uint8_t role) { return static_cast<EntryRole>(role) == EntryRole::training; }

}  // namespace

template <typename T>
FitObservation<T>::FitObservation(const Communicator& communicator, const BlockPlace& place)
    : communicator_(communicator), place_(place), local_count_(place_.box.size()) {}

template <typename T>
FitObservation<T>::FitObservation(const Problem<T>& problem, Judge judge, double share,
                                  std::uint64_t seed)
    : FitObservation(problem.observation.communicator(),
                     {problem.observation.shape(), problem.observation.box()}) {
    const DenseTensor<T>& observation = problem.observation;
    whole_ = observation;
    fitted_ = observation;
    observation_ = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), observation.block());
    if (problem.mask || holds_out(judge)) {
        assign_roles(problem.mask, judge, 1.0 - share, seed);
    }
    all_data_.values = observation_.data();
    all_data_.roles = observed_roles_.extent(0) > 0 ? observed_roles_.data() : nullptr;
    data_ = all_data_;
    data_.roles = roles_.extent(0) > 0 ? roles_.data() : nullptr;
    summarise(problem.noise);
    if (judge == Judge::split) {
        fitted_ = training_part(observation, problem.noise, share, seed);
        training_ = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), fitted_->block());
        data_.values = training_.data();
        data_.observation = observation_.data();
        data_.share = share;
        validation_count_ = training_count_;
    }
    check_counts(judge);
}

template <typename T>
FitObservation<T>::FitObservation(const SparseProblem<T>& problem, Judge judge, double share,
                                  std::uint64_t seed)
    : FitObservation(problem.observation.communicator(),
                     {problem.observation.shape(), problem.observation.box()}) {
    TESSERA_ASSERT(judge != Judge::split, "a list is not split");
    agree(communicator_, [&] { offsets_ = block_offsets(problem.observation); });
    local_count_ = static_cast<Index>(offsets_.size());
    listed_ = true;
    observation_ =
        Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), problem.observation.values());
    if (holds_out(judge)) {
        assign_roles(std::nullopt, judge, 1.0 - share, seed);
    }
    all_data_.values = observation_.data();
    data_ = all_data_;
    data_.roles = roles_.extent(0) > 0 ? roles_.data() : nullptr;
    summarise(NoiseModel{});
    check_counts(judge);
}

template <typename T>
void FitObservation<T>::check_counts(Judge judge) const {
    if (training_count_ == 0.0 || (judge != Judge::nothing && validation_count_ == 0.0)) {
        throw UsageError(fmt::format(
            "of {:.0f} observed entries method factor_networks would fit {:.0f} and hold out "
            "{:.0f}, but it needs some of both: change method.validation_share, or use another "
            "method.validation",
            observed_count_, training_count_, validation_count_));
    }
}

template <typename T>
void FitObservation<T>::assign_roles(const std::optional<Mask>& observed_mask, Judge judge,
                                     double share, std::uint64_t seed) {
    const double held_share = holds_out(judge) ? share : 0.0;
    const bool pairs = judge == Judge::held_out_pairs;
    const Index count = local_count_;
    agree(communicator_, [&] {
        roles_ = allocate_host<std::uint8_t>("entry roles", count);
        observed_roles_ = held_share > 0.0 && observed_mask
                              ? allocate_host<std::uint8_t>("observed entries", count)
                              : (observed_mask ? roles_ : observed_roles_);
    });
    HostView<const std::uint8_t> mask;
    if (observed_mask) {
        mask = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), observed_mask->block());
    }
    const GlobalIndex global{place_.box, place_.box.shape(), place_.shape};
    const Index* offsets = listed_ ? offsets_.data() : nullptr;
    const Index side = pairs ? place_.shape.product(0, place_.shape.order() / 2) : 0;
    const Random random(seed, held_out_stream);
    const HostView<std::uint8_t> roles = roles_;
    const HostView<std::uint8_t> observed_roles = observed_roles_;
    Kokkos::parallel_for("tessera::assign_roles", Entries(0, count), [=](Index i) {
        const bool observed = mask.extent(0) == 0 || mask(i) != 0;
        const Index number = global(offsets == nullptr ? i : offsets[i]);
        const Index draw = pairs ? mirrored_number(number, side) : number;
        const bool held = held_share > 0.0 && random.uniform(draw) < held_share;
        if (observed_roles.extent(0) > 0) {
            observed_roles(i) =
                static_cast<std::uint8_t>(observed ? EntryRole::training : EntryRole::unused);
        }
        roles(i) = static_cast<std::uint8_t>(!observed ? EntryRole::unused
                                             : held    ? EntryRole::held_out
                                                       : EntryRole::training);
    });
    Host().fence("tessera::assign_roles");
}

template <typename T>
void FitObservation<T>::list_entries() {
    const auto observed = [&](Index i) {
        return all_data_.roles == nullptr || is_training(all_data_.roles[i]);
    };
    const auto listed = [&](auto from) {
        using Value = std::remove_const_t<std::remove_pointer_t<decltype(from)>>;
        HostView<Value> values;
        if (from != nullptr) {
            values = allocate_host<Value>("listed entries", static_cast<Index>(offsets_.size()));
            std::transform(offsets_.begin(), offsets_.end(), values.data(),
                           [from](Index offset) { return from[offset]; });
        }
        return values;
    };
    agree(communicator_, [&] {
        for (Index i = 0; i < local_count_; ++i) {
            if (observed(i)) {
                offsets_.push_back(i);
            }
        }
        fitted_ = whole_;  // A part of it is no longer needed as a whole.
        training_ = listed(data_.observation != nullptr ? data_.values : nullptr);
        roles_ = listed(data_.roles);
        observation_ = listed(all_data_.values);
        observed_roles_ = {};
    });
    listed_ = true;
    local_count_ = static_cast<Index>(offsets_.size());
    const bool split = data_.observation != nullptr;
    all_data_.values = observation_.data();
    all_data_.roles = nullptr;
    data_.values = split ? training_.data() : observation_.data();
    data_.observation = split ? observation_.data() : nullptr;
    data_.roles = roles_.extent(0) > 0 ? roles_.data() : nullptr;
}

template <typename T>
void FitObservation<T>::serialise_entries(Archive& archive, const std::string& name,
                                          T* values) const {
    if (!listed_) {
        archive.block(name, place_, values);
        return;
    }
    std::vector<T> block(static_cast<std::size_t>(place_.box.size()), T{0});
    for (std::size_t i = 0; i < offsets_.size(); ++i) {
        block[static_cast<std::size_t>(offsets_[i])] = values[i];
    }
    archive.block(name, place_, block.data());
    for (std::size_t i = 0; i < offsets_.size(); ++i) {
        values[i] = block[static_cast<std::size_t>(offsets_[i])];
    }
}

template <typename T>
void FitObservation<T>::summarise(const NoiseModel& noise) {
    const Box& box = place_.box;
    const Extents block = box.shape();
    const int band_mode =
        noise.sigma.size() <= 1 ? -1 : (noise.band_mode < 0 ? block.order() - 1 : noise.band_mode);
    const FitData<T> data = data_;
    const FitData<T> all = all_data_;
    double sums[3] = {};  // training, observed, noise
    double largest = 0.0;
    Kokkos::parallel_reduce(
        "tessera::summarise_fit", Entries(0, local_count_),
        [&](Index i, double& training, double& observed, double& power, double& maximum) {
            if (all.roles != nullptr && !is_training(all.roles[i])) {
                return;
            }
            training += data.roles == nullptr || is_training(data.roles[i]) ? 1.0 : 0.0;
            observed += 1.0;
            const auto value = static_cast<double>(all.values[i]);
            maximum = std::max(maximum, std::abs(value));
            if (noise.kind == NoiseModel::Kind::gaussian) {
                const Extents position = row_major_position(i, block);
                const double sigma =
                    noise.sigma[band_mode < 0 ? 0
                                              : static_cast<std::size_t>(box.begin[band_mode] +
                                                                         position[band_mode])];
                power += sigma * sigma;
            } else if (noise.kind == NoiseModel::Kind::poisson) {
                power += value / noise.peak + std::pow(noise.readout / noise.peak, 2);
            }
        },
        sums[0], sums[1], sums[2], Kokkos::Max<double>(largest));
    communicator_.sum_in_place(sums, 3);
    largest = communicator_.max(largest);
    training_count_ = sums[0];
    observed_count_ = sums[1];
    validation_count_ = observed_count_ - training_count_;
    noise_power_ = sums[2] / std::max(1.0, observed_count_);
    scale_ = largest > 0.0 ? largest : 1.0;
}

template class FitObservation<float>;
template class FitObservation<double>;

}  // namespace tessera
