#include "tessera/sampling/svd_gibbs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/linalg/blas.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/sampling/variates.hpp"

namespace tessera {
namespace {

constexpr auto no = blas::Transpose::no;
constexpr auto yes = blas::Transpose::yes;

double* column(Matrix& a, Index j) { return a.data() + j * a.rows; }

/// (a, b) becomes (cosine a + sine b, cosine b - sine a).
void turn(Matrix& matrix, Index i, Index j, double cosine, double sine) {
    double* a = column(matrix, i);
    double* b = column(matrix, j);
    const Index rows = matrix.rows;
#pragma omp simd
    for (Index k = 0; k < rows; ++k) {
        const double first = a[k];
        a[k] = cosine * first + sine * b[k];
        b[k] = cosine * b[k] - sine * first;
    }
}

void negate(Matrix& matrix, Index j) {
    double* a = column(matrix, j);
    std::transform(a, a + matrix.rows, a, [](double x) { return -x; });
}

double dot(const double* a, const double* b, Index count) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (Index k = 0; k < count; ++k) {
        sum += a[k] * b[k];
    }
    return sum;
}

/// Angle t with density proportional to exp(along cos 2 t + across sin 2 t).
double half_angle(RandomSequence& random, double along, double across) {
    return 0.5 * (std::atan2(across, along) + von_mises_variate(random, std::hypot(along, across)));
}

/// One step of Newton and Schulz, q (3 - q^T q) / 2: rounding would otherwise grow from step to
/// step. `gram` and `result` are work space.
void orthonormalise(Matrix& q, Matrix& gram, Matrix& result) {
    const Index n = q.columns;
    blas::gemm(yes, no, n, n, q.rows, -0.5, q.data(), q.rows, q.data(), q.rows, 0.0, gram.data(),
               n);
    for (Index i = 0; i < n; ++i) {
        gram(i, i) += 1.5;
    }
    blas::gemm(no, no, q.rows, n, n, 1.0, q.data(), q.rows, gram.data(), n, 0.0, result.data(),
               q.rows);
    std::swap(q.values, result.values);
}

}  // namespace

SvdGibbs::SvdGibbs(Index n, Index m, const SvdGibbsOptions& options)
    : n_(n),
      m_(m),
      options_(options),
      flow_(n, m, options.trajectory_length),
      u_(n, n),
      values_(static_cast<std::size_t>(n), 0.0),
      v_(m, n),
      image_(n, n),
      turned_(n, n),
      gram_(n, n),
      left_(n, n),
      right_(m, n),
      backward_(m > n ? m : 0, m > n ? n : 0),
      target_(static_cast<std::size_t>(n)),
      coefficients_(static_cast<std::size_t>(n)),
      direction_(static_cast<std::size_t>(m)),
      tangent_(static_cast<std::size_t>(m)) {
    TESSERA_ASSERT(1 <= n && n <= m, "SVD-Gibbs takes n x m matrices with 1 <= n <= m");
    for (Index i = 0; i < n; ++i) {
        u_(i, i) = 1.0;
        v_(i, i) = 1.0;
    }
}

void SvdGibbs::start(const Matrix& phi) {
    TESSERA_ASSERT(phi.rows == n_ && phi.columns == m_, "the start has the shape of the matrix");
    DenseSvd svd = dense_svd(phi);
    start(std::move(svd.u), std::move(svd.singular_values), std::move(svd.v));
}

void SvdGibbs::start(Matrix u, std::vector<double> values, Matrix v) {
    u_ = std::move(u);
    values_ = std::move(values);
    v_ = std::move(v);
    make_values_positive();
}

double SvdGibbs::advance(const double* y, double lambda, RandomSequence& random, bool warm_up) {
    const auto set_image = [&] {
        blas::gemm(no, no, n_, n_, m_, 1.0, y, n_, v_.data(), m_, 0.0, image_.data(), n_);
    };
    set_image();
    turn_pairs(random);
    flip_signs(random);
    if (m_ > n_) {
        draw_right_columns(y, random);
    }
    orthonormalise(u_, gram_, left_);
    orthonormalise(v_, gram_, right_);
    set_image();
    return move_values(lambda, random, warm_up);
}

/// All pairs once; the turns of v are gathered and applied as one product.
void SvdGibbs::turn_pairs(RandomSequence& random) {
    std::fill(turned_.values.begin(), turned_.values.end(), 0.0);
    for (Index i = 0; i < n_; ++i) {
        turned_(i, i) = 1.0;
    }
    for (Index i = 0; i < n_; ++i) {
        for (Index j = i + 1; j < n_; ++j) {
            turn_pair(i, j, random);
        }
    }
    blas::gemm(no, no, m_, n_, n_, 1.0, v_.data(), m_, turned_.data(), n_, 0.0, right_.data(), m_);
    std::swap(v_.values, right_.values);
}

/// Of ||y - Phi||^2 only s_i u_i^T y v_i + s_j u_j^T y v_j depends on the angles.
void SvdGibbs::turn_pair(Index i, Index j, RandomSequence& random) {
    const double* u_i = column(u_, i);
    const double* u_j = column(u_, j);
    const double* z_i = column(image_, i);
    const double* z_j = column(image_, j);
    double ii = 0.0;
    double ij = 0.0;
    double ji = 0.0;
    double jj = 0.0;
#pragma omp simd reduction(+ : ii, ij, ji, jj)
    for (Index k = 0; k < n_; ++k) {
        ii += u_i[k] * z_i[k];
        ij += u_i[k] * z_j[k];
        ji += u_j[k] * z_i[k];
        jj += u_j[k] * z_j[k];
    }
    const double s_i = values_[static_cast<std::size_t>(i)];
    const double s_j = values_[static_cast<std::size_t>(j)];
    const double half_difference = 0.5 * (s_i - s_j);
    const double same =
        half_angle(random, half_difference * (ii - jj), half_difference * (ij + ji));
    // The four products after that turn; the second one needs only a sum and a difference of them,
    // which the first one leaves as they are.
    const double half_sum = 0.5 * (s_i + s_j);
    const double opposite = half_angle(random, half_sum * (ii + jj), half_sum * (ji - ij));
    turn(u_, i, j, std::cos(same + opposite), std::sin(same + opposite));
    const double cosine = std::cos(same - opposite);
    const double sine = std::sin(same - opposite);
    turn(image_, i, j, cosine, sine);
    turn(turned_, i, j, cosine, sine);
}

/// Flips each left vector with its conditional probability: reaches both components of O(n).
void SvdGibbs::flip_signs(RandomSequence& random) {
    for (Index i = 0; i < n_; ++i) {
        const double pull =
            values_[static_cast<std::size_t>(i)] * dot(column(u_, i), column(image_, i), n_);
        if (random.uniform() * (1.0 + std::exp(2.0 * pull)) < 1.0) {
            negate(u_, i);
        }
    }
}

void SvdGibbs::draw_right_columns(const double* y, RandomSequence& random) {
    blas::gemm(yes, no, m_, n_, n_, 1.0, y, n_, u_.data(), n_, 0.0, backward_.data(), m_);
    for (Index j = 0; j < n_; ++j) {
        draw_right_column(j, random);
    }
}

/// vector -= the part in the span of all columns of v but j; twice, against rounding.
void SvdGibbs::remove_other_columns(Index j, double* vector) {
    for (int pass = 0; pass < 2; ++pass) {
        blas::gemv(yes, m_, n_, 1.0, v_.data(), m_, vector, 0.0, coefficients_.data());
        coefficients_[static_cast<std::size_t>(j)] = 0.0;
        blas::gemv(no, m_, n_, -1.0, v_.data(), m_, coefficients_.data(), 1.0, vector);
    }
}

/// Column j is von Mises-Fisher on the sphere of the others' complement, m - n + 1 dimensions, with
/// the parameter s_j y^T u_j projected onto it.
void SvdGibbs::draw_right_column(Index j, RandomSequence& random) {
    const double s = values_[static_cast<std::size_t>(j)];
    const double* pull = column(backward_, j);
    std::transform(pull, pull + m_, direction_.begin(), [s](double x) { return s * x; });
    remove_other_columns(j, direction_.data());
    const double concentration = std::sqrt(dot(direction_.data(), direction_.data(), m_));
    for (double& x : tangent_) {
        x = random.normal();
    }
    remove_other_columns(j, tangent_.data());
    double cosine = 0.0;
    double sine = 1.0;
    if (concentration > 0.0) {
        for (double& x : direction_) {
            x /= concentration;
        }
        remove_other_columns(j, direction_.data());
        const double along = dot(direction_.data(), tangent_.data(), m_);
        for (Index k = 0; k < m_; ++k) {
            tangent_[static_cast<std::size_t>(k)] -=
                along * direction_[static_cast<std::size_t>(k)];
        }
        const SphereAngle angle = von_mises_fisher_angle(random, m_ - n_ + 1, concentration);
        cosine = angle.cosine;
        sine = angle.sine;
    }
    const double length = std::sqrt(dot(tangent_.data(), tangent_.data(), m_));
    double* v = column(v_, j);
    for (Index k = 0; k < m_; ++k) {
        const auto at = static_cast<std::size_t>(k);
        v[k] = cosine * direction_[at] + sine / length * tangent_[at];
    }
}

double SvdGibbs::move_values(double lambda, RandomSequence& random, bool warm_up) {
    for (Index i = 0; i < n_; ++i) {
        target_[static_cast<std::size_t>(i)] = dot(column(u_, i), column(image_, i), n_);
    }
    double acceptance = 0.0;
    for (int i = 0; i < options_.trajectories; ++i) {
        acceptance += flow_.advance(values_, target_, lambda, random, warm_up);
    }
    make_values_positive();
    return acceptance / options_.trajectories;
}

void SvdGibbs::make_values_positive() {
    for (Index i = 0; i < n_; ++i) {
        double& value = values_[static_cast<std::size_t>(i)];
        if (value < 0.0) {
            value = -value;
            negate(u_, i);
        }
    }
}

void SvdGibbs::scale(double factor) {
    for (double& value : values_) {
        value *= factor;
    }
}

double SvdGibbs::nuclear_norm() const {
    return std::accumulate(values_.begin(), values_.end(), 0.0);
}

void SvdGibbs::form(double* phi) const {
    const Matrix scaled = scale_columns(u_, values_);
    blas::gemm(no, yes, n_, m_, n_, 1.0, scaled.data(), n_, v_.data(), m_, 0.0, phi, n_);
}

std::vector<double> SvdGibbs::state() const {
    std::vector<double> numbers = u_.values;
    numbers.insert(numbers.end(), values_.begin(), values_.end());
    numbers.insert(numbers.end(), v_.values.begin(), v_.values.end());
    const auto learnt = flow_.step_size().learnt();
    numbers.insert(numbers.end(), learnt.begin(), learnt.end());
    return numbers;
}

void SvdGibbs::restore(const std::vector<double>& state) {
    TESSERA_ASSERT(state.size() == u_.values.size() + values_.size() + v_.values.size() + 2,
                   "a state of SVD-Gibbs belongs to a matrix of another shape");
    auto next = state.begin();
    for (std::vector<double>* part : {&u_.values, &values_, &v_.values}) {
        std::copy_n(next, part->size(), part->begin());
        next += static_cast<std::ptrdiff_t>(part->size());
    }
    flow_.step_size().restore({next[0], next[1]});
}

}  // namespace tessera
