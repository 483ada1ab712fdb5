#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/method/factor_networks/factor_layout.hpp"
#include "tessera/parallel/uneven_partition.hpp"
#include "tessera/problem/problem.hpp"
#include "tessera/problem/sparse_problem.hpp"

namespace tessera {

/// What a fit knows of its data beside their values.
struct FitFrame {
    UnevenPartition partition;
    std::optional<Partition> dense;  ///< none: a list of entries, of which no estimate is formed
    std::vector<std::string> axes;
    NoiseModel noise;
    bool complete = true;  ///< no entry is missing
};

template <typename T>
[[nodiscard]] FitFrame frame_of(const Problem<T>& problem) {
    const Partition& partition = problem.observation.partition();
    return {partition, partition, problem.axes, problem.noise, !problem.mask};
}

template <typename T>
[[nodiscard]] FitFrame frame_of(const SparseProblem<T>& problem) {
    return {problem.observation.partition(), std::nullopt, problem.axes, NoiseModel{}, false};
}

/// Throws UsageError for what does not suit such data: extents, the grid, a basis where entries are
/// missing or held out; of a list of entries all that needs a noise model, a number for every
/// position, or the tensor as a whole.
void check_frame(const FitFrame& frame, const FactorLayout& layout,
                 const FactorNetworksOptions& options,
                 FactorNetworksOptions::Validation validation);

}  // namespace tessera
