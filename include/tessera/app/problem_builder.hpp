#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/app/study.hpp"
#include "tessera/problem/problem.hpp"
#include "tessera/problem/scaling.hpp"
#include "tessera/tensor/sparse_tensor.hpp"

namespace tessera {

/// Samples whose covariance takes the data's place (data.covariance_over).
struct SampleOutline {
    Extents shape;
    std::vector<std::string> axes;
    int mode = 0;               ///< that counts the samples
    std::vector<Index> labels;  ///< of [classify]; may be empty
};

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
    /// What is read where shape and axes are those of a covariance.
    std::optional<SampleOutline> samples;

    /// The tensor that is read.
    [[nodiscard]] const Extents& read_shape() const { return samples ? samples->shape : shape; }
    [[nodiscard]] const std::vector<std::string>& read_axes() const {
        return samples ? samples->axes : axes;
    }
};

/// Samples as they were measured (and corrupted).
template <typename T>
struct SampleData {
    DenseTensor<T> values;
    int mode = 0;
    std::vector<double> mean;  ///< of each feature
};

/// A Problem and what the reports need beside it.
template <typename T>
struct StudyProblem {
    DataOutline outline;
    Problem<T> problem;
    Scaling scaling;
    std::optional<SparseTensor<T>> held_out;  ///< entries that the method does not see
    std::vector<std::string> remarks;         ///< sentences for the log
    /// Where the problem is their covariance.
    std::optional<SampleData<T>> samples = std::nullopt;
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
