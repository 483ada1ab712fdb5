#include <gtest/gtest.h>

#include <cmath>

#include "tessera/base/error.hpp"
#include "tessera/method/svd/spectrum_rule.hpp"

namespace tessera {
namespace {

Spectrum spectrum_of(std::vector<double> values, bool complete) {
    Spectrum spectrum;
    spectrum.rows = 400.0;
    spectrum.columns = 100.0;
    for (const double value : values) {
        spectrum.squared_norm += value * value;
    }
    spectrum.values = std::move(values);
    spectrum.complete = complete;
    return spectrum;
}

TEST(SpectrumRule, EnergyCountsFromTheLargest) {
    SvdOptions options;
    options.truncation = SvdOptions::Truncation::energy;
    options.energy = 0.95;
    // 9 + 4 + 1 + 0.25: 13 of 14.25 are 91 %, 14 are 98 %.
    const auto kept = keep_spectrum(spectrum_of({3, 2, 1, 0.5}, true), options, {}, {}, false);
    ASSERT_TRUE(kept.has_value());
    EXPECT_EQ(kept->weights.size(), 3U);
}

TEST(SpectrumRule, AsksForMoreValuesWhenTheKnownOnesDoNotSuffice) {
    SvdOptions options;
    options.truncation = SvdOptions::Truncation::energy;
    options.energy = 0.95;
    Spectrum partial = spectrum_of({3, 2, 1, 0.5}, true);
    partial.values = {3, 2};
    partial.complete = false;
    EXPECT_FALSE(keep_spectrum(partial, options, {}, {}, true).has_value());
    options.energy = 0.9;
    EXPECT_TRUE(keep_spectrum(partial, options, {}, {}, true).has_value());
    options.truncation = SvdOptions::Truncation::rank;
    options.rank = 3;
    EXPECT_FALSE(keep_spectrum(partial, options, {}, {}, true).has_value());
}

// Gavish and Donoho: with sigma = 1 on 400 x 100, values below (1 + sqrt(1/4)) 20 = 30 are noise; a
// value y = 40 becomes 20 sqrt((4 - 5/4)^2 - 1) / 2.
TEST(SpectrumRule, ShrinksByTheFrobeniusFormula) {
    const auto kept =
        keep_spectrum(spectrum_of({40, 29.9, 10}, false), SvdOptions{}, 1.0, {}, true);
    ASSERT_TRUE(kept.has_value());
    ASSERT_EQ(kept->weights.size(), 1U);
    EXPECT_NEAR(40.0 * kept->weights[0], 20.0 * std::sqrt(2.75 * 2.75 - 1.0) / 2.0, 1e-12);
}

// lambda(1/4) = sqrt(2 (b + 1) + 8 b / ((b + 1) + sqrt(b^2 + 14 b + 1))), times sqrt(400).
TEST(SpectrumRule, HardThresholdOfKnownNoise) {
    const double b = 0.25;
    const double threshold =
        20.0 *
        std::sqrt(2.0 * (b + 1.0) + 8.0 * b / ((b + 1.0) + std::sqrt(b * b + 14.0 * b + 1.0)));
    SvdOptions options;
    options.truncation = SvdOptions::Truncation::threshold;
    const auto kept = keep_spectrum(spectrum_of({50, threshold + 0.01, threshold - 0.01}, true),
                                    options, 1.0, {}, false);
    ASSERT_TRUE(kept.has_value());
    EXPECT_EQ(kept->weights.size(), 2U);
}

TEST(SpectrumRule, UnknownNoiseNeedsTheWholeSpectrum) {
    EXPECT_THROW(
        static_cast<void>(keep_spectrum(spectrum_of({3, 2}, false), SvdOptions{}, {}, {}, true)),
        UsageError);
}

TEST(SpectrumRule, ZeroMatrixKeepsNothing) {
    SvdOptions options;
    options.truncation = SvdOptions::Truncation::energy;
    const auto kept = keep_spectrum(spectrum_of({0, 0}, true), options, {}, {}, false);
    ASSERT_TRUE(kept.has_value());
    EXPECT_TRUE(kept->weights.empty());
    Spectrum narrow = spectrum_of({0, 0}, true);
    narrow.columns = 2.0;
    const auto shrunk = keep_spectrum(narrow, SvdOptions{}, {}, {}, false);
    ASSERT_TRUE(shrunk.has_value());
    EXPECT_TRUE(shrunk->weights.empty());
}

}  // namespace
}  // namespace tessera
