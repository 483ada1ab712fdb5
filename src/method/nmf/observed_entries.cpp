#include "tessera/method/nmf/observed_entries.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>

namespace tessera {

template <typename T>
ObservedEntries<T>::ObservedEntries(SlabMatrix<const T> values, const std::uint8_t* mask) {
    const Index count = std::count_if(mask, mask + values.rows() * values.columns,
                                      [](std::uint8_t seen) { return seen != 0; });
    columns_.reserve(static_cast<std::size_t>(count));
    values_.reserve(static_cast<std::size_t>(count));
    begins_.push_back(0);
    for (Index row = 0; row < values.rows(); ++row) {
        const Index first = row / values.right * values.columns * values.right + row % values.right;
        for (Index column = 0; column < values.columns; ++column) {
            const Index at = first + column * values.right;
            if (mask[at] != 0) {
                columns_.push_back(static_cast<std::int32_t>(column));
                values_.push_back(values.data[at]);
            }
        }
        begins_.push_back(static_cast<Index>(values_.size()));
    }
    residuals_.resize(values_.size());
}

template <typename T>
double ObservedEntries<T>::squared_norm() const {
    double sum = 0.0;
    for (const T value : values_) {
        sum += static_cast<double>(value) * static_cast<double>(value);
    }
    return sum;
}

template <typename T>
void ObservedEntries<T>::update_rows(Index rank, const double* h, double* w) {
    const Index rows = static_cast<Index>(begins_.size()) - 1;
    const Index* begins = begins_.data();
    const std::int32_t* columns = columns_.data();
    const T* values = values_.data();
    double* residuals = residuals_.data();
    Kokkos::parallel_for("tessera::nmf_observed_rows",
                         Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace>(0, rows),
                         [=](Index row) {
                             double* own = w + row * rank;
                             const Index begin = begins[row];
                             const Index end = begins[row + 1];
                             for (Index e = begin; e < end; ++e) {
                                 const double* other = h + columns[e] * rank;
                                 double model = 0.0;
                                 for (Index r = 0; r < rank; ++r) {
                                     model += own[r] * other[r];
                                 }
                                 residuals[e] = static_cast<double>(values[e]) - model;
                             }
                             for (Index r = 0; r < rank; ++r) {
                                 double product = 0.0;
                                 double square = 0.0;
                                 for (Index e = begin; e < end; ++e) {
                                     const double other = h[columns[e] * rank + r];
                                     product += residuals[e] * other;
                                     square += other * other;
                                 }
                                 const double old = own[r];
                                 own[r] = square > 0.0 ? std::max(0.0, old + product / square)
                                                       : (begin == end ? 0.0 : old);
                                 for (Index e = begin; e < end; ++e) {
                                     residuals[e] -= (own[r] - old) * h[columns[e] * rank + r];
                                 }
                             }
                         });
    Kokkos::DefaultHostExecutionSpace().fence("tessera::nmf_observed_rows");
}

template <typename T>
double ObservedEntries<T>::update_columns(Index rank, const double* w, double* h,
                                          const Communicator& communicator) {
    const Index rows = static_cast<Index>(begins_.size()) - 1;
    std::int32_t last_column = -1;
    for (const std::int32_t column : columns_) {
        last_column = std::max(last_column, column);
    }
    const Index count = communicator.max(static_cast<Index>(last_column)) + 1;
    // For each column the products of its residuals with a column of w, then that one's squares.
    std::vector<double> sums(static_cast<std::size_t>(2 * count));
    std::vector<double> steps(static_cast<std::size_t>(count), 0.0);
    for (Index r = 0; r < rank; ++r) {
        std::fill(sums.begin(), sums.end(), 0.0);
        for (Index row = 0; row < rows; ++row) {
            const double own = w[row * rank + r];
            for (Index e = begins_[static_cast<std::size_t>(row)];
                 e < begins_[static_cast<std::size_t>(row) + 1]; ++e) {
                const auto column = static_cast<std::size_t>(columns_[static_cast<std::size_t>(e)]);
                sums[2 * column] += residuals_[static_cast<std::size_t>(e)] * own;
                sums[2 * column + 1] += own * own;
            }
        }
        communicator.sum_in_place(sums.data(), 2 * count);
        for (std::size_t column = 0; column < steps.size(); ++column) {
            double& value = h[static_cast<Index>(column) * rank + r];
            const double old = value;
            if (sums[2 * column + 1] > 0.0) {
                value = std::max(0.0, old + sums[2 * column] / sums[2 * column + 1]);
            }
            steps[column] = value - old;
        }
        for (Index row = 0; row < rows; ++row) {
            const double own = w[row * rank + r];
            for (Index e = begins_[static_cast<std::size_t>(row)];
                 e < begins_[static_cast<std::size_t>(row) + 1]; ++e) {
                const auto at = static_cast<std::size_t>(e);
                residuals_[at] -= own * steps[static_cast<std::size_t>(columns_[at])];
            }
        }
    }
    double error = 0.0;
    for (const double residual : residuals_) {
        error += residual * residual;
    }
    return communicator.sum(error);
}

template class ObservedEntries<float>;
template class ObservedEntries<double>;

}  // namespace tessera
