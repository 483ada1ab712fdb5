#include "tessera/method/factor_networks/ended_fits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tessera {

bool EndedFits::add(double score, Index steps) {
    const bool better =
        scores_.empty() || score < *std::min_element(scores_.begin(), scores_.end());
    if (better) {
        best_ = count();
        steps_ = steps;
    }
    scores_.push_back(score);
    return better;
}

std::string EndedFits::describe() const {
    const auto count = static_cast<double>(scores_.size());
    double mean = 0.0;
    double square = 0.0;
    for (const double score : scores_) {
        mean += score / count;
    }
    for (const double score : scores_) {
        square += (score - mean) * (score - mean) / (count - 1.0);
    }
    return fmt::format("{} fits: mean {:.6g}, standard deviation {:.3g}; fit {} is the best",
                       scores_.size(), mean, std::sqrt(square), best_ + 1);
}

void EndedFits::serialise(Archive& archive) {
    archive.value("scores", scores_);
    archive.value("answer_fit", best_);
    archive.value("answer_steps", steps_);
}

}  // namespace tessera
