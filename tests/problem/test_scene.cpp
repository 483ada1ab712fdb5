#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "../support/all_ranks.hpp"
#include "../tensor/test_tensors.hpp"
#include "tessera/base/error.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/problem/scene.hpp"

namespace tessera {
namespace {

using namespace test_support;

const Extents shape = {40, 50, 30};

template <typename T>
HyperspectralScene<T> alone(const Extents& whole, int endmembers, std::uint64_t seed) {
    return simulate_hyperspectral<T>(
        {whole, ProcessGrid(Communicator(MPI_COMM_SELF), Extents::filled(3, 1))}, endmembers, seed);
}

template <typename T>
void expect_same_bits() {
    const std::vector<T> expected = to_host(alone<T>(shape, 6, 3).values.block());
    Dice dice(4);
    for (int round = 0; round < 5; ++round) {
        const auto scene = simulate_hyperspectral<T>(random_partition(dice, shape), 6, 3);
        EXPECT_ALL_RANKS(holds(scene.values, expected));
    }
}

TEST(Scene, SameBitsOnEveryGrid) {
    expect_same_bits<double>();
    expect_same_bits<float>();
}

TEST(SceneOneRank, ValuesAreMixturesOfTheSpectra) {
    const auto scene = alone<double>(shape, 4, 1);
    const std::vector<double> values = to_host(scene.values.block());
    Matrix pixels(2000, 30);
    for (Index p = 0; p < 2000; ++p) {
        for (Index b = 0; b < 30; ++b) {
            const double v = values[static_cast<std::size_t>(p * 30 + b)];
            pixels(p, b) = v;
            // Abundances are positive and sum to one: between the lowest and the highest spectrum.
            double low = 1.0;
            double high = 0.0;
            for (Index e = 0; e < 4; ++e) {
                low = std::min(low, scene.spectra(b, e));
                high = std::max(high, scene.spectra(b, e));
            }
            ASSERT_GE(v, low - 1e-12);
            ASSERT_LE(v, high + 1e-12);
        }
    }
    const std::vector<double> spectrum = dense_singular_values(pixels);
    EXPECT_GT(spectrum[3], 1e-3 * spectrum[0]);
    EXPECT_LT(spectrum[4], 1e-12 * spectrum[0]);
}

TEST(SceneOneRank, SpectraLookLikeWhatTheyAreCalled) {
    const auto scene = alone<double>({4, 4, 420}, max_endmembers, 1);
    ASSERT_EQ(scene.wavelengths_um.size(), 420U);
    EXPECT_NEAR(scene.wavelengths_um.front(), 0.4025, 1e-12);
    const auto at = [&](const std::string& name, double wavelength) {
        const auto column = std::find(scene.names.begin(), scene.names.end(), name);
        const auto band = static_cast<Index>((wavelength - 0.4) / 2.1 * 420.0);
        return scene.spectra(band, column - scene.names.begin());
    };
    for (Index e = 0; e < max_endmembers; ++e) {
        for (Index b = 0; b < 420; ++b) {
            ASSERT_GT(scene.spectra(b, e), 0.0);
            ASSERT_LT(scene.spectra(b, e), 1.0);
        }
    }
    EXPECT_GT(at("vegetation", 0.80), 5 * at("vegetation", 0.67)) << "red edge";
    EXPECT_GT(at("vegetation", 0.55), 1.5 * at("vegetation", 0.67)) << "green peak";
    EXPECT_LT(at("water", 1.6), 0.01);
    EXPECT_LT(at("clay", 2.21), 0.75 * at("clay", 2.1)) << "hydroxyl absorption";
    EXPECT_GT(at("red tile", 0.7), 3 * at("red tile", 0.5));
    EXPECT_LT(at("soil", 1.88), 0.3 * at("soil", 1.7)) << "water vapour";
    EXPECT_LT(at("asphalt", 1.0), at("concrete", 1.0));
}

TEST(SceneOneRank, HasSpatialStructureWithEdges) {
    const auto scene = alone<double>({96, 96, 8}, 6, 1);
    const std::vector<double> values = to_host(scene.values.block());
    const auto at = [&](Index row, Index col) {
        return values[static_cast<std::size_t>((row * 96 + col) * 8 + 3)];
    };
    double near = 0.0;
    double far = 0.0;
    double largest = 0.0;
    Index count = 0;
    for (Index row = 0; row < 96; ++row) {
        for (Index col = 0; col + 40 < 96; ++col) {
            const double step = std::abs(at(row, col + 1) - at(row, col));
            near += step;
            far += std::abs(at(row, col + 40) - at(row, col));
            largest = std::max(largest, step);
            ++count;
        }
    }
    EXPECT_LT(near, 0.3 * far) << "neighbours should be alike";
    EXPECT_GT(largest, 5 * near / static_cast<double>(count)) << "no edges";
    // Every endmember covers some of the scene: no two seeds give the same one.
    EXPECT_NE(values, to_host(alone<double>({96, 96, 8}, 6, 2).values.block()));
}

TEST(Scene, WrongRequestsAreRefused) {
    const Partition flat({4, 4}, ProcessGrid(Communicator(MPI_COMM_SELF), {1, 1}));
    EXPECT_THROW((void)simulate_hyperspectral<float>(flat, 4, 1), UsageError);
    EXPECT_THROW((void)alone<float>({4, 4, 4}, 1, 1), UsageError);
    EXPECT_THROW((void)alone<float>({4, 4, 4}, max_endmembers + 1, 1), UsageError);
}

}  // namespace
}  // namespace tessera
