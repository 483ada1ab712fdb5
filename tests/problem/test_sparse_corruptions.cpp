#include <gtest/gtest.h>

#include <cmath>

#include "corruption_cases.hpp"
#include "tessera/problem/sparse_corruptions.hpp"

namespace tessera {
namespace {

using namespace test_support;

const Extents shape = {100, 100, 8};
const std::vector<std::string> axes = {"rows", "cols", "bands"};

/// Five standard errors of a share among `count` entries.
double tolerance(double share, double count) {
    return 5.0 * std::sqrt(share * (1.0 - share) / count);
}

std::vector<double> entries(double scale = 1.0) {
    std::vector<double> values = random_entries<double>(shape.product(), 17, scale);
    return values;
}

TEST(SparseCorruptionsOneRank, SaltAndPepperReplacesTheShareOfEachBand) {
    std::vector<double> ratio;
    for (int band = 0; band < 8; ++band) {
        ratio.push_back(0.1 * band);
    }
    const std::vector<double> clean = entries();
    const auto noise = make<SaltPepperCorruption>([&](auto& c) { c.ratio = ratio; });
    const auto result = corrupt_alone<double>({noise}, clean, shape, axes);
    std::vector<double> salt(8, 0.0);
    std::vector<double> pepper(8, 0.0);
    for (std::size_t i = 0; i < clean.size(); ++i) {
        const double y = result.values[i];
        ASSERT_TRUE(y == clean[i] || y == 0.0 || y == 1.0) << y;
        (y == 1.0 ? salt : pepper)[i % 8] += y != clean[i] ? 1e-4 : 0.0;
    }
    for (std::size_t band = 0; band < 8; ++band) {
        EXPECT_NEAR(salt[band], ratio[band] / 2, tolerance(ratio[band] / 2, 1e4)) << band;
        EXPECT_NEAR(pepper[band], ratio[band] / 2, tolerance(ratio[band] / 2, 1e4)) << band;
    }
}

TEST(SparseCorruptionsOneRank, SaltAndPepperClipsOnDemand) {
    const std::vector<double> clean = entries(2.0);
    for (const bool clip : {false, true}) {
        const auto noise = make<SaltPepperCorruption>([&](auto& c) {
            c.ratio = {0.1};
            c.clip = clip;
        });
        const auto result = corrupt_alone<double>({noise}, clean, shape, axes);
        Index outside = 0;
        for (const double y : result.values) {
            outside += y < 0.0 || y > 1.0 ? 1 : 0;
        }
        EXPECT_EQ(outside == 0, clip);
    }
}

TEST(SparseCorruptionsOneRank, ImpulsesAreUniform) {
    const std::vector<double> clean = entries();
    const auto noise = make<ImpulseCorruption>([](auto& c) {
        c.ratio = 0.2;
        c.low = -1.0;
        c.high = 3.0;
    });
    const auto result = corrupt_alone<double>({noise}, clean, shape, axes);
    std::vector<double> gains;
    for (std::size_t i = 0; i < clean.size(); ++i) {
        const double gain = result.values[i] - clean[i];
        if (gain != 0.0) {
            ASSERT_GT(gain, -1.0 - 1e-12);
            ASSERT_LT(gain, 3.0 + 1e-12);
            gains.push_back(gain);
        }
    }
    const auto count = static_cast<double>(gains.size());
    EXPECT_NEAR(count / 8e4, 0.2, tolerance(0.2, 8e4));
    const SampleMoments moments = sample_moments(gains);
    EXPECT_NEAR(moments.mean, 1.0, 5 * 4.0 / std::sqrt(12.0 * count));
    EXPECT_NEAR(moments.variance, 16.0 / 12.0, 5 * 16.0 / std::sqrt(180.0 * count));
}

TEST(SparseCorruptionsOneRank, ZeroedEntriesAreStillObserved) {
    const std::vector<double> clean = entries();
    const auto noise = make<EntryZeroCorruption>([](auto& c) { c.ratio = 0.1; });
    const auto result = corrupt_alone<double>({noise}, clean, shape, axes);
    double zeroed = 0.0;
    for (std::size_t i = 0; i < clean.size(); ++i) {
        ASSERT_TRUE(result.values[i] == clean[i] || result.values[i] == 0.0);
        zeroed += result.values[i] != clean[i] ? 1.0 : 0.0;
    }
    EXPECT_NEAR(zeroed / 8e4, 0.1, tolerance(0.1, 8e4));
    EXPECT_TRUE(result.mask.empty());
}

}  // namespace
}  // namespace tessera
