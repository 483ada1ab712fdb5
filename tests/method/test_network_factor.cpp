#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "all_ranks.hpp"
#include "svd_problems.hpp"
#include "tessera/method/factor_networks/network_factor.hpp"
#include "tessera/tensor/fused_contraction.hpp"

namespace tessera {
namespace {

using namespace test_support;

constexpr Index width = 4;

/// Factors of the modes of a tensor, as a step uses them: loss, then gradients of all networks.
template <typename T>
struct Step {
    double loss = 0.0;
    std::vector<NetworkFactor<T>> factors;

    Step(const Partition& partition, const std::vector<FactorModes>& modes,
         const GeneratorOptions& options) {
        const auto entries = random_entries<double>(partition.shape().product(), 3);
        const auto own = box_of(entries, partition.shape(), partition.box());
        const std::vector<T> values(own.begin(), own.end());
        std::vector<FactorPart<T>> parts;
        for (const FactorModes& each : modes) {
            factors.emplace_back(partition, each, each.count() > 1, width, options, AdamOptions{},
                                 5, "factor " + std::to_string(each.first));
        }
        for (NetworkFactor<T>& factor : factors) {
            factor.forward(2);
            parts.push_back(
                factor.part(factor.rows(), modes[parts.size()].first, factor.gradient()));
        }
        FitData<T> data;
        data.values = values.data();
        const double own_loss =
            FusedContraction<T>::components(parts).run(data, {EntryLoss::Kind::squares}).training;
        loss = partition.communicator().sum(own_loss);
        for (NetworkFactor<T>& factor : factors) {
            factor.backward(1.0 / static_cast<double>(partition.shape().product()));
        }
    }
};

/// Loss and gradients on all ranks, on a random grid, against those of one rank alone. Of a spread
/// network the weights, which all ranks share; of a replicated one everything.
template <typename T>
void check_step(Dice& dice, const Extents& shape, const std::vector<FactorModes>& modes,
                const GeneratorOptions& options, double tolerance) {
    const Communicator self = Communicator::world().split(own_rank(), 0);
    const Partition single(shape, ProcessGrid(self, Extents::filled(shape.order(), 1)));
    const Partition shared = random_partition(dice, shape);
    const Step<T> alone(single, modes, options);
    const Step<T> together(shared, modes, options);
    EXPECT_NEAR_ALL_RANKS(together.loss / alone.loss, 1.0, tolerance);
    for (std::size_t f = 0; f < modes.size(); ++f) {
        const ParameterStore<T>& expected = alone.factors[f].parameters();
        const ParameterStore<T>& actual = together.factors[f].parameters();
        const Index count = modes[f].count() > 1 ? actual.shared_size() : actual.size();
        double largest = 1e-300;
        double worst = 0.0;
        for (Index i = 0; i < count; ++i) {
            const auto wanted = static_cast<double>(expected.gradient()(i));
            largest = std::max(largest, std::abs(wanted));
            worst = std::max(worst, std::abs(static_cast<double>(actual.gradient()(i)) - wanted));
        }
        EXPECT_NEAR_ALL_RANKS(worst / largest, 0.0, tolerance)
            << shape.to_string() << " on " << shared.grid().dims().to_string() << ", factor " << f;
    }
}

// In float32 to 1e-5, but for the network of 9 bands: its smallest map has two sites, which are
// normalised to 1 and -1 whatever they are, so that even one rank's gradients are only within 4e-4
// of those in float64.
TEST(NetworkFactor, OneStepIsTheSameOnAnyGrid) {
    Dice dice(17);
    for (const GeneratorKind kind :
         {GeneratorKind::skip_network, GeneratorKind::deep_decoder, GeneratorKind::sine_network}) {
        GeneratorOptions options;
        options.kind = kind;
        options.channels = 16;
        options.scales = 3;
        options.jitter = 1.0 / 30.0;
        for (int trial = 0; trial < 2; ++trial) {
            check_step<double>(dice, {34, 21, 9}, {{0, 2}, {2, 3}}, options, 1e-11);
            check_step<float>(dice, {34, 21, 9}, {{0, 2}, {2, 3}}, options, 1e-4);
            check_step<double>(dice, {18, 20, 16}, {{0, 1}, {1, 2}, {2, 3}}, options, 1e-11);
            check_step<float>(dice, {18, 20, 16}, {{0, 1}, {1, 2}, {2, 3}}, options, 1e-5);
        }
    }
}

}  // namespace
}  // namespace tessera
