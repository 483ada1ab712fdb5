#include <gtest/gtest.h>

#include <cmath>

#include "corruption_cases.hpp"
#include "tessera/problem/noise_corruptions.hpp"

// Each law is recognised by its moments. Tolerances are five standard errors of the moment of that
// many samples, so a right law fails one in two million seeds; the seed is fixed.

namespace tessera {
namespace {

using namespace test_support;

const std::vector<std::string> cube_axes = {"rows", "cols", "bands"};
constexpr Index sample_count = 200000;

/// Results for one clean value: samples of its law.
std::vector<double> samples(const std::shared_ptr<Corruption>& corruption, double value) {
    const std::vector<double> clean(static_cast<std::size_t>(sample_count), value);
    return corrupt_alone<double>({corruption}, clean, {sample_count / 4, 2, 2}, cube_axes).values;
}

double standard_error(double standard_deviation) {
    return standard_deviation / std::sqrt(static_cast<double>(sample_count));
}

TEST(NoiseCorruptionsOneRank, GaussianIsNormal) {
    const auto noise = make<GaussianCorruption>([](auto& c) { c.sigma = {{0.2}}; });
    const SampleMoments moments = sample_moments(samples(noise, 0.7));
    EXPECT_NEAR(moments.mean, 0.7, 5 * standard_error(0.2));
    EXPECT_NEAR(moments.variance, 0.04, 5 * standard_error(0.04 * std::sqrt(2.0)));
    EXPECT_NEAR(moments.skewness, 0.0, 5 * standard_error(std::sqrt(6.0)));
    EXPECT_NEAR(moments.kurtosis, 3.0, 5 * standard_error(std::sqrt(24.0)));
}

TEST(NoiseCorruptionsOneRank, GaussianNoiseOfNeighboursIsIndependent) {
    const auto noise = make<GaussianCorruption>([](auto& c) { c.sigma = {{1.0}}; });
    const std::vector<double> x = samples(noise, 0.0);
    for (const std::size_t lag : {1, 2, 4}) {
        double product = 0.0;
        for (std::size_t i = 0; i + lag < x.size(); ++i) {
            product += x[i] * x[i + lag] / static_cast<double>(sample_count);
        }
        EXPECT_NEAR(product, 0.0, 5 * standard_error(1.0)) << lag;
    }
}

/// Standard deviation of result minus clean value in one slice of a mode.
double slice_deviation(const std::vector<double>& values, const Extents& shape, int mode,
                       Index slice) {
    double sum = 0.0;
    Index count = 0;
    for (Index i = 0; i < shape.product(); ++i) {
        if (row_major_position(i, shape)[mode] == slice) {
            sum += std::pow(values[static_cast<std::size_t>(i)], 2);
            ++count;
        }
    }
    return std::sqrt(sum / static_cast<double>(count));
}

TEST(NoiseCorruptionsOneRank, GaussianPerBandGoesToTheBandsWhereverTheyAre) {
    const Extents shape = {3, 80, 50};
    const std::vector<double> clean(static_cast<std::size_t>(shape.product()), 0.0);
    const auto noise = make<GaussianCorruption>([](auto& c) { c.sigma = {{0.1, 0.0, 2.0}}; });
    const auto result = corrupt_alone<double>({noise}, clean, shape, {"bands", "rows", "cols"});
    // The standard error of a deviation from 4000 samples is 1.1 %.
    EXPECT_NEAR(slice_deviation(result.values, shape, 0, 0), 0.1, 0.006);
    EXPECT_EQ(slice_deviation(result.values, shape, 0, 1), 0.0);
    EXPECT_NEAR(slice_deviation(result.values, shape, 0, 2), 2.0, 0.12);
    EXPECT_EQ(result.noise.band_mode, 0);
}

TEST(NoiseCorruptionsOneRank, GaussianRangeIsDrawnPerBand) {
    const Extents shape = {40, 50, 30};
    const std::vector<double> clean(static_cast<std::size_t>(shape.product()), 0.0);
    const auto noise = make<GaussianCorruption>([](auto& c) { c.sigma = {{0.1, 0.3}}; });
    const auto result = corrupt_alone<double>({noise}, clean, shape, cube_axes);
    ASSERT_EQ(result.noise.sigma.size(), 30U);
    double mean = 0.0;
    for (Index band = 0; band < 30; ++band) {
        const double sigma = result.noise.sigma[static_cast<std::size_t>(band)];
        EXPECT_GT(sigma, 0.1);
        EXPECT_LT(sigma, 0.3);
        EXPECT_NEAR(slice_deviation(result.values, shape, 2, band), sigma, 0.08 * sigma);
        mean += sigma / 30.0;
    }
    EXPECT_NEAR(mean, 0.2, 5 * 0.2 / std::sqrt(12.0 * 30.0));
}

TEST(NoiseCorruptionsOneRank, SignalToNoiseRatioIsThatOfTheObservedEntries) {
    const Extents shape = {100, 100, 4};
    const std::vector<double> clean(static_cast<std::size_t>(shape.product()), 3.0);
    const auto noise = make<GaussianCorruption>([](auto& c) { c.snr_db = 20.0; });
    const auto missing = make<MissingCorruption>([](auto& c) { c.keep = 0.25; });
    for (const Corruptions& list : {Corruptions{noise}, Corruptions{missing, noise}}) {
        const auto result = corrupt_alone<double>(list, clean, shape, cube_axes);
        ASSERT_EQ(result.noise.sigma.size(), 1U);
        EXPECT_NEAR(result.noise.sigma[0], 0.3, 1e-12);
    }
}

TEST(NoiseCorruptionsOneRank, BandLevelsFromNumberListAndRange) {
    const Random random(1, 2);
    using Levels = std::vector<double>;
    EXPECT_EQ(resolve_band_levels({0.5}, 3, random, "x"), (Levels{0.5, 0.5, 0.5}));
    EXPECT_EQ(resolve_band_levels({1, 2, 3}, 3, random, "x"), (Levels{1, 2, 3}));
    EXPECT_EQ(resolve_band_levels({1, 2}, 2, random, "x"), (Levels{1, 2}));
    EXPECT_EQ(resolve_band_levels({2, 1}, 2, random, "x"), (Levels{2, 1}));
    const Levels drawn = resolve_band_levels({1, 2}, 3, random, "x");
    EXPECT_NE(drawn[0], drawn[1]);
}

TEST(NoiseCorruptionsOneRank, PoissonHasMeanAndVarianceOfCounts) {
    const auto noise = make<PoissonCorruption>([](auto& c) {
        c.peak = 100.0;
        c.readout = 2.0;
    });
    for (const double x : {0.0, 0.02, 0.5, 1.0}) {
        const SampleMoments moments = sample_moments(samples(noise, x));
        const double variance = (100.0 * x + 4.0) / 1e4;
        EXPECT_NEAR(moments.mean, x, 5 * standard_error(std::sqrt(variance))) << x;
        // Poisson's excess kurtosis is below 1 / mean: its variance estimate is a little noisier.
        EXPECT_NEAR(moments.variance, variance, 6 * standard_error(variance * std::sqrt(2.5))) << x;
    }
}

TEST(NoiseCorruptionsOneRank, PoissonWithoutReadoutGivesWholeCounts) {
    const auto noise = make<PoissonCorruption>([](auto& c) { c.peak = 8.0; });
    for (const double y : samples(noise, 0.9)) {
        ASSERT_EQ(y * 8.0, std::round(y * 8.0));
    }
}

TEST(NoiseCorruptionsOneRank, RicianSecondMoment) {
    const auto noise = make<RicianCorruption>([](auto& c) { c.sigma = 0.2; });
    for (const double x : {0.0, 0.5}) {
        double square = 0.0;
        for (const double y : samples(noise, x)) {
            ASSERT_GE(y, 0.0);
            square += y * y / static_cast<double>(sample_count);
        }
        // y^2 / sigma^2 is noncentral chi-square of 2 degrees: variance 4 + 4 (x / sigma)^2.
        const double deviation = 0.04 * std::sqrt(4.0 + 4.0 * x * x / 0.04);
        EXPECT_NEAR(square, x * x + 2 * 0.04, 5 * standard_error(deviation)) << x;
    }
}

TEST(NoiseCorruptionsOneRank, RicianOfNothingIsRayleigh) {
    const auto noise = make<RicianCorruption>([](auto& c) { c.sigma = 0.2; });
    const SampleMoments moments = sample_moments(samples(noise, 0.0));
    EXPECT_NEAR(moments.mean, 0.2 * std::sqrt(M_PI / 2.0), 5 * standard_error(0.2 * 0.6551));
}

TEST(NoiseCorruptionsOneRank, SquaredGaussianMoments) {
    const auto noise = make<SquaredGaussianCorruption>([](auto& c) {
        c.a = 0.3;
        c.b = 0.4;
    });
    const SampleMoments moments = sample_moments(samples(noise, 1.0));
    const double variance = 0.09 + 2 * 0.16;
    EXPECT_NEAR(moments.mean, 1.4, 5 * standard_error(std::sqrt(variance)));
    // Fourth central moment: 3 a^4 + 12 a^2 b^2 + 60 b^4.
    const double fourth = 3 * 0.0081 + 12 * 0.09 * 0.16 + 60 * 0.0256;
    EXPECT_NEAR(moments.variance, variance,
                5 * standard_error(std::sqrt(fourth - variance * variance)));
    // Third: 8 b^3. The sixth moment of b n^2 - b is 10395 b^6 at the dearest.
    EXPECT_NEAR(moments.skewness, 8 * 0.064 / std::pow(variance, 1.5), 0.15);
}

TEST(NoiseCorruptionsOneRank, TransmissionCountsPhotons) {
    const auto noise = make<TransmissionPoissonCorruption>([](auto& c) {
        c.photons = 1e4;
        c.electronic = 10.0;
    });
    std::vector<double> counts;
    for (const double y : samples(noise, 2.0)) {
        counts.push_back(1e4 * std::exp(-y));
    }
    const double expected = 1e4 * std::exp(-2.0);
    const SampleMoments moments = sample_moments(counts);
    EXPECT_NEAR(moments.mean, expected, 5 * standard_error(std::sqrt(expected + 100.0)));
    EXPECT_NEAR(moments.variance, expected + 100.0,
                5 * standard_error(std::sqrt(2.0) * (expected + 100.0)));
}

TEST(NoiseCorruptionsOneRank, TransmissionClampsAndTellsHowOften) {
    // exp(-1) of the readings behind mean 1 see no photon.
    const std::vector<double> clean(static_cast<std::size_t>(sample_count), std::log(50.0));
    const auto noise = make<TransmissionPoissonCorruption>([](auto& c) { c.photons = 50.0; });
    const auto result = corrupt_alone<double>({noise}, clean, {sample_count}, {});
    Index highest = 0;
    for (const double y : result.values) {
        ASSERT_LE(y, std::log(50.0) + 1e-12);
        highest += y > std::log(50.0) - 1e-12 ? 1 : 0;
    }
    ASSERT_EQ(result.remarks.size(), 1U);
    const Index clamped = std::stoll(result.remarks[0].substr(result.remarks[0].find(": ") + 2));
    const double expected = std::exp(-1.0) * sample_count;
    EXPECT_NEAR(static_cast<double>(clamped), expected, 5 * std::sqrt(expected));
    // One photon gives the same value: twice as many entries hold it.
    EXPECT_NEAR(static_cast<double>(highest), 2 * expected, 10 * std::sqrt(expected));
}

TEST(NoiseCorruptionsOneRank, TransmissionScalesAndScalesBack) {
    // Largest value 8, attenuation 2: values are divided by 4 while photons are counted.
    std::vector<double> clean(static_cast<std::size_t>(sample_count), 4.0);
    clean[0] = 8.0;
    const auto noise = make<TransmissionPoissonCorruption>([](auto& c) {
        c.photons = 1e4;
        c.max_attenuation = 2.0;
    });
    const auto result = corrupt_alone<double>({noise}, clean, {sample_count}, {});
    std::vector<double> counts;
    for (std::size_t i = 1; i < result.values.size(); ++i) {
        counts.push_back(1e4 * std::exp(-result.values[i] / 4.0));
    }
    const double expected = 1e4 * std::exp(-1.0);
    EXPECT_NEAR(sample_moments(counts).mean, expected, 5 * standard_error(std::sqrt(expected)));
}

}  // namespace
}  // namespace tessera
