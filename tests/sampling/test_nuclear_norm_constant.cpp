// The constant of the nuclear norm distribution against de Bruijn's Pfaffian in exact integers,
// published figures and integrals that can be done by hand.

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <numbers>

#include "tessera/sampling/nuclear_norm_constant.hpp"

namespace tessera {
namespace {

using Rational = boost::multiprecision::cpp_rational;
using Integer = boost::multiprecision::cpp_int;

/// The integral over x > y > 0 of (x^p y^q - x^q y^p) exp(-x - y), p > q: p! q! times the
/// probability that a binomial number of p + q + 1 fair coins lies in [q + 1, p].
Rational skew_product(int p, int q) {
    Integer choose = 1;  // of p + q + 1 over k
    Integer sum = 0;
    for (int k = 0; k <= p; ++k) {
        if (k > q) {
            sum += choose;
        }
        choose = choose * (p + q + 1 - k) / (k + 1);
    }
    Integer product = 1;
    for (int i = 2; i <= p; ++i) {
        product *= i;
    }
    for (int i = 2; i <= q; ++i) {
        product *= i;
    }
    return Rational(sum * product, Integer(1) << static_cast<unsigned>(p + q + 1));
}

Rational factorial(int p) {
    Integer product = 1;
    for (int i = 2; i <= p; ++i) {
        product *= i;
    }
    return product;
}

/// Pf(A) = sum_k (-1)^k A_{0k} Pf(A without 0 and k), the definition.
Rational pfaffian(const std::vector<std::vector<Rational>>& a) {
    if (a.empty()) {
        return 1;
    }
    Rational sum = 0;
    for (std::size_t k = 1; k < a.size(); ++k) {
        std::vector<std::vector<Rational>> minor;
        for (std::size_t i = 1; i < a.size(); ++i) {
            if (i == k) {
                continue;
            }
            std::vector<Rational> row;
            for (std::size_t j = 1; j < a.size(); ++j) {
                if (j != k) {
                    row.push_back(a[i][j]);
                }
            }
            minor.push_back(row);
        }
        const Rational term = a[0][k] * pfaffian(minor);
        sum += k % 2 == 1 ? term : Rational(-term);
    }
    return sum;
}

double exact_log_integral(int n, int m) {
    const std::size_t size =
        n % 2 == 0 ? static_cast<std::size_t>(n) : static_cast<std::size_t>(n) + 1;
    std::vector<std::vector<Rational>> a(size, std::vector<Rational>(size));
    const auto set = [&a](int j, int k, const Rational& value) {
        a[static_cast<std::size_t>(j)][static_cast<std::size_t>(k)] = value;
        a[static_cast<std::size_t>(k)][static_cast<std::size_t>(j)] = -value;
    };
    for (int j = 0; j < n; ++j) {
        const int p = 2 * (n - 1 - j) + m - n;
        for (int k = j + 1; k < n; ++k) {
            set(j, k, skew_product(p, 2 * (n - 1 - k) + m - n));
        }
        if (n % 2 == 1) {
            set(j, n, factorial(p));
        }
    }
    // A ratio of integers far beyond a double's range.
    const Rational value = pfaffian(a);
    const auto log_of = [](const Integer& whole) {
        const auto bits = static_cast<int>(msb(whole));
        const int shift = std::max(0, bits - 60);
        return std::log(static_cast<double>(Integer(whole >> static_cast<unsigned>(shift)))) +
               shift * std::numbers::ln2;
    };
    return log_of(numerator(value)) - log_of(denominator(value));
}

TEST(NuclearNormConstantOneRank, IsTheExactPfaffian) {
    for (const auto& [n, m] : {std::pair{1, 1},
                               {1, 4},
                               {2, 2},
                               {2, 9},
                               {3, 3},
                               {3, 40},
                               {4, 4},
                               {5, 7},
                               {6, 6},
                               {7, 8},
                               {8, 8},
                               {8, 30}}) {
        EXPECT_NEAR(log_singular_value_integral(n, m), exact_log_integral(n, m), 1e-11)
            << n << " x " << m;
    }
}

TEST(NuclearNormConstantOneRank, HasTheFiguresOfTheRationalRoute) {
    struct Row {
        Index n;
        Index m;
        double log_constant;
        double lambda = 1.0;
    };
    for (const Row& row : {Row{1, 1, 0.693147180560},       Row{1, 5, 6.448342855058},
                           Row{2, 2, 4.081219240927},       Row{2, 3, 6.835387039210},
                           Row{3, 3, 10.892467589675},      Row{3, 5, 20.489514280593},
                           Row{4, 6, 35.193610032651},      Row{5, 5, 36.308970749804},
                           Row{6, 6, 55.428146491184},      Row{8, 12, 172.913738847663},
                           Row{10, 10, 178.666076189019},   Row{10, 20, 403.517444957199},
                           Row{16, 16, 516.210359166709},   Row{20, 20, 850.477424574097},
                           Row{30, 30, 2093.777489620279},  Row{75, 25, 4950.395436846806},
                           Row{64, 64, 11069.4355391944},   Row{100, 100, 29247.4099792667},
                           Row{2, 3, 10.994270122570, 0.5}, Row{30, 30, 2414.784939165138, 0.7},
                           Row{8, 12, 67.446959135524, 3.0}}) {
        EXPECT_NEAR(log_nuclear_norm_constant(row.n, row.m, row.lambda), row.log_constant, 1e-10)
            << row.n << " x " << row.m;
        EXPECT_EQ(log_nuclear_norm_constant(row.n, row.m), log_nuclear_norm_constant(row.m, row.n));
    }
}

TEST(NuclearNormConstantOneRank, IsTheSphereOfAVector) {
    // ||x||_* = |x| for one row of m numbers: area of the sphere times Gamma(m).
    for (const Index m : {2, 100, 30'000, 1'000'000}) {
        const auto d = static_cast<double>(m);
        const double expected = std::log(2.0) + 0.5 * d * std::log(std::numbers::pi) -
                                std::lgamma(0.5 * d) + std::lgamma(d);
        EXPECT_NEAR(log_nuclear_norm_constant(1, m), expected, 1e-11 + 1e-14 * expected);
    }
}

TEST(NuclearNormConstantOneRank, SmallAndVeryLongMatricesAcceptAlmostEveryProposal) {
    EXPECT_EQ(log_rejection_acceptance(2, 7), 0.0);
    // At 3 x 3 the exact Pfaffian gives the acceptance 0.69 of the rational route.
    EXPECT_NEAR(std::exp(log_rejection_acceptance(3, 3)), 0.69, 0.005);
    EXPECT_NEAR(std::exp(log_rejection_acceptance(10, 20)), 0.03, 0.005);
    // The relative spread of the values falls as 1 / sqrt(m).
    EXPECT_GT(std::exp(log_rejection_acceptance(4, 4000)), 0.99);
}

}  // namespace
}  // namespace tessera
