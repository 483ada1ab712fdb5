#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/app/problem_builder.hpp"
#include "tessera/app/sparse_study.hpp"
#include "tessera/app/study.hpp"

namespace tessera {

/// What a run will need on a number of ranks, from headers and options alone.
struct RunPlan {
    Index ranks = 1;
    Extents grid;
    std::string grid_reason;
    Extents block;                    ///< of the largest rank
    std::vector<PhaseMemory> phases;  ///< whole memory of the largest rank's process in each part
    std::optional<StepTraffic> traffic;
    double result_bytes = 0.0;               ///< on the disk, before compression
    std::optional<double> checkpoint_bytes;  ///< on the disk, both files

    /// The part of the run with the highest memory.
    [[nodiscard]] const PhaseMemory& peak() const;
};

/// Plans a run on `ranks` ranks. `base_bytes` is what a process holds before it has any data: its
/// own high-water mark once MPI, Kokkos and SLEPc have started. Throws UsageError.
[[nodiscard]] RunPlan plan_run(const Study& study, const DataOutline& outline, Index ranks,
                               double base_bytes);
/// The same for a list of entries, as many and as far as its file was looked at.
[[nodiscard]] RunPlan plan_run(const Study& study, const SparseOutline& outline, Index ranks,
                               double base_bytes);

}  // namespace tessera
