#include "tessera/sampling/nuclear_norm_constant.hpp"

#include <algorithm>
#include <array>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/special_functions/legendre.hpp>
#include <cmath>
#include <numbers>
#include <vector>

#include "tessera/base/error.hpp"
#include "tessera/linalg/dense_svd.hpp"

namespace tessera {
namespace {

/// Gauss-Legendre nodes on [-1, 1] ascending, and the integrals from -1 to each node of the
/// interpolating polynomial: integral(node i) = sum_k to_node[k][i] f(node k).
constexpr Index nodes_per_panel = 16;
struct Rule {
    std::array<double, nodes_per_panel> nodes{};
    std::array<double, nodes_per_panel> weights{};
    Matrix to_node{nodes_per_panel, nodes_per_panel};  ///< (k, i)

    Rule() {
        using Gauss = boost::math::quadrature::gauss<double, nodes_per_panel>;
        constexpr std::size_t half = nodes_per_panel / 2;
        for (std::size_t i = 0; i < half; ++i) {
            nodes[half + i] = Gauss::abscissa()[i];
            nodes[half - 1 - i] = -Gauss::abscissa()[i];
            weights[half + i] = weights[half - 1 - i] = Gauss::weights()[i];
        }
        // f = sum_l c_l P_l with c_l = (l + 1/2) sum_k w_k P_l(x_k) f(x_k), and the integral of P_l
        // from -1 is (P_{l+1} - P_{l-1}) / (2 l + 1).
        for (Index i = 0; i < nodes_per_panel; ++i) {
            for (Index k = 0; k < nodes_per_panel; ++k) {
                const double from = nodes[static_cast<std::size_t>(k)];
                const double to = nodes[static_cast<std::size_t>(i)];
                double sum = 0.5 * (to + 1.0);
                for (int l = 1; l < nodes_per_panel; ++l) {
                    sum +=
                        0.5 * boost::math::legendre_p(l, from) *
                        (boost::math::legendre_p(l + 1, to) - boost::math::legendre_p(l - 1, to));
                }
                to_node(k, i) = weights[static_cast<std::size_t>(k)] * sum;
            }
        }
    }
};

/// Equal panels that hold all of the weight times polynomials of degree below n.
struct Panels {
    double lower;
    double width;
    Index count;

    [[nodiscard]] double node(const Rule& rule, Index panel, Index i) const {
        return lower + width * (static_cast<double>(panel) +
                                0.5 * (rule.nodes[static_cast<std::size_t>(i)] + 1.0));
    }
};

/// The functions live on the singular values' support, between about (sqrt a -+ sqrt(pi n))^2,
/// a = m - n, and fall off beyond it within some sqrt(a + n); they have n zeros there.
Panels panels_for(double n, double a) {
    const double margin = 8.0 * std::sqrt(a + n) + 40.0;
    const double low_root = std::max(0.0, std::sqrt(a) - std::sqrt(std::numbers::pi * n));
    const double high_root = std::sqrt(a) + std::sqrt(std::numbers::pi * n);
    const double lower = std::max(0.0, low_root * low_root - margin);
    const double length = high_root * high_root + margin - lower;
    const double count = std::ceil(length / (2.0 * std::sqrt(1.0 + a / (16.0 * n))));
    return {lower, length / count, static_cast<Index>(count)};
}

/// Orthonormal functions psi_j(x) = p_j(x^2) x^a e^-x at one point, j after j, with a scale of
/// their own because the weight alone may underflow where its products with polynomials do not.
class OrthonormalFunctions {
  public:
    OrthonormalFunctions(double x, double log_weight)
        : square_(x * x), log_scale_(log_weight), scale_(std::exp(log_weight)) {}

    [[nodiscard]] double square() const { return square_; }
    [[nodiscard]] double value() const { return current_ * scale_; }

    /// (x^2 - alpha) psi_j - root_beta psi_{j-1}, not normalised yet.
    void advance(double alpha, double root_beta) {
        const double next = (square_ - alpha) * current_ - root_beta * previous_;
        previous_ = current_;
        current_ = next;
    }
    void divide(double norm) {
        current_ /= norm;
        constexpr double large = 1e100;
        if (std::abs(current_) > large) {
            current_ /= large;
            previous_ /= large;
            log_scale_ += std::log(large);
            scale_ = std::exp(log_scale_);
        }
    }

  private:
    double square_;
    double log_scale_;
    double scale_;
    double previous_ = 0.0;
    double current_ = 1.0;
};

/// Coefficients of the three-term recurrence, and the logarithm of the product of the squared
/// norms of the monic polynomials.
struct Recurrence {
    std::vector<double> alpha;
    std::vector<double> root_beta;  ///< of j: between psi_j and psi_{j-1}; zero for j = 0
    double log_weight_norm = 0.0;   ///< of psi_0, before normalisation
    long double log_norms = 0.0L;
};

/// Stieltjes' procedure on the nodes of all panels.
Recurrence stieltjes(Index n, double a, const Rule& rule, const Panels& panels) {
    const double mode = std::max(a, panels.lower);
    const auto log_weight = [a](double x) { return (a > 0.0 ? a * std::log(x) : 0.0) - x; };
    const double offset = log_weight(std::max(mode, 1e-300));
    std::vector<OrthonormalFunctions> functions;
    std::vector<double> weights;
    for (Index panel = 0; panel < panels.count; ++panel) {
        for (Index i = 0; i < nodes_per_panel; ++i) {
            const double x = panels.node(rule, panel, i);
            functions.emplace_back(x, log_weight(x) - offset);
            weights.push_back(0.5 * panels.width * rule.weights[static_cast<std::size_t>(i)]);
        }
    }
    const auto sum = [&](const auto& term) {
        long double total = 0.0L;
        for (std::size_t i = 0; i < functions.size(); ++i) {
            total += weights[i] * term(functions[i]);
        }
        return static_cast<double>(total);
    };
    const auto squared = [](const OrthonormalFunctions& f) { return f.value() * f.value(); };
    Recurrence recurrence;
    const double first_norm = std::sqrt(sum(squared));
    recurrence.log_weight_norm = offset + std::log(first_norm);
    long double log_norm = 2.0L * recurrence.log_weight_norm;
    std::for_each(functions.begin(), functions.end(), [&](auto& f) { f.divide(first_norm); });
    double root_beta = 0.0;
    for (Index j = 0; j < n; ++j) {
        recurrence.log_norms += log_norm;
        recurrence.root_beta.push_back(root_beta);
        const double alpha = sum([&](const auto& f) { return f.square() * squared(f); });
        recurrence.alpha.push_back(alpha);
        std::for_each(functions.begin(), functions.end(),
                      [&](auto& f) { f.advance(alpha, root_beta); });
        root_beta = std::sqrt(sum(squared));
        log_norm += 2.0L * std::log(static_cast<long double>(root_beta));
        std::for_each(functions.begin(), functions.end(), [&](auto& f) { f.divide(root_beta); });
    }
    return recurrence;
}

/// Values of psi_0 ... psi_{n-1} at the nodes of one panel, n x nodes.
void fill_panel(Matrix& values, double a, const Rule& rule, const Panels& panels, Index panel,
                const Recurrence& recurrence) {
    const Index n = values.rows;
    for (Index i = 0; i < nodes_per_panel; ++i) {
        const double x = panels.node(rule, panel, i);
        const double log_weight = (a > 0.0 ? a * std::log(x) : 0.0) - x;
        OrthonormalFunctions f(x, log_weight - recurrence.log_weight_norm);
        for (Index j = 0; j < n; ++j) {
            values(j, i) = f.value();
            if (j + 1 < n) {
                const auto at = static_cast<std::size_t>(j);
                f.advance(recurrence.alpha[at], recurrence.root_beta[at]);
                f.divide(recurrence.root_beta[at + 1]);
            }
        }
    }
}

/// The skew products, integral over x > y of psi_j(x) psi_k(y) - psi_k(x) psi_j(y), bordered by the
/// integrals of psi_j where n is odd.
Matrix skew_products(Index n, double a, const Rule& rule, const Panels& panels,
                     const Recurrence& recurrence) {
    constexpr auto no = blas::Transpose::no;
    constexpr auto yes = blas::Transpose::yes;
    const double half = 0.5 * panels.width;
    Matrix values(n, nodes_per_panel);
    Matrix integrals(n, nodes_per_panel);
    Matrix products(n, n);
    std::vector<double> before(static_cast<std::size_t>(n), 0.0);
    for (Index panel = 0; panel < panels.count; ++panel) {
        fill_panel(values, a, rule, panels, panel, recurrence);
        for (Index i = 0; i < nodes_per_panel; ++i) {
            std::copy(before.begin(), before.end(), integrals.data() + i * n);
        }
        blas::gemm(no, no, n, nodes_per_panel, nodes_per_panel, half, values.data(), n,
                   rule.to_node.data(), nodes_per_panel, 1.0, integrals.data(), n);
        for (Index i = 0; i < nodes_per_panel; ++i) {
            const double weight = half * rule.weights[static_cast<std::size_t>(i)];
            for (Index j = 0; j < n; ++j) {
                values(j, i) *= weight;
                before[static_cast<std::size_t>(j)] += values(j, i);
            }
        }
        blas::gemm(no, yes, n, n, nodes_per_panel, 1.0, values.data(), n, integrals.data(), n, 1.0,
                   products.data(), n);
    }
    const Index size = n + n % 2;
    Matrix skew(size, size);
    for (Index k = 0; k < n; ++k) {
        for (Index j = 0; j < n; ++j) {
            skew(j, k) = products(j, k) - products(k, j);
        }
        if (size > n) {
            skew(k, n) = before[static_cast<std::size_t>(k)];
            skew(n, k) = -skew(k, n);
        }
    }
    return skew;
}

long double log_multivariate_gamma(Index n, long double a) {
    const auto dimension = static_cast<long double>(n);
    long double sum =
        0.25L * dimension * (dimension - 1.0L) * std::log(std::numbers::pi_v<long double>);
    for (Index i = 0; i < n; ++i) {
        sum += std::lgamma(a - 0.5L * static_cast<long double>(i));
    }
    return sum;
}

/// |Pf|^2 = |det|; the norms of the polynomials make up for their leading coefficients.
long double log_integral(Index n, Index m) {
    TESSERA_ASSERT(1 <= n && n <= m, "singular values of an n x m matrix with 1 <= n <= m");
    const auto a = static_cast<double>(m - n);
    const Rule rule;
    const Panels panels = panels_for(static_cast<double>(n), a);
    const Recurrence recurrence = stieltjes(n, a, rule, panels);
    const DenseQr qr = dense_qr(skew_products(n, a, rule, panels, recurrence));
    long double log_determinant = 0.0L;
    for (Index j = 0; j < qr.r.rows; ++j) {
        log_determinant += std::log(static_cast<long double>(qr.r(j, j)));
    }
    return 0.5L * (log_determinant + recurrence.log_norms);
}

}  // namespace

double log_singular_value_integral(Index n, Index m) {
    return static_cast<double>(log_integral(n, m));
}

double log_nuclear_norm_constant(Index rows, Index columns, double lambda) {
    const Index short_side = std::min(rows, columns);
    const auto n = static_cast<long double>(short_side);
    const auto m = static_cast<long double>(std::max(rows, columns));
    const long double angles = 0.5L * (n * m + n * n) * std::log(std::numbers::pi_v<long double>) +
                               n * std::numbers::ln2_v<long double> -
                               log_multivariate_gamma(short_side, 0.5L * m) -
                               log_multivariate_gamma(short_side, 0.5L * n);
    const long double values = log_integral(short_side, std::max(rows, columns));
    return static_cast<double>(angles + values -
                               n * m * std::log(static_cast<long double>(lambda)));
}

double log_rejection_acceptance(Index rows, Index columns) {
    const Index short_side = std::min(rows, columns);
    if (short_side <= 2) {
        return 0.0;
    }
    // (sqrt pi)^(nm) 2^n Gamma_n(m - (n-1)/2) / Gamma_n(m/2) (2/n)^N Gamma(nm) / Gamma(nm - N),
    // N = n(n-1)/2, is the integral if every proposal were accepted.
    const auto n = static_cast<long double>(short_side);
    const auto m = static_cast<long double>(std::max(rows, columns));
    const long double pairs = 0.5L * n * (n - 1.0L);
    const long double all_accepted = 0.5L * n * m * std::log(std::numbers::pi_v<long double>) +
                                     n * std::numbers::ln2_v<long double> +
                                     log_multivariate_gamma(short_side, m - 0.5L * (n - 1.0L)) -
                                     log_multivariate_gamma(short_side, 0.5L * m) +
                                     pairs * std::log(2.0L / n) + std::lgamma(n * m) -
                                     std::lgamma(n * m - pairs);
    return static_cast<double>(static_cast<long double>(log_nuclear_norm_constant(rows, columns)) -
                               all_accepted);
}

}  // namespace tessera
