#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/app/problem_builder.hpp"
#include "tessera/app/runner.hpp"
#include "tessera/problem/quality.hpp"

namespace tessera {

/// One line of the quality table: an image of the truth and the entries that were counted.
struct QualityRow {
    std::string name;     ///< "input", "estimate"
    std::string entries;  ///< "all", "observed", "missing"
    Quality quality;
};

/// Quality of the input and of the estimate against the truth: over all entries, and apart for
/// observed and missing ones where some are missing. Empty without a truth. Collective.
template <typename T>
[[nodiscard]] std::vector<QualityRow> judge_all(const StudyProblem<T>& study,
                                                const DenseTensor<T>& estimate, double range);

/// The few figures for metrics.jsonl, of the estimate over all entries, without SSIM; where some
/// are missing also the PSNR of these. Collective.
template <typename T>
[[nodiscard]] std::vector<NamedValue> judge_briefly(const StudyProblem<T>& study,
                                                    const DenseTensor<T>& estimate, double range);

/// The table as text, a line each.
[[nodiscard]] std::vector<std::string> format_quality(const std::vector<QualityRow>& rows);

/// Every figure that [expect] and summary.json know, by name: "psnr" is the estimate's over all
/// entries, "missing_psnr" over the missing ones, "input_psnr" the input's.
[[nodiscard]] std::vector<NamedValue> named_quality(const std::vector<QualityRow>& rows);

/// A sentence for each expectation of the deck that is missed.
[[nodiscard]] std::vector<std::string> missed_expectations(
    const std::vector<Expectation>& expectations, const std::vector<NamedValue>& values);

}  // namespace tessera
