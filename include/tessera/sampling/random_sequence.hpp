#pragma once

#include <cstdint>

#include "tessera/base/error.hpp"
#include "tessera/base/random.hpp"

namespace tessera {

/// Random numbers one after the other, for samplers that do not know beforehand how many they will
/// need (rejection): a pure function of (seed, stream, index, step) and of how many were drawn
/// before, hence of nothing that depends on ranks or threads. It has no state worth saving: the
/// next step makes a new one.
///
/// The position in the sequence takes the upper 28 of the 64 bits of Random's index, so indices
/// must be below 2^36, and one sequence has 2^28 blocks (a block is one uniform number or two
/// normal ones). A plain Random must not use the same stream with indices from 2^36 on.
class RandomSequence {
  public:
    static constexpr Index index_limit = Index{1} << 36;
    static constexpr std::uint64_t block_limit = std::uint64_t{1} << 28;

    RandomSequence(std::uint64_t seed, std::uint32_t stream, Index index, std::uint32_t step)
        : random_(seed, stream), index_(static_cast<std::uint64_t>(index)), step_(step) {
        TESSERA_ASSERT(index >= 0 && index < index_limit,
                       "the index of a random sequence is below 2^36");
    }

    /// Uniform on the open interval (0, 1).
    double uniform() { return random_.uniform(next_block(), step_); }

    /// Standard normal.
    double normal() {
        if (has_spare_) {
            has_spare_ = false;
            return spare_;
        }
        const auto pair = random_.normal_pair(next_block(), step_);
        spare_ = pair.second;
        has_spare_ = true;
        return pair.first;
    }

  private:
    Index next_block() {
        TESSERA_ASSERT(block_ < block_limit, "a random sequence is used up");
        return static_cast<Index>(index_ | (block_++ << 36U));
    }

    Random random_;
    std::uint64_t index_;
    std::uint32_t step_;
    std::uint64_t block_ = 0;
    double spare_ = 0.0;
    bool has_spare_ = false;
};

}  // namespace tessera
