// Quantiles on the fly against those of the sorted numbers.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tessera/base/random.hpp"
#include "tessera/sampling/running_quantile.hpp"

namespace tessera {
namespace {

double running(const std::vector<double>& numbers, double share) {
    float state[RunningQuantile::state_size] = {};
    RunningQuantile quantile(share, state);
    for (std::size_t index = 0; index < numbers.size(); ++index) {
        quantile.add(static_cast<float>(numbers[index]), static_cast<Index>(index));
    }
    return quantile.value(static_cast<Index>(numbers.size()));
}

std::vector<double> normal_numbers(int count, double correlation) {
    std::vector<double> numbers;
    double last = 0.0;
    for (int index = 0; index < count; ++index) {
        last = correlation * last +
               std::sqrt(1.0 - correlation * correlation) * Random(3, 1).normal(index);
        numbers.push_back(last);
    }
    return numbers;
}

double sorted_quantile(std::vector<double> numbers, double share) {
    std::sort(numbers.begin(), numbers.end());
    return numbers[static_cast<std::size_t>(share * static_cast<double>(numbers.size() - 1) + 0.5)];
}

TEST(RunningQuantile, FollowsTheSortedNumbers) {
    for (const double share : {0.05, 0.5, 0.95}) {
        const std::vector<double> numbers = normal_numbers(4000, 0.0);
        // The sample quantile itself has a standard error of 0.033 at the outer shares.
        EXPECT_NEAR(running(numbers, share), sorted_quantile(numbers, share), 0.03) << share;
    }
}

TEST(RunningQuantile, FollowsCorrelatedNumbers) {
    for (const double share : {0.05, 0.95}) {
        const std::vector<double> numbers = normal_numbers(4000, 0.8);
        EXPECT_NEAR(running(numbers, share), sorted_quantile(numbers, share), 0.1) << share;
    }
}

TEST(RunningQuantile, FewNumbersAreSorted) {
    EXPECT_EQ(running({3.0}, 0.05), 3.0);
    EXPECT_EQ(running({3.0, 1.0, 2.0}, 0.5), 2.0);
    EXPECT_EQ(running({3.0, 1.0, 2.0, 0.5}, 0.95), 3.0);
}

TEST(RunningQuantile, EqualNumbersStayThemselves) {
    EXPECT_EQ(running(std::vector<double>(100, 2.5), 0.05), 2.5);
}

}  // namespace
}  // namespace tessera
