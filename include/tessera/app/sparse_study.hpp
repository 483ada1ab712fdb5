#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/app/study.hpp"
#include "tessera/io/coordinate_file.hpp"
#include "tessera/problem/sparse_problem.hpp"

namespace tessera {

/// The files of a deck whose data are a list of entries, before an entry of them is read.
struct SparseOutline {
    CoordinateFile data;
    std::optional<CoordinateFile> test;
    std::vector<std::string> axes;
    CoordinateForecast expected;  ///< of the data
    std::string understood;       ///< a sentence for the log
};

/// Reads headers and checks everything that can be checked without the entries, that the method
/// takes such data among it. Collective; throws UsageError or IoError on all ranks alike.
[[nodiscard]] SparseOutline outline_sparse_data(const Communicator& communicator,
                                                const Study& study);

/// A SparseProblem and what the reports need beside it.
template <typename T>
struct SparseStudyProblem {
    SparseProblem<T> problem;
    std::optional<SparseTensor<T>> held_out;  ///< the test entries, on the same partition
    std::vector<std::string> remarks;         ///< sentences for the log
};

/// Reads the entries and shares them out. Collective; throws IoError, UsageError, MemoryError.
template <typename T>
[[nodiscard]] SparseStudyProblem<T> build_sparse_problem(const Communicator& communicator,
                                                         const Study& study);

}  // namespace tessera
