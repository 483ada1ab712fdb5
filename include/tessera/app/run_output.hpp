#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tessera/app/problem_builder.hpp"
#include "tessera/app/run_report.hpp"
#include "tessera/method/method.hpp"

namespace tessera {

/// What a finished run has found.
template <typename T>
struct RunAnswer {
    DenseTensor<T> estimate;
    std::vector<EstimateMap<T>> maps;
    std::vector<Factor> factors;

    /// The map of a kind; null where there is none.
    [[nodiscard]] const DenseTensor<T>* map(typename EstimateMap<T>::Kind kind) const {
        const auto found = std::find_if(maps.begin(), maps.end(),
                                        [kind](const auto& map) { return map.kind == kind; });
        return found == maps.end() ? nullptr : &found->tensor;
    }
};

/// Writes result.h5 of a finished run: arrays, factors, manifest. Collective; IoError.
template <typename T>
void write_result(const std::string& path, const StudyProblem<T>& study,
                  const OutputOptions& options, const RunAnswer<T>& answer,
                  const std::string& manifest);

/// Writes result.h5 of a run whose estimate is never formed: factors and manifest. Collective;
/// IoError.
void write_factors(const Communicator& communicator, const std::string& path,
                   const std::vector<std::string>& axes, const std::vector<Factor>& factors,
                   const std::string& manifest);

/// A line per entry, each rank its own: position in each mode (from 0), value, prediction; as the
/// factor "test_entries". Collective.
template <typename T>
[[nodiscard]] Factor prediction_table(const SparseTensor<T>& entries,
                                      const std::vector<double>& predictions);

/// Writes picture.png and, from metrics.jsonl, convergence.png. Collective; IoError.
template <typename T>
void write_pictures(const std::string& folder, const std::string& title,
                    const StudyProblem<T>& study, const RunAnswer<T>& answer,
                    const std::vector<std::string>& caption);

/// Times of all phases over all ranks, a line each on rank 0 (collective).
[[nodiscard]] std::vector<std::string> format_profile(const Communicator& communicator);

}  // namespace tessera
