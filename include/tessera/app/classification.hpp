#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/app/deck_options.hpp"
#include "tessera/linalg/matrix.hpp"

namespace tessera {

/// Which samples a classifier learns from; the others judge it.
using TrainingSet = std::vector<bool>;

/// Of each class the nearest whole number to `share` of its samples, drawn by `seed` and `split`.
/// Throws UsageError where a class would have no sample on one side, and where there is one class
/// only.
[[nodiscard]] TrainingSet draw_training_set(const std::vector<Index>& labels, double share,
                                            std::uint64_t seed, Index split);

/// The share of the other samples that a linear support vector machine (libsvm's C-SVC, one
/// against one) labels rightly. `features` is samples x features; each feature is shifted and
/// scaled to mean 0 and standard deviation 1 over the training samples. Not collective.
[[nodiscard]] double svm_accuracy(const Matrix& features, const std::vector<Index>& labels,
                                  const TrainingSet& training, double cost);

}  // namespace tessera
