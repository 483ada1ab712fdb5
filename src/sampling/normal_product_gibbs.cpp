#include "tessera/sampling/normal_product_gibbs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/base/error.hpp"
#include "tessera/linalg/cholesky.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/sampling/variates.hpp"

namespace tessera {
namespace {

constexpr auto no = blas::Transpose::no;
constexpr auto yes = blas::Transpose::yes;
constexpr auto upper = blas::Triangle::upper;

/// Upper Cholesky factor of vectors vectors^T + 1/variance, of `count` columns.
Matrix precision_factor(const double* vectors, Index length, Index count, double variance) {
    Matrix precision(length, length);
    blas::syrk(upper, no, length, count, 1.0, vectors, length, 0.0, precision.data(), length);
    for (Index i = 0; i < length; ++i) {
        precision(i, i) += 1.0 / variance;
    }
    if (!cholesky(precision)) {
        throw ConvergenceError(
            "the factors of a normal product have grown so far beyond the noise that their "
            "precision is no longer positive definite: give a larger noise level or a smaller "
            "variance");
    }
    return precision;
}

/// `count` columns from `first` on: each mean R^-1 R^-T right_side plus R^-1 normal numbers.
void draw_columns(Matrix& columns, Index first, Index count, const Matrix& factor,
                  RandomSequence& random) {
    double* start = columns.data() + first * columns.rows;
    const auto solve = [&](blas::Transpose transpose) {
        blas::trsm(blas::Side::left, upper, transpose, columns.rows, count, 1.0, factor.data(),
                   columns.rows, start, columns.rows);
    };
    solve(yes);
    for (Index i = 0; i < count * columns.rows; ++i) {
        start[i] += random.normal();
    }
    solve(no);
}

/// Copies the columns of `from` that line `line` of the mask observes; returns how many.
Index gather(const Matrix& from, const std::uint8_t* mask, Index line, Index line_stride,
             Index stride, Matrix& to) {
    Index count = 0;
    for (Index j = 0; j < from.columns; ++j) {
        if (mask[line * line_stride + j * stride] != 0) {
            std::copy_n(from.data() + j * from.rows, from.rows, to.data() + count * from.rows);
            ++count;
        }
    }
    return count;
}

/// Draws all columns of `factor` given `other`; `factor` holds the right-hand sides.
void draw_factor(Matrix& factor, const Matrix& other, const std::uint8_t* mask, Index line_stride,
                 Index stride, double variance, RandomSequence& random) {
    if (mask == nullptr) {
        draw_columns(factor, 0, factor.columns,
                     precision_factor(other.data(), other.rows, other.columns, variance), random);
        return;
    }
    Matrix observed(other.rows, other.columns);
    for (Index line = 0; line < factor.columns; ++line) {
        const Index count = gather(other, mask, line, line_stride, stride, observed);
        draw_columns(factor, line, 1,
                     precision_factor(observed.data(), other.rows, count, variance), random);
    }
}

}  // namespace

NormalProductGibbs::NormalProductGibbs(Index n, Index m, Index inner)
    : n_(n), m_(m), left_(inner, n), right_(inner, m) {}

void NormalProductGibbs::start(const Matrix& phi) {
    TESSERA_ASSERT(phi.rows == n_ && phi.columns == m_, "the start has the shape of the matrix");
    const DenseSvd svd = dense_svd(phi);
    std::fill(left_.values.begin(), left_.values.end(), 0.0);
    std::fill(right_.values.begin(), right_.values.end(), 0.0);
    const Index rank = std::min(left_.rows, static_cast<Index>(svd.singular_values.size()));
    for (Index k = 0; k < rank; ++k) {
        const double root = std::sqrt(svd.singular_values[static_cast<std::size_t>(k)]);
        for (Index i = 0; i < n_; ++i) {
            left_(k, i) = root * svd.u(i, k);
        }
        for (Index j = 0; j < m_; ++j) {
            right_(k, j) = root * svd.v(j, k);
        }
    }
}

void NormalProductGibbs::advance(const double* y, const std::uint8_t* mask, double variance,
                                 RandomSequence& random) {
    const Index inner = left_.rows;
    std::vector<double> observed;
    if (mask != nullptr) {
        observed.resize(static_cast<std::size_t>(n_ * m_));
        for (std::size_t i = 0; i < observed.size(); ++i) {
            observed[i] = mask[i] != 0 ? y[i] : 0.0;
        }
        y = observed.data();
    }
    blas::gemm(no, yes, inner, n_, m_, 1.0, right_.data(), inner, y, n_, 0.0, left_.data(), inner);
    draw_factor(left_, right_, mask, 1, n_, variance, random);
    blas::gemm(no, no, inner, m_, n_, 1.0, left_.data(), inner, y, n_, 0.0, right_.data(), inner);
    draw_factor(right_, left_, mask, n_, 1, variance, random);
}

double NormalProductGibbs::draw_variance(RandomSequence& random, double prior_shape,
                                         double prior_scale) const {
    double squares = 0.0;
    for (const Matrix* factor : {&left_, &right_}) {
        squares += std::inner_product(factor->values.begin(), factor->values.end(),
                                      factor->values.begin(), 0.0);
    }
    const auto count = static_cast<double>(left_.values.size() + right_.values.size());
    return inverse_gamma_variate(random, prior_shape + 0.5 * count, prior_scale + 0.5 * squares);
}

void NormalProductGibbs::scale(double factor) {
    for (Matrix* half : {&left_, &right_}) {
        for (double& value : half->values) {
            value *= std::sqrt(factor);
        }
    }
}

void NormalProductGibbs::form(double* phi) const {
    const Index inner = left_.rows;
    blas::gemm(yes, no, n_, m_, inner, 1.0, left_.data(), inner, right_.data(), inner, 0.0, phi,
               n_);
}

std::vector<double> NormalProductGibbs::state() const {
    std::vector<double> numbers = left_.values;
    numbers.insert(numbers.end(), right_.values.begin(), right_.values.end());
    return numbers;
}

void NormalProductGibbs::restore(const std::vector<double>& state) {
    TESSERA_ASSERT(state.size() == left_.values.size() + right_.values.size(),
                   "a state of a normal product belongs to a matrix of another shape");
    const auto middle = state.begin() + static_cast<std::ptrdiff_t>(left_.values.size());
    std::copy(state.begin(), middle, left_.values.begin());
    std::copy(middle, state.end(), right_.values.begin());
}

}  // namespace tessera
