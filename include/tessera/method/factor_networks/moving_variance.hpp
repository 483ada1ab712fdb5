#pragma once

#include <cstdint>
#include <vector>

#include "tessera/base/archive.hpp"
#include "tessera/parallel/uneven_partition.hpp"

namespace tessera {

/// How much the estimate still moves: the exponentially weighted variance of its last states (Wang
/// et al. 2023, Early stopping for deep image prior, ES-EMV), which is least when the signal has
/// been fitted and the noise has not. Taken at a random sample of the entries, so that nothing of
/// the tensor's size is kept.
class MovingVariance {
  public:
    /// A sample keyed by (seed, number); the same on any number of ranks.
    MovingVariance(const UnevenPartition& partition, std::uint64_t seed);

    /// Row-major places in this rank's block of its share of the sample, ascending.
    [[nodiscard]] const std::vector<Index>& offsets() const { return offsets_; }
    /// Sum of squared distances of the estimate at these places from its running mean, on this
    /// rank.
    template <typename T>
    [[nodiscard]] double distance(const std::vector<T>& values) const;
    /// The next state: its values, and the distance summed over all ranks. Returns the variance per
    /// entry.
    template <typename T>
    double update(const std::vector<T>& values, double distance);

    /// Forgets all states.
    void restart();
    /// Collective.
    void serialise(Archive& archive);

  private:
    Communicator communicator_;
    Index count_;  ///< of the whole sample
    std::vector<Index> offsets_;
    std::vector<Index> numbers_;  ///< in the whole sample
    std::vector<double> mean_;
    double variance_ = 0.0;
    bool started_ = false;
};

}  // namespace tessera
