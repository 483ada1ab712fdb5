#pragma once

#include <string>
#include <vector>

#include "tessera/app/problem_builder.hpp"
#include "tessera/app/run_output.hpp"

namespace tessera {

/// How often the truth lies between a method's quantiles.
struct IntervalCoverage {
    std::vector<NamedValue> figures;  ///< "coverage", and "missing_coverage" where entries lack
    std::vector<std::string> table;
};

/// Empty without a truth or without quantile maps. Collective.
template <typename T>
[[nodiscard]] IntervalCoverage judge_intervals(const StudyProblem<T>& study,
                                               const RunAnswer<T>& answer);

}  // namespace tessera
