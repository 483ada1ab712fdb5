#include <gtest/gtest.h>

#include <cmath>

#include "../support/all_ranks.hpp"
#include "../tensor/test_tensors.hpp"
#include "tessera/problem/poisson_sampling.hpp"
#include "tessera/problem/variance_stabilisation.hpp"

namespace tessera {
namespace {

using namespace test_support;

Partition line(Index count) {
    return {{count}, ProcessGrid(Communicator::world(), {rank_count()})};
}

/// Mean and variance of transformed values whose clean value is x.
std::pair<double, double> transformed(const VarianceStabilisation& transform, double x) {
    constexpr Index count = 200000;
    const Random counts(5, 0);
    const Random electrons(5, 1);
    std::vector<double> values;
    for (Index i = 0; i < count; ++i) {
        values.push_back((sample_poisson(counts, i, transform.peak * x) +
                          transform.readout * electrons.normal(i)) /
                         transform.peak);
    }
    const auto tensor = tensor_of(values, line(count));
    transform.forward(tensor);
    double sums[2] = {};
    for (const double y : to_host(tensor.block())) {
        sums[0] += y;
        sums[1] += y * y;
    }
    Communicator::world().sum_in_place(sums, 2);
    const double mean = sums[0] / count;
    return {mean, sums[1] / count - mean * mean};
}

TEST(VarianceStabilisation, NoiseHasUnitVarianceAndTheMeanComesBack) {
    for (const double readout : {0.0, 2.0}) {
        const VarianceStabilisation transform{50.0, readout};
        for (const double counts : {8.0, 20.0, 100.0}) {
            const auto [mean, variance] = transformed(transform, counts / 50.0);
            // The transform itself leaves up to 2 % from 8 counts on; the sample adds 1.6 %.
            EXPECT_NEAR_ALL_RANKS(variance, 1.0, 0.035) << counts;
            const auto tensor = tensor_of(std::vector<double>{mean}, line(1));
            transform.inverse(tensor);
            double back = tensor.box().size() > 0 ? to_host(tensor.block())[0] : 0.0;
            back = Communicator::world().sum(back);
            // The closed form is within 0.02 counts of the exact inverse; the sample mean within
            // 5 sqrt((counts + readout^2) / 200000) counts.
            const double tolerance = 0.02 + 5 * std::sqrt((counts + readout * readout) / 200000.0);
            EXPECT_NEAR_ALL_RANKS(50.0 * back, counts, tolerance) << counts << " " << readout;
        }
    }
}

TEST(VarianceStabilisation, InverseIsUnbiasedNotAlgebraic) {
    // E 2 sqrt(Poisson(3) + 3/8), by summing over the law, must come back as 3; the algebraic
    // inverse gives 2.77.
    double mean = 0.0;
    for (int k = 0; k < 60; ++k) {
        mean += std::exp(poisson_log_probability(k, 3.0)) * 2.0 * std::sqrt(k + 0.375);
    }
    const auto tensor = tensor_of(std::vector<double>{mean}, line(1));
    VarianceStabilisation{1.0, 0.0}.inverse(tensor);
    EXPECT_ALL_RANKS(tensor.box().size() == 0 || std::abs(to_host(tensor.block())[0] - 3.0) < 0.01);
}

TEST(VarianceStabilisation, NeverNegativeAndMonotone) {
    std::vector<float> values;
    for (int i = -20; i < 200; ++i) {
        values.push_back(0.05F * static_cast<float>(i));
    }
    for (const double readout : {0.0, 0.5, 2.0}) {
        const Partition partition({220}, ProcessGrid(Communicator(MPI_COMM_SELF), {1}));
        const auto tensor = tensor_of(values, partition);
        VarianceStabilisation{2.0, readout}.inverse(tensor);
        const std::vector<float> back = to_host(tensor.block());
        EXPECT_ALL_RANKS(back.front() == 0.0F && std::is_sorted(back.begin(), back.end()) &&
                         back.back() > 1.0F);
    }
}

}  // namespace
}  // namespace tessera
