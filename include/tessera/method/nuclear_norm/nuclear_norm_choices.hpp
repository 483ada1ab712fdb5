#pragma once

#include <vector>

#include "tessera/method/nuclear_norm/matrix_layout.hpp"
#include "tessera/method/nuclear_norm/nuclear_norm_options.hpp"

namespace tessera {

/// The options with likelihood = "auto" and sampler = "auto" replaced by what suits the matrices: a
/// choice by the problem alone, so that draws do not depend on the number of ranks. `counts`: the
/// problem's noise is that of counts of a known peak. Throws UsageError where the sampler that was
/// asked for cannot sample the posterior that was asked for.
[[nodiscard]] NuclearNormOptions with_choices(NuclearNormOptions options,
                                              const MatrixLayout& layout, bool masked, bool counts);

/// The norm's weight for each of `columns` singular values. Throws UsageError where there are more
/// weights than singular values.
[[nodiscard]] std::vector<double> singular_value_weights(const NuclearNormOptions& options,
                                                         Index columns);

}  // namespace tessera
