#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/app/problem_builder.hpp"
#include "tessera/app/run_report.hpp"

namespace tessera {

// Principal components: the data are samples, their features' covariance is what a method sees, and
// its eigenvectors are judged by what they tell of the samples.

/// The samples that data.covariance_over makes of the data, with the labels of [classify].
/// Collective; throws UsageError where the data cannot be samples, where labels and samples differ
/// in number, and where a class would be empty; IoError.
[[nodiscard]] SampleOutline outline_samples(const Communicator& communicator, const Study& study,
                                            const DataOutline& outline);

/// The outline of their covariance: its axes are the features' and, with "_2" at the end, the same
/// again.
[[nodiscard]] DataOutline outline_of_covariance(DataOutline outline, SampleOutline samples);

/// The process grid that samples are read on.
[[nodiscard]] Extents sample_grid(Index ranks, const Extents& shape);

/// Puts the covariance, on that partition, into the place of the samples, and that of the clean
/// samples into the place of the truth; returns the samples. Collective; throws MemoryError.
template <typename T>
[[nodiscard]] SampleData<T> take_covariance(Problem<T>& problem, const DataOutline& outline,
                                            const Partition& partition);

/// What the eigenvectors of an estimated covariance say about the samples.
struct SampleFindings {
    std::vector<Factor> factors;      ///< for result.h5
    std::vector<NamedValue> figures;  ///< accuracies, where there are labels
    std::vector<std::string> table;   ///< the same for the log
};

/// Leading eigenvectors of the estimate, the samples' projections on them and, with labels, how
/// well a linear support vector machine tells the classes apart by these, and by as many
/// eigenvectors of the observed covariance. Collective; throws ConvergenceError, MemoryError.
template <typename T>
[[nodiscard]] SampleFindings analyse_samples(const StudyProblem<T>& problem,
                                             const DenseTensor<T>& estimate, const Study& study);

/// Bytes of the largest rank beside the covariances themselves.
struct SampleMemory {
    double read = 0.0;      ///< samples as read
    double held = 0.0;      ///< samples while the method works
    double building = 0.0;  ///< beside what is held, while a covariance is made
    double analysis = 0.0;  ///< beside what is held, in `analyse_samples`
};
[[nodiscard]] SampleMemory sample_memory(const Study& study, const DataOutline& outline,
                                         const Extents& block, Index ranks, bool truth,
                                         std::size_t scalar_bytes);

}  // namespace tessera
