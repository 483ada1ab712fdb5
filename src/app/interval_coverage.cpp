#include "tessera/app/interval_coverage.hpp"

#include <fmt/format.h>

#include <array>

namespace tessera {

template <typename T>
IntervalCoverage judge_intervals(const StudyProblem<T>& study, const RunAnswer<T>& answer) {
    using Kind = typename EstimateMap<T>::Kind;
    const DenseTensor<T>* const lower = answer.map(Kind::lower_quantile);
    const DenseTensor<T>* const upper = answer.map(Kind::upper_quantile);
    if (!study.problem.truth || lower == nullptr || upper == nullptr) {
        return {};
    }
    const DeviceView<T> truth = study.problem.truth->block();
    const DeviceView<T> low = lower->block();
    const DeviceView<T> high = upper->block();
    const bool masked = study.problem.mask.has_value();
    const DeviceView<std::uint8_t> mask =
        masked ? study.problem.mask->block() : DeviceView<std::uint8_t>{};
    double covered = 0.0;
    double missing = 0.0;
    double missing_covered = 0.0;
    Kokkos::parallel_reduce(
        "tessera::interval_coverage", Kokkos::RangePolicy<>(0, static_cast<Index>(truth.size())),
        KOKKOS_LAMBDA(Index entry, double& inside_sum, double& missing_sum, double& both_sum) {
            const bool inside = low(entry) <= truth(entry) && truth(entry) <= high(entry);
            const bool absent = masked && mask(entry) == 0;
            inside_sum += inside ? 1.0 : 0.0;
            missing_sum += absent ? 1.0 : 0.0;
            both_sum += inside && absent ? 1.0 : 0.0;
        },
        covered, missing, missing_covered);
    std::array<double, 4> sums = {covered, missing, missing_covered,
                                  static_cast<double>(truth.size())};
    answer.estimate.communicator().sum_in_place(sums.data(), static_cast<Index>(sums.size()));
    IntervalCoverage result;
    const double share = sums[0] / sums[3];
    result.figures.emplace_back("coverage", share);
    result.table.push_back(
        fmt::format("{:.2f} % of the true entries lie between the quantiles", 100.0 * share));
    if (sums[1] > 0.0) {
        const double missing_share = sums[2] / sums[1];
        result.figures.emplace_back("missing_coverage", missing_share);
        result.table.push_back(
            fmt::format("{:.2f} % of the missing ones do", 100.0 * missing_share));
    }
    return result;
}

template IntervalCoverage judge_intervals(const StudyProblem<float>&, const RunAnswer<float>&);
template IntervalCoverage judge_intervals(const StudyProblem<double>&, const RunAnswer<double>&);

}  // namespace tessera
