#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <set>
#include <vector>

#include "kolmogorov_smirnov.hpp"
#include "tessera/base/random.hpp"

// The statistical tests draw fixed numbers (seed 1), so they cannot fail by chance: a limit says
// how unlikely the outcome would be for ideal random numbers.

namespace {

using namespace tessera;
using test_support::kolmogorov_smirnov;
using test_support::smirnov_limit;

using Words = std::array<std::uint32_t, 4>;

Words words_of(const Random& random, std::uint64_t index, std::uint32_t step) {
    const auto w = random.words(static_cast<Index>(index), step);
    return {w[0], w[1], w[2], w[3]};
}

// Against the mathematical library, also where the logarithm vanishes and where a quarter begins.
TEST(BoxMuller, ElementaryFunctionsAreExactToThreeUnits) {
    constexpr double three_units = 3.0 * std::numeric_limits<double>::epsilon();
    double worst_logarithm = 0.0;
    double worst_direction = 0.0;
    constexpr int count = 200000;
    for (int i = 0; i < count; ++i) {
        const double u = (i + 0.5) / count;
        const double tiny = std::exp(-36.0 * u);
        for (const double x : {u, tiny, 1.0 - tiny, u * 0x1p-52}) {
            if (x > 0.0 && x < 1.0) {
                const double exact = std::log(x);
                worst_logarithm = std::max(
                    worst_logarithm, std::abs(logarithm_of_fraction(x) - exact) / std::abs(exact));
            }
        }
        // In double the angle itself would be rounded, by up to 4.4e-16.
        const long double angle = 2.0L * std::numbers::pi_v<long double> * u;
        const NormalPair direction = cosine_and_sine(u);
        worst_direction = std::max(
            {worst_direction, static_cast<double>(std::abs(direction.first - std::cos(angle))),
             static_cast<double>(std::abs(direction.second - std::sin(angle)))});
    }
    EXPECT_LT(worst_logarithm, three_units);
    EXPECT_LT(worst_direction, three_units);
}

TEST(BoxMuller, QuartersOfATurnAreExact) {
    EXPECT_EQ(cosine_and_sine(0.0).first, 1.0);
    EXPECT_EQ(cosine_and_sine(0.25).second, 1.0);
    EXPECT_EQ(cosine_and_sine(0.5).first, -1.0);
    EXPECT_EQ(cosine_and_sine(0.75).second, -1.0);
    EXPECT_EQ(logarithm_of_fraction(0.5), std::log(0.5));
}

TEST(RandomOneRank, KnownAnswersOfPhilox) {
    // Lines "philox4x32 10" of kat_vectors in Random123: counter, key and result. The counter is
    // (index low, index high, step, stream), the key (seed low, seed high).
    EXPECT_EQ(words_of(Random(0, 0), 0, 0),
              (Words{0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U}));
    constexpr std::uint64_t ones = ~std::uint64_t{0};
    EXPECT_EQ(words_of(Random(ones, 0xffffffffU), ones, 0xffffffffU),
              (Words{0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU}));
    EXPECT_EQ(words_of(Random(0x299f31d0a4093822U, 0x03707344U), 0x85a308d3243f6a88U, 0x13198a2eU),
              (Words{0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U}));
}

TEST(RandomOneRank, EveryKeyAndEveryCounterGivesOtherNumbers) {
    std::set<double> seen;
    std::size_t drawn = 0;
    for (const std::uint64_t seed : {0U, 1U, 2U}) {
        for (const std::uint32_t stream : {0U, 1U, 2U}) {
            for (Index index = 0; index < 50; ++index) {
                for (const std::uint32_t step : {0U, 1U, 2U}) {
                    seen.insert(Random(seed, stream).uniform(index, step));
                    ++drawn;
                }
            }
        }
    }
    EXPECT_EQ(seen.size(), drawn);
    EXPECT_NE(Random(1, 0).uniform(5), Random(1 + (std::uint64_t{1} << 32), 0).uniform(5));
    EXPECT_NE(Random(1, 0).uniform(5), Random(1, 0).uniform(5 + (Index{1} << 32)));
}

// A function of its own, because nvcc takes no kernel in a private member, which a test's body is.
void draw_in_kernel(const Random& random, const Kokkos::View<double* [2]>& drawn) {
    Kokkos::parallel_for(
        "tessera::test_random", drawn.extent(0), KOKKOS_LAMBDA(const Index i) {
            drawn(i, 0) = random.uniform(i, 4);
            drawn(i, 1) = random.normal(i, 4);
        });
}

TEST(RandomOneRank, KernelsDrawTheSameNumbers) {
    constexpr Index count = 1000;
    const Random random(1, 3);
    const Kokkos::View<double* [2]> drawn("drawn", count);
    draw_in_kernel(random, drawn);
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, drawn);
    for (Index i = 0; i < count; ++i) {
        ASSERT_EQ(host(i, 0), random.uniform(i, 4));
        // A GPU's logarithm and cosine may differ from the host's in the last bits.
        ASSERT_NEAR(host(i, 1), random.normal(i, 4), 1e-14);
    }
}

constexpr Index sample_size = 200'000;

std::vector<double> sample(const std::function<double(Index)>& draw) {
    std::vector<double> values(sample_size);
    for (Index i = 0; i < sample_size; ++i) {
        values[static_cast<std::size_t>(i)] = draw(i);
    }
    return values;
}

double mean_of(const std::vector<double>& values, const std::function<double(double)>& function) {
    double sum = 0.0;
    for (const double value : values) {
        sum += function(value);
    }
    return sum / static_cast<double>(values.size());
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
    const double mean_a = mean_of(a, [](double x) { return x; });
    const double mean_b = mean_of(b, [](double x) { return x; });
    double ab = 0.0;
    double aa = 0.0;
    double bb = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        ab += (a[i] - mean_a) * (b[i] - mean_b);
        aa += (a[i] - mean_a) * (a[i] - mean_a);
        bb += (b[i] - mean_b) * (b[i] - mean_b);
    }
    return ab / std::sqrt(aa * bb);
}

/// Four standard deviations of a mean: exceeded with probability 6e-5.
double four_sigma(double variance_of_one) {
    return 4.0 * std::sqrt(variance_of_one / static_cast<double>(sample_size));
}

double normal_distribution(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

TEST(UniformOneRank, LiesInTheOpenInterval) {
    const Random random(1, 0);
    const std::vector<double> values = sample([&](Index i) { return random.uniform(i); });
    EXPECT_GT(*std::min_element(values.begin(), values.end()), 0.0);
    EXPECT_LT(*std::max_element(values.begin(), values.end()), 1.0);
}

TEST(UniformOneRank, HasItsMomentsAndDistribution) {
    const Random random(1, 0);
    const std::vector<double> values = sample([&](Index i) { return random.uniform(i); });
    EXPECT_NEAR(mean_of(values, [](double x) { return x; }), 0.5, four_sigma(1.0 / 12));
    // Var((x - 1/2)^2) = 1/80 - 1/144 = 1/180; E (x - 1/2)^4 = 1/80, its variance 1/2304 - 1/6400.
    EXPECT_NEAR(mean_of(values, [](double x) { return std::pow(x - 0.5, 2); }), 1.0 / 12,
                four_sigma(1.0 / 180));
    EXPECT_NEAR(mean_of(values, [](double x) { return std::pow(x - 0.5, 4); }), 1.0 / 80,
                four_sigma(1.0 / 2304 - 1.0 / 6400));
    EXPECT_LT(kolmogorov_smirnov(values, [](double x) { return x; }), smirnov_limit);
}

TEST(UniformOneRank, LowBitsAreRandomToo) {
    // 2^26 x modulo 1 holds the lower half of the 52 bits.
    const Random random(1, 0);
    const std::vector<double> values =
        sample([&](Index i) { return std::fmod(0x1p26 * random.uniform(i), 1.0); });
    EXPECT_LT(kolmogorov_smirnov(values, [](double x) { return x; }), smirnov_limit);
}

TEST(NormalOneRank, HasItsMomentsAndDistribution) {
    const Random random(1, 0);
    for (const bool first : {true, false}) {
        const std::vector<double> values = sample([&](Index i) {
            const auto pair = random.normal_pair(i);
            return first ? pair.first : pair.second;
        });
        // Moments of the normal distribution: E x^2 = 1, x^4: 3, x^6: 15, x^8: 105.
        EXPECT_NEAR(mean_of(values, [](double x) { return x; }), 0.0, four_sigma(1.0));
        EXPECT_NEAR(mean_of(values, [](double x) { return x * x; }), 1.0, four_sigma(3.0 - 1.0));
        EXPECT_NEAR(mean_of(values, [](double x) { return std::pow(x, 3); }), 0.0,
                    four_sigma(15.0));
        EXPECT_NEAR(mean_of(values, [](double x) { return std::pow(x, 4); }), 3.0,
                    four_sigma(105.0 - 9.0));
        EXPECT_LT(kolmogorov_smirnov(values, normal_distribution), smirnov_limit);
    }
}

TEST(NormalOneRank, TailsAreThere) {
    // P(|x| > 3.5) = 4.65e-4: 93 of 200000 expected, standard deviation 9.6, four of them.
    const Random random(1, 0);
    Index beyond = 0;
    for (Index i = 0; i < sample_size; ++i) {
        beyond += std::abs(random.normal(i)) > 3.5 ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(beyond), 93.0, 39.0);
}

TEST(RandomOneRank, NeighboursAreIndependent) {
    // A correlation of independent samples has standard deviation 1 / sqrt(n).
    const Random random(1, 0);
    const Random other_stream(1, 1);
    const Random other_seed(2, 0);
    const auto values = sample([&](Index i) { return random.normal(i); });
    const auto pair = sample([&](Index i) { return random.normal_pair(i).second; });
    const auto next_index = sample([&](Index i) { return random.normal(i + 1); });
    const auto next_step = sample([&](Index i) { return random.normal(i, 1); });
    const auto stream = sample([&](Index i) { return other_stream.normal(i); });
    const auto seed = sample([&](Index i) { return other_seed.normal(i); });
    for (const auto* other : {&pair, &next_index, &next_step, &stream, &seed}) {
        EXPECT_NEAR(correlation(values, *other), 0.0, four_sigma(1.0));
    }
}

}  // namespace
