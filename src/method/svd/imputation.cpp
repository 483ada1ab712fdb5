#include "tessera/method/svd/imputation.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <array>
#include <vector>

#include "tessera/base/memory.hpp"
#include "tessera/linalg/blas.hpp"

namespace tessera {
namespace {

using HostRange = Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace, Kokkos::IndexType<Index>>;

// Entries of the estimate that are formed at a time: 256 KiB of float64, which stays in the second
// level cache together with the data that it is compared with.
constexpr Index tile_entries = 32768;

// Compares one tile of the estimate, `runs` runs of `run` entries, with values that lie `stride`
// entries apart from run to run; writes it where the mask is 0.
template <typename T>
void finish_tile(const T* estimate, Index runs, Index run, Index stride, const std::uint8_t* mask,
                 T* values, ImputationSums& sums) {
    double observed_error = 0.0;
    double observed_norm = 0.0;
    double change = 0.0;
    double missing_norm = 0.0;
    Kokkos::parallel_reduce(
        "tessera::svd_impute", HostRange(0, runs),
        [=](Index which, double& error_sum, double& norm_sum, double& change_sum,
            double& missing_sum) {
            const T* guess = estimate + which * run;
            T* value = values + which * stride;
            const std::uint8_t* seen = mask + which * stride;
            for (Index i = 0; i < run; ++i) {
                const auto new_value = static_cast<double>(guess[i]);
                const auto old_value = static_cast<double>(value[i]);
                const double difference = new_value - old_value;
                if (seen[i] != 0) {
                    error_sum += difference * difference;
                    norm_sum += old_value * old_value;
                } else {
                    change_sum += difference * difference;
                    missing_sum += new_value * new_value;
                    value[i] = guess[i];
                }
            }
        },
        observed_error, observed_norm, change, missing_norm);
    sums.observed_squared_error += observed_error;
    sums.observed_squared_norm += observed_norm;
    sums.missing_squared_change += change;
    sums.missing_squared_norm += missing_norm;
}

template <typename T>
ImputationSums impute_rows(SlabMatrix<const T> scores, const std::vector<T>& right,
                           const std::uint8_t* mask, SlabMatrix<T> values) {
    const Index columns = values.columns;
    const Index rank = scores.columns;
    const Index tile = std::max<Index>(1, tile_entries / columns);
    std::vector<T> estimate(static_cast<std::size_t>(tile * columns));
    ImputationSums sums;
    for (Index begin = 0; begin < values.left; begin += tile) {
        const Index rows = std::min(tile, values.left - begin);
        blas::gemm<T>(blas::Transpose::no, blas::Transpose::no, columns, rows, rank, T{1},
                      right.data(), columns, scores.data + begin * rank, rank, T{0},
                      estimate.data(), columns);
        finish_tile(estimate.data(), rows, columns, columns, mask + begin * columns,
                    values.data + begin * columns, sums);
    }
    return sums;
}

template <typename T>
ImputationSums impute_slabs(SlabMatrix<const T> scores, const std::vector<T>& right,
                            const std::uint8_t* mask, SlabMatrix<T> values) {
    const Index columns = values.columns;
    const Index rank = scores.columns;
    const Index tile =
        std::clamp<Index>(tile_entries / columns, 1, std::max<Index>(1, values.right));
    std::vector<T> estimate(static_cast<std::size_t>(tile * columns));
    ImputationSums sums;
    for (Index slab = 0; slab < values.left; ++slab) {
        const Index offset = slab * columns * values.right;
        for (Index begin = 0; begin < values.right; begin += tile) {
            const Index rows = std::min(tile, values.right - begin);
            blas::gemm<T>(blas::Transpose::no, blas::Transpose::yes, rows, columns, rank, T{1},
                          scores.data + slab * rank * values.right + begin, values.right,
                          right.data(), columns, T{0}, estimate.data(), rows);
            finish_tile(estimate.data(), columns, rows, values.right, mask + offset + begin,
                        values.data + offset + begin, sums);
        }
    }
    return sums;
}

// Calls visit(column, run_begin, run_length) for every run of entries of one column.
template <typename T, typename Visit>
void for_each_run(const SlabMatrix<T>& values, Visit visit) {
    for (Index slab = 0; slab < values.left; ++slab) {
        for (Index column = 0; column < values.columns; ++column) {
            visit(static_cast<std::size_t>(column), (slab * values.columns + column) * values.right,
                  values.right);
        }
    }
}

}  // namespace

template <typename T>
ImputationSums impute(SlabMatrix<const T> scores, const Matrix& right, const std::uint8_t* mask,
                      SlabMatrix<T> values, const Communicator& communicator) {
    const std::vector<T> factors(right.values.begin(), right.values.end());
    const ImputationSums own = values.right == 1 ? impute_rows<T>(scores, factors, mask, values)
                                                 : impute_slabs<T>(scores, factors, mask, values);
    std::array<double, 4> all = {own.observed_squared_error, own.observed_squared_norm,
                                 own.missing_squared_change, own.missing_squared_norm};
    communicator.sum_in_place(all.data(), static_cast<Index>(all.size()));
    return {all[0], all[1], all[2], all[3]};
}

template <typename T>
void fill_with_column_means(const std::uint8_t* mask, SlabMatrix<T> values,
                            const Communicator& communicator) {
    const auto columns = static_cast<std::size_t>(values.columns);
    // Sums of the observed entries of all columns, then their counts.
    std::vector<double> totals(2 * columns, 0.0);
    for_each_run(values, [&](std::size_t column, Index begin, Index length) {
        for (Index i = begin; i < begin + length; ++i) {
            if (mask[i] != 0) {
                totals[column] += static_cast<double>(values.data[i]);
                totals[columns + column] += 1.0;
            }
        }
    });
    communicator.sum_in_place(totals.data(), static_cast<Index>(totals.size()));
    double sum = 0.0;
    double count = 0.0;
    for (std::size_t column = 0; column < columns; ++column) {
        sum += totals[column];
        count += totals[columns + column];
    }
    const double overall = count > 0.0 ? sum / count : 0.0;
    for_each_run(values, [&](std::size_t column, Index begin, Index length) {
        const double seen = totals[columns + column];
        const auto mean = static_cast<T>(seen > 0.0 ? totals[column] / seen : overall);
        for (Index i = begin; i < begin + length; ++i) {
            if (mask[i] == 0) {
                values.data[i] = mean;
            }
        }
    });
}

template ImputationSums impute<float>(SlabMatrix<const float>, const Matrix&, const std::uint8_t*,
                                      SlabMatrix<float>, const Communicator&);
template ImputationSums impute<double>(SlabMatrix<const double>, const Matrix&, const std::uint8_t*,
                                       SlabMatrix<double>, const Communicator&);
template void fill_with_column_means<float>(const std::uint8_t*, SlabMatrix<float>,
                                            const Communicator&);
template void fill_with_column_means<double>(const std::uint8_t*, SlabMatrix<double>,
                                             const Communicator&);

}  // namespace tessera
