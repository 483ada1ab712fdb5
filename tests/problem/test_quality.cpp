#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "../support/all_ranks.hpp"
#include "../tensor/test_tensors.hpp"
#include "goldens.hpp"
#include "tessera/base/error.hpp"
#include "tessera/problem/quality.hpp"

namespace tessera {
namespace {

using namespace test_support;

using Named = std::map<std::string, double>;

Named named(const Quality& quality) {
    const auto values = quality.named_values();
    return {values.begin(), values.end()};
}

/// All figures by plain loops from their definitions, counting entries with use(i).
template <typename Use>
Named naive_quality(const std::vector<double>& x, const std::vector<double>& y,
                    const Extents& shape, int bands, double range, const Use& use) {
    const Index band_count = bands < 0 ? 1 : shape[bands];
    std::vector<double> squared(static_cast<std::size_t>(band_count), 0.0);
    std::vector<double> truth(squared);
    std::vector<double> count(squared);
    std::map<Index, std::array<double, 3>> pixels;
    double absolute = 0.0;
    double power = 0.0;
    for (Index i = 0; i < shape.product(); ++i) {
        if (!use(i)) {
            continue;
        }
        const auto at = static_cast<std::size_t>(i);
        Extents pixel = row_major_position(i, shape);
        const auto band = static_cast<std::size_t>(bands < 0 ? 0 : pixel[bands]);
        squared[band] += (y[at] - x[at]) * (y[at] - x[at]);
        truth[band] += x[at];
        count[band] += 1.0;
        absolute += std::abs(y[at] - x[at]);
        power += x[at] * x[at];
        if (bands >= 0) {
            pixel[bands] = 0;
            auto& sums = pixels[row_major_offset(pixel, shape)];
            sums[0] += x[at] * x[at];
            sums[1] += y[at] * y[at];
            sums[2] += x[at] * y[at];
        }
    }
    double all = 0.0;
    double entries = 0.0;
    double psnr = 0.0;
    double ergas = 0.0;
    double legacy = 0.0;
    double counted_bands = 0.0;
    for (std::size_t band = 0; band < squared.size(); ++band) {
        all += squared[band];
        entries += count[band];
        if (count[band] > 0.0) {
            const double mse = squared[band] / count[band];
            const double mean = truth[band] / count[band];
            psnr += 10.0 * std::log10(range * range / mse);
            ergas += mse / (mean * mean);
            legacy += 255.0 / range * mse / mean;
            counted_bands += 1.0;
        }
    }
    Named result = {{"mse", all / entries},
                    {"rmse", std::sqrt(all / entries)},
                    {"mae", absolute / entries},
                    {"psnr", 10.0 * std::log10(range * range * entries / all)},
                    {"mean_psnr", psnr / counted_bands},
                    {"exact_bands", 0.0},
                    {"ergas", 100.0 * std::sqrt(ergas / counted_bands)},
                    {"ergas_legacy", 100.0 * std::sqrt(legacy / counted_bands)},
                    {"relative_error", std::sqrt(all / power)},
                    {"range", range},
                    {"entries", entries}};
    if (bands >= 0) {
        double angle = 0.0;
        for (const auto& [pixel, sums] : pixels) {
            angle += std::acos(std::min(1.0, sums[2] / std::sqrt(sums[0] * sums[1])));
        }
        result["sam_degrees"] = angle / static_cast<double>(pixels.size()) * 180.0 / M_PI;
    }
    return result;
}

/// SSIM by its definition: a two-dimensional window around every position it fits.
double naive_similarity(const std::vector<double>& x, const std::vector<double>& y,
                        const Extents& shape, int rows, int cols, double range) {
    double weight[11][11];
    double sum = 0.0;
    for (int i = 0; i < 11; ++i) {
        for (int j = 0; j < 11; ++j) {
            weight[i][j] = std::exp(-((i - 5) * (i - 5) + (j - 5) * (j - 5)) / (2.0 * 1.5 * 1.5));
            sum += weight[i][j];
        }
    }
    double total = 0.0;
    double windows = 0.0;
    for (Index centre = 0; centre < shape.product(); ++centre) {
        const Extents position = row_major_position(centre, shape);
        if (position[rows] < 5 || position[rows] + 5 >= shape[rows] || position[cols] < 5 ||
            position[cols] + 5 >= shape[cols]) {
            continue;
        }
        double m[5] = {};
        for (int i = 0; i < 11; ++i) {
            for (int j = 0; j < 11; ++j) {
                Extents at = position;
                at[rows] += i - 5;
                at[cols] += j - 5;
                const double w = weight[i][j] / sum;
                const double a = x[static_cast<std::size_t>(row_major_offset(at, shape))];
                const double b = y[static_cast<std::size_t>(row_major_offset(at, shape))];
                m[0] += w * a;
                m[1] += w * b;
                m[2] += w * a * a;
                m[3] += w * b * b;
                m[4] += w * a * b;
            }
        }
        const double c1 = std::pow(0.01 * range, 2);
        const double c2 = std::pow(0.03 * range, 2);
        total +=
            (2 * m[0] * m[1] + c1) * (2 * (m[4] - m[0] * m[1]) + c2) /
            ((m[0] * m[0] + m[1] * m[1] + c1) * (m[2] - m[0] * m[0] + m[3] - m[1] * m[1] + c2));
        windows += 1.0;
    }
    return total / windows;
}

/// Truth and estimate of goldens.hpp.
struct GoldenCube {
    Extents shape = {24, 31, 5};
    std::vector<double> truth;
    std::vector<double> estimate;

    GoldenCube() {
        for (Index n = 0; n < shape.product(); ++n) {
            const Extents p = row_major_position(n, shape);
            const auto i = static_cast<double>(p[0]);
            const auto j = static_cast<double>(p[1]);
            const auto b = static_cast<double>(p[2]);
            truth.push_back(0.5 +
                            0.3 * std::sin(0.31 * i + 0.7 * b) * std::cos(0.23 * j + 0.11 * b));
            estimate.push_back(truth.back() +
                               0.08 * std::sin(12.9898 * i + 78.233 * j + 37.719 * b));
        }
    }
};

TEST(Quality, AgreesWithScikitImageOnEveryGrid) {
    const GoldenCube cube;
    const AxisRoles roles = axis_roles({"rows", "cols", "bands"}, 3);
    Dice dice(3);
    for (int round = 0; round < 6; ++round) {
        const Partition partition = random_partition(dice, cube.shape);
        SCOPED_TRACE(partition.grid().dims().to_string());
        const auto truth = tensor_of(cube.truth, partition);
        const auto estimate = tensor_of(cube.estimate, partition);
        QualityOptions options;
        options.range = 1.0;
        const Quality one = evaluate_quality(truth, estimate, std::nullopt, roles, options);
        options.range = 0.0;
        const Quality own = evaluate_quality(truth, estimate, std::nullopt, roles, options);
        EXPECT_NEAR_ALL_RANKS(one.mse, goldens::quality_mse, 1e-14);
        EXPECT_NEAR_ALL_RANKS(one.psnr, goldens::quality_psnr_range_1, 1e-11);
        EXPECT_NEAR_ALL_RANKS(own.psnr, goldens::quality_psnr_data_range, 1e-11);
        EXPECT_NEAR_ALL_RANKS(one.mean_psnr, goldens::quality_mean_psnr_range_1, 1e-11);
        EXPECT_NEAR_ALL_RANKS(one.relative_error, goldens::quality_relative_error, 1e-13);
        EXPECT_NEAR_ALL_RANKS(one.ssim, goldens::quality_ssim_range_1, 1e-12);
        EXPECT_NEAR_ALL_RANKS(own.ssim, goldens::quality_ssim_range_data_range, 1e-12);
        // acos near 1 magnifies the rounding of the cosine by some 40.
        EXPECT_NEAR_ALL_RANKS(one.sam_degrees, goldens::quality_sam_degrees, 1e-11);
        EXPECT_NEAR_ALL_RANKS(one.ergas, goldens::quality_ergas, 1e-11);
        EXPECT_NEAR_ALL_RANKS(one.ergas_legacy, goldens::quality_ergas_legacy, 1e-11);
    }
}

template <typename T>
void expect_near_naive(double tolerance) {
    Dice dice(29);
    for (int round = 0; round < 40; ++round) {
        const int order = static_cast<int>(dice.between(1, 5));
        const Extents shape = random_shape(dice, order, 3000);
        const Partition partition = random_partition(dice, shape);
        AxisRoles roles;
        roles.bands = static_cast<int>(dice.between(-1, order - 1));
        SCOPED_TRACE(shape.to_string() + " on " + partition.grid().dims().to_string() + ", bands " +
                     std::to_string(roles.bands));

        const auto seed = static_cast<std::uint64_t>(round);
        std::vector<T> x = random_entries<T>(shape.product(), 2 * seed + 1);
        std::vector<T> y = random_entries<T>(shape.product(), 2 * seed + 2, 0.1);
        for (std::size_t i = 0; i < x.size(); ++i) {
            x[i] += T(2);
            y[i] += x[i];
        }
        std::vector<std::uint8_t> observed = random_entries<std::uint8_t>(shape.product(), seed);
        for (std::uint8_t& entry : observed) {
            entry = entry < 170 ? 1 : 0;
        }
        observed.front() = 1;
        observed.back() = observed.size() > 1 ? 0 : 1;

        const std::vector<double> wide_x(x.begin(), x.end());
        const std::vector<double> wide_y(y.begin(), y.end());
        const std::optional<Mask> mask = tensor_of(observed, partition);
        for (const auto entries :
             {QualityEntries::all, QualityEntries::observed, QualityEntries::missing}) {
            if (entries == QualityEntries::missing && observed.size() == 1) {
                continue;
            }
            const QualityOptions options{2.5, entries, false};
            const Named expected =
                naive_quality(wide_x, wide_y, shape, roles.bands, 2.5, [&](Index i) {
                    const bool seen = observed[static_cast<std::size_t>(i)] != 0;
                    return entries == QualityEntries::all ||
                           seen == (entries == QualityEntries::observed);
                });
            const Named got = named(evaluate_quality(
                tensor_of(x, partition), tensor_of(y, partition), mask, roles, options));
            EXPECT_ALL_RANKS(got.size() == expected.size());
            for (const auto& [name, value] : expected) {
                // Angles below about 1e-6 degrees are lost in the rounding of the cosine.
                const double slack = name == "sam_degrees" ? 2e-6 : 0.0;
                const double figure = got.count(name) > 0 ? got.at(name) : NAN;
                EXPECT_NEAR_ALL_RANKS(figure, value, tolerance * std::abs(value) + slack) << name;
            }
        }
    }
}

TEST(Quality, PointwiseFiguresAgreeWithPlainLoops) {
    expect_near_naive<double>(1e-12);
    expect_near_naive<float>(1e-12);
}

TEST(Quality, BandsSharedByRanksAndMoreRanksThanBands) {
    const Extents shape = {6, 300, 3};
    const std::vector<double> x = random_entries<double>(shape.product(), 1);
    const std::vector<double> y = random_entries<double>(shape.product(), 2);
    const Named expected = naive_quality(x, y, shape, 2, 1.0, [](Index) { return true; });
    const Partition partition(shape, ProcessGrid(Communicator::world(), {1, 1, rank_count()}));
    const Quality quality =
        evaluate_quality(tensor_of(x, partition), tensor_of(y, partition), std::nullopt,
                         axis_roles({}, 3), {1.0, QualityEntries::all, false});
    EXPECT_NEAR_ALL_RANKS(quality.sam_degrees, expected.at("sam_degrees"), 1e-9);
    EXPECT_NEAR_ALL_RANKS(quality.mse, expected.at("mse"), 1e-13);
}

template <typename T>
void expect_similarity(const Extents& shape, int rows, int cols, double tolerance) {
    const std::vector<T> x = random_entries<T>(shape.product(), 5);
    std::vector<T> y = random_entries<T>(shape.product(), 6, 0.5);
    for (std::size_t i = 0; i < x.size(); ++i) {
        y[i] += x[i];
    }
    const double expected =
        naive_similarity({x.begin(), x.end()}, {y.begin(), y.end()}, shape, rows, cols, 2.0);
    Dice dice(8);
    for (int round = 0; round < 3; ++round) {
        const Partition partition = random_partition(dice, shape);
        const double got = structural_similarity(tensor_of(x, partition), tensor_of(y, partition),
                                                 rows, cols, 2.0);
        EXPECT_NEAR_ALL_RANKS(got, expected, tolerance)
            << shape.to_string() << " on " << partition.grid().dims().to_string();
    }
}

TEST(Quality, SimilarityAgreesWithPlainLoopsInEveryLayout) {
    expect_similarity<double>({13, 17}, 0, 1, 1e-12);
    expect_similarity<double>({13, 17}, 1, 0, 1e-12);
    expect_similarity<double>({12, 90, 3}, 0, 1, 1e-12);
    expect_similarity<double>({12, 14, 19}, 0, 1, 1e-12);
    expect_similarity<double>({19, 12, 14}, 1, 2, 1e-12);
    expect_similarity<double>({12, 5, 14}, 0, 2, 1e-12);
    expect_similarity<double>({2, 12, 3, 11}, 1, 3, 1e-12);
    expect_similarity<double>({12, 2, 13, 3}, 2, 0, 1e-12);
    expect_similarity<double>({11, 600}, 0, 1, 1e-12);
    expect_similarity<float>({12, 14, 19}, 0, 1, 1e-12);
}

TEST(Quality, IdenticalTensors) {
    const GoldenCube cube;
    const Partition partition(cube.shape, ProcessGrid(Communicator::world(), {1, rank_count(), 1}));
    const auto truth = tensor_of(cube.truth, partition);
    const Quality quality = evaluate_quality(truth, truth, std::nullopt, axis_roles({}, 3), {});
    EXPECT_ALL_RANKS(quality.mse == 0.0 && std::isinf(quality.psnr) &&
                     std::isinf(quality.mean_psnr));
    EXPECT_ALL_RANKS(quality.exact_bands == 5 && quality.ergas == 0.0);
    EXPECT_NEAR_ALL_RANKS(quality.ssim, 1.0, 1e-14);
    EXPECT_NEAR_ALL_RANKS(quality.sam_degrees, 0.0, 2e-6);
}

TEST(QualityOneRank, ExactBandsAreLeftOutOfTheMeanPsnr) {
    const Extents shape = {4, 4, 3};
    const std::vector<double> x(48, 1.0);
    std::vector<double> y = x;
    for (std::size_t i = 0; i < 48; i += 3) {
        y[i] = 1.1;
    }
    const Partition partition(shape, ProcessGrid(Communicator::world(), {1, 1, 1}));
    const Quality quality =
        evaluate_quality(tensor_of(x, partition), tensor_of(y, partition), std::nullopt,
                         axis_roles({}, 3), {1.0, QualityEntries::all, true});
    EXPECT_NEAR(quality.mean_psnr, 20.0, 1e-10);
    EXPECT_EQ(quality.exact_bands, 2);
    EXPECT_TRUE(std::isinf(quality.band_psnr[1]));
    EXPECT_TRUE(std::isnan(quality.ssim)) << "a 4 x 4 image has no 11 x 11 window";
    EXPECT_EQ(named(quality).count("ssim"), 0U);
}

TEST(QualityOneRank, PixelsAndBandsOfZeroDoNotCount) {
    // Band 1 and pixel 0 of the truth are zero.
    const Extents shape = {1, 3, 2};
    const std::vector<double> x = {0, 0, 1, 0, 2, 0};
    const std::vector<double> y = {1, 1, 1, 1, 2, 0};
    const Partition partition(shape, ProcessGrid(Communicator::world(), {1, 1, 1}));
    const Quality quality = evaluate_quality(tensor_of(x, partition), tensor_of(y, partition),
                                             std::nullopt, axis_roles({}, 3), {});
    EXPECT_NEAR(quality.sam_degrees, (45.0 + 0.0) / 2.0, 1e-10);
    EXPECT_NEAR(quality.ergas, 100.0 * std::sqrt(1.0 / 3.0), 1e-10);
    EXPECT_EQ(quality.range, 2.0);
}

TEST(QualityOneRank, NothingToCountIsRefused) {
    const Partition partition({4}, ProcessGrid(Communicator::world(), {1}));
    const auto tensor = tensor_of(std::vector<double>(4, 1.0), partition);
    const std::optional<Mask> seen = tensor_of(std::vector<std::uint8_t>(4, 1), partition);
    const QualityOptions missing{1.0, QualityEntries::missing, true};
    const AxisRoles roles = axis_roles({}, 1);
    EXPECT_THROW((void)evaluate_quality(tensor, tensor, seen, roles, missing), UsageError);
    EXPECT_THROW((void)evaluate_quality(tensor, tensor, std::nullopt, roles, missing), UsageError);
    const Partition other({5}, ProcessGrid(Communicator::world(), {1}));
    const auto longer = tensor_of(std::vector<double>(5, 1.0), other);
    EXPECT_THROW((void)evaluate_quality(tensor, longer, std::nullopt, roles, {}), UsageError);
}

}  // namespace
}  // namespace tessera
