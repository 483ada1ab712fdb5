#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tessera/base/archive.hpp"
#include "tessera/base/types.hpp"

namespace tessera {

/// The fits that have ended, one per restart, and what the best of them found. The same on all
/// ranks.
class EndedFits {
  public:
    /// The next fit has ended with this figure (smaller is better), after so many steps up to its
    /// best one. True when it is the best so far.
    bool add(double score, Index steps);

    /// The best fit (0, 1, ..), and its steps up to the best one.
    [[nodiscard]] Index best() const { return best_; }
    [[nodiscard]] Index steps() const { return steps_; }
    [[nodiscard]] Index count() const { return static_cast<Index>(scores_.size()); }
    /// "5 fits: mean .., standard deviation ..; fit 3 is the best"; of two or more.
    [[nodiscard]] std::string describe() const;

    void serialise(Archive& archive);

  private:
    std::vector<double> scores_;
    Index best_ = 0;
    Index steps_ = 0;
};

}  // namespace tessera
