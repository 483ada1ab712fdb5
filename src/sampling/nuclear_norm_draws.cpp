#include "tessera/sampling/nuclear_norm_draws.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "tessera/base/error.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/sampling/nuclear_norm_constant.hpp"
#include "tessera/sampling/nuclear_norm_distribution.hpp"
#include "tessera/sampling/variates.hpp"

namespace tessera {
namespace {

/// Replaces the sum of the values, which is independent of their ratios.
void draw_scale(RandomSequence& random, std::vector<double>& values, Index n, Index m) {
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    const double shape = static_cast<double>(n) * static_cast<double>(m);
    const double factor = gamma_variate(random, shape) / sum;
    for (double& value : values) {
        value *= factor;
    }
}

/// Eigenvalues of a Wishart matrix with unit scale, descending: squared singular values of
/// Bartlett's triangular factor.
std::vector<double> wishart_eigenvalues(RandomSequence& random, Index n, Index degrees) {
    Matrix factor(n, n);
    for (Index i = 0; i < n; ++i) {
        factor(i, i) =
            std::sqrt(2.0 * gamma_variate(random, 0.5 * static_cast<double>(degrees - i)));
        for (Index j = 0; j < i; ++j) {
            factor(i, j) = random.normal();
        }
    }
    std::vector<double> values = dense_singular_values(factor);
    for (double& value : values) {
        value *= value;
    }
    return values;
}

/// Quantile of the limiting law of s/n for large square matrices.
double limiting_quantile(double part) {
    double low = 0.0;
    double high = std::numbers::pi;
    for (int i = 0; i < 50; ++i) {
        const double middle = 0.5 * (low + high);
        (limiting_singular_value_probability(middle) < part ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

constexpr int steps_per_trajectory = 8;

}  // namespace

Matrix haar_frame(RandomSequence& random, Index rows, Index columns) {
    Matrix normal(rows, columns);
    for (double& value : normal.values) {
        value = random.normal();
    }
    return dense_qr(normal).q;
}

SingularValueRejection::SingularValueRejection(Index n, Index m) : n_(n), m_(m) {
    TESSERA_ASSERT(1 <= n && n <= m, "singular values of an n x m matrix with 1 <= n <= m");
    constexpr double least_acceptance = 1e-4;
    if (log_rejection_acceptance(n, m) < std::log(least_acceptance)) {
        throw UsageError("exact draws of " + std::to_string(n) + " x " + std::to_string(m) +
                         " matrices would reject nearly every proposal: use a chain");
    }
}

std::vector<double> SingularValueRejection::draw(RandomSequence& random) const {
    // A symmetric positive P has the law |P|^(m-n) prod_{i<j} (p_i + p_j) exp(-tr P), and
    // prod (p_i + p_j) <= (2 mean p)^pairs.
    for (;;) {
        std::vector<double> p = wishart_eigenvalues(random, n_, 2 * m_ - n_ + 1);
        const double twice_mean =
            2.0 * std::accumulate(p.begin(), p.end(), 0.0) / static_cast<double>(n_);
        double log_ratio = 0.0;
        for (std::size_t i = 0; i < p.size(); ++i) {
            for (std::size_t j = i + 1; j < p.size(); ++j) {
                log_ratio += std::log((p[i] + p[j]) / twice_mean);
            }
        }
        if (std::log(random.uniform()) < log_ratio) {
            draw_scale(random, p, n_, m_);
            return p;
        }
    }
}

SingularValueChain::SingularValueChain(Index n, Index m, RandomSequence& random)
    : excess_(static_cast<double>(m - n)),
      step_(0.6 / std::sqrt(static_cast<double>(n)), 0.8, 1.0),
      momentum_(static_cast<std::size_t>(n)) {
    const auto size = static_cast<double>(n);
    const auto start = [&](Index i) {
        return size * limiting_quantile((size - static_cast<double>(i) - 0.5) / size) + excess_;
    };
    for (Index i = 0; i < n; ++i) {
        const double gap = i + 1 < n ? start(i) - start(i + 1) : start(i);
        now_.log_gaps.push_back(std::log(gap) + 0.3 * random.normal());
    }
    evaluate(now_);
    next_ = now_;
}

void SingularValueChain::evaluate(Point& point) const {
    const std::size_t n = point.log_gaps.size();
    std::vector<double>& s = point.values;
    s.assign(n, 0.0);
    point.gradient.assign(n, -1.0);
    point.log_density = 0.0;
    double value = 0.0;
    for (std::size_t i = n; i-- > 0;) {
        value += std::exp(point.log_gaps[i]);
        s[i] = value;
        point.log_density += point.log_gaps[i] - value;
        if (excess_ > 0.0) {
            point.log_density += excess_ * std::log(value);
            point.gradient[i] += excess_ / value;
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        double log_product = 1.0;
        double from_others = 0.0;
        for (std::size_t j = i + 1; j < n; ++j) {
            const double difference = (s[i] - s[j]) * (s[i] + s[j]);
            log_product *= difference;
            // Few logarithms: the product is taken while it is far from overflow.
            if (!(log_product < 1e200 && log_product > 1e-200)) {
                point.log_density += std::log(log_product);
                log_product = 1.0;
            }
            from_others += 1.0 / difference;
            point.gradient[j] -= 2.0 * s[j] / difference;
        }
        point.log_density += std::log(log_product);
        point.gradient[i] += 2.0 * s[i] * from_others;
    }
    // By the values so far; a gap moves all values above it.
    double sum = 0.0;
    for (std::size_t k = 0; k < n; ++k) {
        sum += point.gradient[k];
        point.gradient[k] = std::exp(point.log_gaps[k]) * sum + 1.0;
    }
}

void SingularValueChain::advance(RandomSequence& random, bool warm_up) {
    const double step = step_.value() * (0.7 + 0.6 * random.uniform());
    const auto kinetic = [this] {
        return 0.5 * std::inner_product(momentum_.begin(), momentum_.end(), momentum_.begin(), 0.0);
    };
    const auto kick = [this](double length) {
        for (std::size_t i = 0; i < momentum_.size(); ++i) {
            momentum_[i] += length * next_.gradient[i];
        }
    };
    for (double& value : momentum_) {
        value = random.normal();
    }
    next_ = now_;
    const double before = now_.log_density - kinetic();
    kick(0.5 * step);
    for (int i = 0; i < steps_per_trajectory; ++i) {
        for (std::size_t k = 0; k < momentum_.size(); ++k) {
            next_.log_gaps[k] += step * momentum_[k];
        }
        evaluate(next_);
        kick(i + 1 < steps_per_trajectory ? step : 0.5 * step);
    }
    const double log_ratio = next_.log_density - kinetic() - before;
    const double acceptance = std::isfinite(log_ratio) ? std::exp(std::min(0.0, log_ratio)) : 0.0;
    if (random.uniform() < acceptance) {
        std::swap(now_, next_);
    }
    if (warm_up) {
        step_.adapt(acceptance);
    }
}

std::vector<double> chain_singular_values(RandomSequence& random, Index n, Index m,
                                          int trajectories) {
    SingularValueChain chain(n, m, random);
    for (int i = 0; i < trajectories; ++i) {
        chain.advance(random, i < trajectories / 2);
    }
    std::vector<double> values = chain.singular_values();
    draw_scale(random, values, n, m);
    return values;
}

Matrix matrix_of_singular_values(RandomSequence& random, Index m,
                                 const std::vector<double>& singular_values) {
    const auto n = static_cast<Index>(singular_values.size());
    const Matrix u = haar_frame(random, n, n);
    const Matrix v = haar_frame(random, m, n);
    return product(blas::Transpose::no, blas::Transpose::yes, scale_columns(u, singular_values), v);
}

}  // namespace tessera
