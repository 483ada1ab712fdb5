#include <gtest/gtest.h>

#include <cmath>

#include "../tensor/test_tensors.hpp"
#include "all_ranks.hpp"
#include "tessera/base/error.hpp"
#include "tessera/problem/poisson_sampling.hpp"
#include "tessera/problem/validation_split.hpp"

namespace tessera {
namespace {

using namespace test_support;

const Extents shape = {40, 50, 20};

/// Means, variances and the covariance of the errors of both parts, over all entries.
struct Moments {
    double mean_part = 0.0;
    double mean_rest = 0.0;
    double variance_part = 0.0;
    double variance_rest = 0.0;
    double covariance = 0.0;
};

Moments moments_of(const DenseTensor<double>& part, const DenseTensor<double>& observation,
                   double truth, double share) {
    const auto a = to_host(part.block());
    const auto y = to_host(observation.block());
    std::vector<double> sums(5, 0.0);
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double e = a[i] - truth;
        const double f = (y[i] - share * a[i]) / (1.0 - share) - truth;
        const double terms[] = {e, f, e * e, f * f, e * f};
        for (std::size_t k = 0; k < 5; ++k) {
            sums[k] += terms[k] / static_cast<double>(shape.product());
        }
    }
    Communicator::world().sum_in_place(sums.data(), 5);
    return {sums[0], sums[1], sums[2] - sums[0] * sums[0], sums[3] - sums[1] * sums[1],
            sums[4] - sums[0] * sums[1]};
}

DenseTensor<double> noisy(const NoiseModel& noise, double truth) {
    const Random random(31, 1);
    const Random readout(31, 2);
    std::vector<double> entries;
    for (Index i = 0; i < shape.product(); ++i) {
        entries.push_back(noise.kind == NoiseModel::Kind::gaussian
                              ? truth + noise.sigma[0] * random.normal(i)
                              : (sample_poisson(random, i, noise.peak * truth) +
                                 noise.readout * readout.normal(i)) /
                                    noise.peak);
    }
    Dice dice(3);
    return tensor_of(entries, random_partition(dice, shape));
}

/// Errors of both parts have mean 0, the variances that were promised, and no covariance, each to
/// five standard deviations of such averages over 40000 entries.
void expect_uncorrelated(const NoiseModel& noise, double truth, double variance, double share) {
    const DenseTensor<double> observation = noisy(noise, truth);
    const Moments m =
        moments_of(training_part(observation, noise, share, 4), observation, truth, share);
    const double per_entry = 5.0 / std::sqrt(static_cast<double>(shape.product()));
    const double part = variance / share;
    const double rest = variance / (1.0 - share);
    EXPECT_NEAR_ALL_RANKS(m.mean_part, 0.0, per_entry * std::sqrt(part));
    EXPECT_NEAR_ALL_RANKS(m.mean_rest, 0.0, per_entry * std::sqrt(rest));
    EXPECT_NEAR_ALL_RANKS(m.variance_part, part, per_entry * 2.0 * part);
    EXPECT_NEAR_ALL_RANKS(m.variance_rest, rest, per_entry * 2.0 * rest);
    EXPECT_NEAR_ALL_RANKS(m.covariance, 0.0, per_entry * std::sqrt(part * rest));
}

TEST(ValidationSplit, PartsOfGaussianNoiseAreUncorrelated) {
    NoiseModel noise;
    noise.kind = NoiseModel::Kind::gaussian;
    noise.sigma = {0.2};
    expect_uncorrelated(noise, 0.6, 0.04, 0.9);
    expect_uncorrelated(noise, -1.0, 0.04, 0.5);
}

TEST(ValidationSplit, PartsOfCountsAreUncorrelatedWithAndWithoutReadoutNoise) {
    NoiseModel noise;
    noise.kind = NoiseModel::Kind::poisson;
    noise.peak = 100.0;
    for (const double readout : {0.0, 2.0}) {
        noise.readout = readout;
        const double truth = 0.5;
        expect_uncorrelated(noise, truth, truth / 100.0 + readout * readout / 1e4, 0.9);
    }
    noise.readout = 0.0;
    expect_uncorrelated(noise, 0.02, 0.0002, 0.7);  // two counts
}

TEST(ValidationSplit, SigmaPerBandIsThatOfItsMode) {
    NoiseModel noise;
    noise.kind = NoiseModel::Kind::gaussian;
    noise.band_mode = 1;
    noise.sigma.assign(50, 0.0);
    noise.sigma[7] = 1.0;
    Dice dice(8);
    const std::vector<double> zeros(static_cast<std::size_t>(shape.product()), 0.0);
    const auto part = training_part(tensor_of(zeros, random_partition(dice, shape)), noise, 0.9, 4);
    const auto values = to_host(part.block());
    bool right = true;
    for_each_position(part.box(), [&](const Extents& position, Index offset) {
        right = right && (values[static_cast<std::size_t>(offset)] != 0.0) == (position[1] == 7);
    });
    EXPECT_ALL_RANKS(right);
}

TEST(ValidationSplit, SamePartOnAnyGrid) {
    NoiseModel noise;
    noise.kind = NoiseModel::Kind::poisson;
    noise.peak = 30.0;
    noise.readout = 1.0;
    const auto entries = random_entries<double>(shape.product(), 6);
    const Communicator alone = Communicator::world().split(own_rank(), 0);
    const Partition whole(shape, ProcessGrid(alone, {1, 1, 1}));
    const auto expected = to_host(training_part(tensor_of(entries, whole), noise, 0.9, 4).block());
    Dice dice(1);
    const auto part =
        training_part(tensor_of(entries, random_partition(dice, shape)), noise, 0.9, 4);
    EXPECT_ALL_RANKS(holds(part, expected));
}

TEST(ValidationSplit, UnknownNoiseIsRefused) {
    Dice dice(1);
    const std::vector<double> zeros(static_cast<std::size_t>(shape.product()), 0.0);
    const auto tensor = tensor_of(zeros, random_partition(dice, shape));
    EXPECT_THROW(static_cast<void>(training_part(tensor, {}, 0.9, 1)), UsageError);
}

}  // namespace
}  // namespace tessera
