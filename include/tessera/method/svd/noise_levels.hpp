#pragma once

#include <optional>
#include <vector>

#include "tessera/method/svd/svd_options.hpp"
#include "tessera/method/working_matrix.hpp"
#include "tessera/problem/problem.hpp"

namespace tessera {

/// What is known of the noise on the matrix that is decomposed.
struct NoiseLevels {
    std::optional<double> white_sigma;  ///< the same standard deviation on every entry
    std::vector<double> column_sigma;   ///< one per column, where it is known to differ
};

/// From the options, else from the problem's noise model. Throws UsageError when the variance is to
/// be stabilised without a known peak, or when a list of levels does not match the columns.
template <typename T>
[[nodiscard]] NoiseLevels known_noise(const Problem<T>& problem, const SvdOptions& options,
                                      const WorkingMatrix<T>& matrix);

/// Replaces levels of 0 (constant columns) by the smallest positive one (1 when there is none), so
/// that they can be divided by.
void guard_noise_levels(std::vector<double>& sigma);

}  // namespace tessera
