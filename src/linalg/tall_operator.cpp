#include "tall_operator.hpp"

#include <algorithm>
#include <cmath>

#include "tessera/base/error.hpp"
#include "tessera/base/random.hpp"
#include "tessera/linalg/blas.hpp"

namespace tessera {
namespace {

// Streams of Random, so that short and long vectors of one seed are independent.
constexpr std::uint32_t short_stream = 0x53564401;
constexpr std::uint32_t long_stream = 0x53564402;
constexpr std::uint32_t norm_vector_number = 0xffffffff;

void scale_values(double factor, double* values, Index count) {
    if (factor != 1.0) {
        std::transform(values, values + count, values, [factor](double v) { return factor * v; });
    }
}

}  // namespace

TallOperator::TallOperator(const MatrixOperator& a, const Matrix* locked)
    : a_(a),
      locked_(locked),
      transposed_(a.rows() < a.columns()),
      projected_(static_cast<std::size_t>(local_columns())) {}

Index TallOperator::local_rows() const {
    return transposed_ ? a_.local_columns() : a_.local_rows();
}

Index TallOperator::local_columns() const {
    return transposed_ ? a_.local_rows() : a_.local_columns();
}

void TallOperator::apply(const double* x, double* y) const {
    const double* source = x;
    if (locked_count() > 0) {
        std::copy_n(x, local_columns(), projected_.data());
        project_out(projected_.data());
        source = projected_.data();
    }
    if (transposed_) {
        a_.apply_transpose(source, y);
    } else {
        a_.apply(source, y);
    }
    scale_values(scale_, y, local_rows());
}

void TallOperator::apply_whole_transpose(const double* y, double* x) const {
    if (transposed_) {
        a_.apply(y, x);
    } else {
        a_.apply_transpose(y, x);
    }
    scale_values(scale_, x, local_columns());
}

void TallOperator::apply_transpose(const double* y, double* x) const {
    apply_whole_transpose(y, x);
    project_out(x);
}

void TallOperator::project_out(double* x) const {
    const Index count = locked_count();
    if (count == 0) {
        return;
    }
    const Index rows = local_columns();
    std::vector<double> coefficients(static_cast<std::size_t>(count), 0.0);
    if (rows > 0) {
        blas::gemv(blas::Transpose::yes, rows, count, 1.0, locked_->data(), rows, x, 0.0,
                   coefficients.data());
    }
    communicator().sum_in_place(coefficients.data(), count);
    if (rows > 0) {
        blas::gemv(blas::Transpose::no, rows, count, -1.0, locked_->data(), rows,
                   coefficients.data(), 1.0, x);
    }
}

void TallOperator::random_short_vector(std::uint64_t seed, std::uint32_t number, double* x) const {
    const Random random(seed, short_stream);
    for (Index i = 0; i < local_columns(); ++i) {
        x[i] = random.normal(global_column(i), number);
    }
    project_out(x);
}

void TallOperator::random_long_vector(std::uint64_t seed, std::uint32_t number, double* y) const {
    const Random random(seed, long_stream);
    for (Index i = 0; i < local_rows(); ++i) {
        y[i] = random.normal(global_row(i), number);
    }
}

double TallOperator::estimate_norm(std::uint64_t seed) const {
    std::vector<double> x(static_cast<std::size_t>(local_columns()));
    std::vector<double> y(static_cast<std::size_t>(local_rows()));
    random_short_vector(seed, norm_vector_number, x.data());
    double estimate = 0.0;
    for (int step = 0; step < 2; ++step) {
        const double x_norm = distributed_norm(communicator(), x.data(), local_columns());
        if (x_norm == 0.0) {
            return 0.0;
        }
        scale_values(1.0 / x_norm, x.data(), local_columns());
        apply(x.data(), y.data());
        estimate = distributed_norm(communicator(), y.data(), local_rows());
        if (!std::isfinite(estimate)) {
            throw UsageError(
                "The matrix of the singular value decomposition has NaN or infinite entries: mask "
                "or "
                "replace them first.");
        }
        if (estimate == 0.0) {
            return 0.0;
        }
        scale_values(1.0 / estimate, y.data(), local_rows());
        apply_transpose(y.data(), x.data());
    }
    return estimate;
}

double distributed_norm(const Communicator& communicator, const double* x, Index local_count) {
    double largest = 0.0;
    bool ordinary = true;
    for (Index i = 0; i < local_count; ++i) {
        ordinary = ordinary && std::isfinite(x[i]);
        largest = std::max(largest, std::abs(x[i]));
    }
    // A maximum would lose a NaN on its way through the ranks.
    if (communicator.any(!ordinary)) {
        return std::nan("");
    }
    largest = communicator.max(largest);
    if (largest == 0.0) {
        return 0.0;
    }
    double sum = 0.0;
    for (Index i = 0; i < local_count; ++i) {
        sum += (x[i] / largest) * (x[i] / largest);
    }
    return largest * std::sqrt(communicator.sum(sum));
}

}  // namespace tessera
