#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/app/study.hpp"
#include "tessera/problem/problem.hpp"
#include "tessera/problem/scaling.hpp"
#include "tessera/tensor/sparse_tensor.hpp"

namespace tessera {

/// What the data look like before an entry of them is read.
struct DataOutline {
    Extents shape;
    std::vector<std::string> axes;
    std::string understood;           ///< a sentence for the log
    std::vector<double> wavelengths;  ///< of the bands; may be empty
    std::string wavelength_unit;
    std::vector<double> spacing;  ///< of each mode, with origin and units; may be empty
    std::vector<double> origin;
    std::vector<std::string> units;
    std::string source;                 ///< the file's path; empty for simulated data
    double file_bytes_per_entry = 0.0;  ///< read for each entry of the tensor
};

/// A Problem and what the reports need beside it.
template <typename T>
struct StudyProblem {
    DataOutline outline;
    Problem<T> problem;
    Scaling scaling;
    std::optional<SparseTensor<T>> held_out;  ///< entries that the method does not see
    std::vector<std::string> remarks;         ///< sentences for the log
};

/// Reads headers and checks everything that can be checked without the data: shapes, ranks, grid,
/// mask, truth. Collective; throws UsageError or IoError on all ranks alike.
[[nodiscard]] DataOutline outline_data(const Communicator& communicator, const Study& study);

/// The grid of the deck, or the one that suits the method. Throws UsageError.
[[nodiscard]] ProcessGrid choose_grid(const Communicator& communicator, const Study& study,
                                      const DataOutline& outline);

/// Reads or simulates the data, scales and corrupts them. Collective. NaN and infinite values that
/// are not declared missing are an IoError with their number and the first position; data of which
/// nothing is observed are a UsageError.
template <typename T>
[[nodiscard]] StudyProblem<T> build_problem(const Communicator& communicator, const Study& study);

}  // namespace tessera
