#include "tessera/app/run_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/base/profile.hpp"

namespace tessera {
namespace {

template <typename T>
Quality quality_of(const StudyProblem<T>& study, const DenseTensor<T>& image,
                   QualityEntries entries, double range, bool want_ssim) {
    QualityOptions options;
    options.range = range;
    options.entries = entries;
    options.want_ssim = want_ssim;
    const AxisRoles roles = axis_roles(study.problem.axes, image.order());
    return evaluate_quality(*study.problem.truth, image, study.problem.mask, roles, options);
}

template <typename T>
QualityRow judge(const StudyProblem<T>& study, const DenseTensor<T>& image, std::string name,
                 QualityEntries entries, double range) {
    const char* const which = entries == QualityEntries::all        ? "all"
                              : entries == QualityEntries::observed ? "observed"
                                                                    : "missing";
    return {std::move(name), which,
            quality_of(study, image, entries, range, entries == QualityEntries::all)};
}

}  // namespace

template <typename T>
std::vector<QualityRow> judge_all(const StudyProblem<T>& study, const DenseTensor<T>& estimate,
                                  double range) {
    const Phase phase("quality");
    std::vector<QualityRow> rows;
    if (!study.problem.truth) {
        return rows;
    }
    const bool masked = study.problem.mask.has_value();
    rows.push_back(judge(study, study.problem.observation, "input",
                         masked ? QualityEntries::observed : QualityEntries::all, range));
    rows.push_back(judge(study, estimate, "estimate", QualityEntries::all, range));
    if (masked) {
        rows.push_back(judge(study, estimate, "estimate", QualityEntries::observed, range));
        rows.push_back(judge(study, estimate, "estimate", QualityEntries::missing, range));
    }
    return rows;
}

template <typename T>
std::vector<NamedValue> judge_briefly(const StudyProblem<T>& study, const DenseTensor<T>& estimate,
                                      double range) {
    const Phase phase("quality");
    const Quality whole = quality_of(study, estimate, QualityEntries::all, range, false);
    std::vector<NamedValue> values = {{"psnr", whole.psnr},
                                      {"relative_error", whole.relative_error}};
    if (study.problem.mask) {
        values.emplace_back(
            "missing_psnr",
            quality_of(study, estimate, QualityEntries::missing, range, false).psnr);
    }
    return values;
}

std::vector<std::string> format_quality(const std::vector<QualityRow>& rows) {
    std::vector<std::string> lines;
    if (rows.empty()) {
        return lines;
    }
    lines.push_back(fmt::format("{:<10} {:<9} {:>8} {:>9} {:>7} {:>8} {:>8} {:>9} {:>10}", "",
                                "entries", "PSNR/dB", "mean PSNR", "SSIM", "SAM/deg", "ERGAS",
                                "RMSE", "rel. error"));
    const auto number = [](double value, int width, const char* digits) {
        return std::isfinite(value)
                   ? fmt::format(fmt::runtime("{:>{}" + std::string(digits) + "}"), value, width)
                   : fmt::format("{:>{}}", std::isnan(value) ? "-" : "inf", width);
    };
    for (const QualityRow& row : rows) {
        const Quality& q = row.quality;
        lines.push_back(fmt::format("{:<10} {:<9} {} {} {} {} {} {} {}", row.name, row.entries,
                                    number(q.psnr, 8, ".2f"), number(q.mean_psnr, 9, ".2f"),
                                    number(q.ssim, 7, ".4f"), number(q.sam_degrees, 8, ".3f"),
                                    number(q.ergas, 8, ".3f"), number(q.rmse, 9, ".4g"),
                                    number(q.relative_error, 10, ".4g")));
    }
    lines.push_back(
        fmt::format("data range {:.6g}; mean PSNR, SSIM, SAM and ERGAS run over the bands",
                    rows.front().quality.range));
    return lines;
}

std::vector<NamedValue> named_quality(const std::vector<QualityRow>& rows) {
    std::vector<NamedValue> values;
    for (const QualityRow& row : rows) {
        std::string prefix = row.name == "input" ? "input_" : "";
        if (row.name != "input" && row.entries != "all") {
            prefix = row.entries + "_";
        }
        for (const auto& [name, value] : row.quality.named_values()) {
            values.emplace_back(prefix + name, value);
        }
    }
    return values;
}

std::vector<std::string> missed_expectations(const std::vector<Expectation>& expectations,
                                             const std::vector<NamedValue>& values) {
    std::vector<std::string> missed;
    for (const Expectation& expected : expectations) {
        const auto found = std::find_if(values.begin(), values.end(), [&](const NamedValue& value) {
            return value.first == expected.quantity;
        });
        if (found == values.end()) {
            missed.push_back(fmt::format(
                "expect.{}: this run has no such figure (is the truth known?)", expected.quantity));
            continue;
        }
        const double value = found->second;
        if (expected.minimum && !(value >= *expected.minimum)) {
            missed.push_back(fmt::format("expect.{}: {:.6g} is below {:.6g}", expected.quantity,
                                         value, *expected.minimum));
        }
        if (expected.maximum && !(value <= *expected.maximum)) {
            missed.push_back(fmt::format("expect.{}: {:.6g} is above {:.6g}", expected.quantity,
                                         value, *expected.maximum));
        }
    }
    return missed;
}

#define TESSERA_INSTANTIATE(T)                                                                   \
    template std::vector<QualityRow> judge_all<T>(const StudyProblem<T>&, const DenseTensor<T>&, \
                                                  double);                                       \
    template std::vector<NamedValue> judge_briefly<T>(const StudyProblem<T>&,                    \
                                                      const DenseTensor<T>&, double);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
