#include "tessera/method/nuclear_norm/chain_records.hpp"

#include <algorithm>
#include <cmath>

namespace tessera {

ChainRecords::ChainRecords(const ChainGroups& groups, Index matrices,
                           const NuclearNormOptions& options)
    : groups_(groups),
      distance_((matrices + options.traced_matrices - 1) / options.traced_matrices),
      traced_units_((matrices + distance_ - 1) / distance_ * groups.chains()),
      warm_up_(options.warm_up),
      steps_(options.steps()),
      maximum_r_hat_(options.maximum_r_hat),
      minimum_effective_draws_(options.minimum_effective_draws) {
    const bool first_rank = groups_.group().rank() == 0;
    own_.assign(
        static_cast<std::size_t>(first_rank ? own_traced().size() * ChainState::count * steps_ : 0),
        0.0);
}

bool ChainRecords::traced(Index unit) const { return unit / groups_.chains() % distance_ == 0; }

Index ChainRecords::traced_number(Index unit) const {
    return unit / groups_.chains() / distance_ * groups_.chains() + unit % groups_.chains();
}

// Units are traced in the order of their numbers, so that a group's are next to each other.
Range ChainRecords::own_traced() const {
    const Range units = groups_.own_units();
    const auto before = [&](Index unit) {
        const Index matrix = unit / groups_.chains();
        const Index whole = (matrix + distance_ - 1) / distance_ * groups_.chains();
        return matrix % distance_ == 0 ? whole + unit % groups_.chains() : whole;
    };
    return {before(units.begin), before(units.end)};
}

void ChainRecords::keep(Index unit, Index step, const ChainState& state) {
    if (own_.empty()) {
        return;
    }
    const Index row = traced_number(unit) - own_traced().begin;
    const auto numbers = state.numbers();
    for (Index number = 0; number < ChainState::count; ++number) {
        own_[static_cast<std::size_t>((row * ChainState::count + number) * steps_ + step)] =
            numbers[static_cast<std::size_t>(number)];
    }
}

Extents ChainRecords::shape() const { return {traced_units_, ChainState::count, steps_}; }

std::vector<double> ChainRecords::gather(const Communicator& communicator) const {
    std::vector<double> all(static_cast<std::size_t>(shape().product()), 0.0);
    std::copy(own_.begin(), own_.end(),
              all.begin() + own_traced().begin * ChainState::count * steps_);
    communicator.sum_in_place(all.data(), static_cast<Index>(all.size()));
    return all;
}

ConvergenceSummary ChainRecords::judge(const std::vector<double>& traces) const {
    ConvergenceSummary summary;
    const auto draws = static_cast<double>(groups_.chains() * (steps_ - warm_up_));
    summary.least_bulk = summary.least_tail = draws;
    Index failed = 0;
    for (Index first = 0; first < traced_units_; first += groups_.chains()) {
        for (Index number = 0; number < ChainState::count; ++number) {
            Chains chains;
            for (Index chain = 0; chain < groups_.chains(); ++chain) {
                const auto begin =
                    traces.begin() + ((first + chain) * ChainState::count + number) * steps_;
                chains.emplace_back(begin + warm_up_, begin + steps_);
            }
            const double r_hat = split_r_hat(chains);
            const double bulk = bulk_effective_size(chains);
            const double tail = tail_effective_size(chains);
            if (std::isnan(r_hat) || std::isnan(bulk) || std::isnan(tail)) {
                continue;
            }
            ++summary.judged;
            summary.worst_r_hat = std::max(summary.worst_r_hat, r_hat);
            summary.least_bulk = std::min(summary.least_bulk, bulk);
            summary.least_tail = std::min(summary.least_tail, tail);
            failed +=
                r_hat > maximum_r_hat_ || std::min(bulk, tail) < minimum_effective_draws_ ? 1 : 0;
        }
    }
    summary.share_failed =
        static_cast<double>(failed) / static_cast<double>(std::max<Index>(1, summary.judged));
    return summary;
}

void ChainRecords::serialise(Archive& archive) {
    const Range range = own_traced();
    const Index begin = range.begin;
    const Index end = own_.empty() ? range.begin : range.end;
    archive.block("traces", {shape(), {{begin, 0, 0}, {end, ChainState::count, steps_}}},
                  own_.data());
}

}  // namespace tessera
