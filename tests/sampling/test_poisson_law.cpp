// The law of counts against its formulas in long double, and its slope against central differences.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tessera/sampling/poisson_law.hpp"

namespace tessera {
namespace {

const std::vector<double> arguments = {-1e4, -350.0, -30.0, -20.5, -19.5, -3.0, 0.0,
                                       0.2,  1.0,    5.0,   60.0,  1e3,   1e6};
const std::vector<double> counts = {-3.0, 0.0, 1.0, 60.0, 1e6 + 30.0};

std::vector<PoissonLaw> laws() { return {{1.0, 0.0, 0.5}, {1.0, 0.0, 2.0}, {1.0, 1.5, 0.5}}; }

long double shifted(const PoissonLaw& law, double count) {
    return std::max(0.0L, static_cast<long double>(count) + law.readout * law.readout);
}

// The exponent range of long double holds exp(-10^4 / 0.5), and the best cost is subtracted.
long double cost_on_paper(const PoissonLaw& law, double count, double x) {
    const long double b = law.smoothing;
    const long double u = x / b;
    const long double softplus = u > 0 ? u + std::log1p(std::exp(-u)) : std::log1p(std::exp(u));
    const long double mean = b * softplus + law.readout * law.readout;
    const long double a = shifted(law, count);
    return a > 0 ? mean - a - a * (std::log(mean) - std::log(a)) : mean;
}

TEST(PoissonLawOneRank, CostsAreThoseOnPaper) {
    for (const PoissonLaw& law : laws()) {
        for (const double count : counts) {
            for (const double x : arguments) {
                if (x / law.smoothing < -11000.0) {
                    continue;  // beyond the range of long double too
                }
                const auto expected = static_cast<double>(cost_on_paper(law, count, x));
                // Relative to the cost; what is near the best rate loses digits on paper.
                EXPECT_NEAR(law.cost(count, x), expected, 1e-12 * (expected + 1.0))
                    << "count " << count << ", x " << x;
            }
        }
    }
}

TEST(PoissonLawOneRank, CostsKeepTheirDigitsNearTheBestRate) {
    // a (d^2 / 2 - d^3 / 3 + ...) for d = 1e-6, a = 10^12.
    const PoissonLaw law;
    EXPECT_NEAR(law.cost(1e12, 1e12 + 1e6), 0.5 - 1e-6 / 3.0, 1e-9);
}

TEST(PoissonLawOneRank, SlopesAreDifferencesOfCosts) {
    for (const PoissonLaw& law : laws()) {
        for (const double count : counts) {
            const auto a = static_cast<double>(shifted(law, count));
            for (const double x : arguments) {
                const double h = 1e-5 * (1.0 + std::abs(x) / 100.0);
                const double above = law.cost(count, x + h);
                const double below = law.cost(count, x - h);
                // Rounding of the costs and of the arguments, and the third derivative, which is at
                // most (1 + a) / b^2 in size (and goes to zero on both sides).
                const double slopes = 1.0 + a / law.smoothing;
                const double limit = 4.0 * std::numeric_limits<double>::epsilon() *
                                         (above + below + slopes * std::abs(x)) / h +
                                     h * h * (1.0 + a) / (law.smoothing * law.smoothing);
                EXPECT_NEAR(law.gradient(count, x), (above - below) / (2.0 * h), limit)
                    << "count " << count << ", x " << x;
            }
        }
    }
}

TEST(PoissonLawOneRank, SlopesAreBounded) {
    for (const PoissonLaw& law : laws()) {
        for (const double x : {-1e300, -1e4, 1e4, 1e300}) {
            EXPECT_LE(std::abs(law.gradient(7.0, x)), 1.0 + 10.0 / law.smoothing);
            EXPECT_FALSE(std::isnan(law.cost(7.0, x)));
        }
        EXPECT_DOUBLE_EQ(law.rate(1e6), 1e6);
        EXPECT_GT(law.precision(-5.0), 0.0);
    }
}

}  // namespace
}  // namespace tessera
