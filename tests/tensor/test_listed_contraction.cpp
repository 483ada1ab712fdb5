#include <gtest/gtest.h>

#include <cmath>

#include "low_rank_models.hpp"
#include "tessera/tensor/listed_contraction.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

const std::vector<EntryLoss> losses = {{EntryLoss::Kind::squares},
                                       {EntryLoss::Kind::absolute},
                                       {EntryLoss::Kind::huber, 0.3},
                                       {EntryLoss::Kind::poisson, 0.0, 40.0, 1.5}};

/// A block of which some entries are listed, and the list.
struct Listed {
    Values values;
    Values grown;
    Values shrunk;
    std::vector<std::uint8_t> roles;
    std::vector<Index> offsets;
    Values listed_values;
    Values listed_grown;
    Values listed_shrunk;
    std::vector<std::uint8_t> listed_roles;
};

Listed random_list(Index count, double share, std::uint64_t seed) {
    Listed list;
    list.values = random_entries<double>(count, seed);
    list.grown = random_entries<double>(count, seed + 1, 0.3);
    list.shrunk = random_entries<double>(count, seed + 2, 0.3);
    const Random random(seed, 9);
    for (Index i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const double number = random.uniform(i);
        const EntryRole role = number >= share         ? EntryRole::unused
                               : number >= 0.7 * share ? EntryRole::held_out
                                                       : EntryRole::training;
        list.roles.push_back(static_cast<std::uint8_t>(role));
        if (role != EntryRole::unused) {
            list.offsets.push_back(i);
            list.listed_values.push_back(list.values[at]);
            list.listed_grown.push_back(list.grown[at]);
            list.listed_shrunk.push_back(list.shrunk[at]);
            list.listed_roles.push_back(list.roles.back());
        }
    }
    return list;
}

Values joined(const Gradients& gradients) {
    Values all = gradients.centre;
    for (const Values& each : gradients.factors) {
        all.insert(all.end(), each.begin(), each.end());
    }
    return all;
}

// To the rounding of float64, for all forms, orders and losses, with and without outlier terms, at
// few entries and at many.
TEST(ListedContractionOneRank, IsTheMaskedPassOverTheWholeBlock) {
    Dice dice(21);
    for (int trial = 0; trial < 48; ++trial) {
        // One of them long enough for several threads.
        const Model model =
            random_model(dice, 2 + trial % 4, trial % 8 >= 4, trial == 2 ? 60000 : 2000);
        const Index count = model.shape().product();
        const bool outliers = dice.coin();
        const double share = trial % 3 == 0 ? 0.02 : trial % 3 == 1 ? 0.4 : 1.0;
        Listed list = random_list(count, share, static_cast<std::uint64_t>(trial));
        const EntryLoss& loss = losses[static_cast<std::size_t>(dice.between(0, 3))];
        const Box box{Extents::filled(model.shape().order(), 0), model.shape()};

        Gradients expected = zero_gradients(model);
        FitData<double> data;
        data.values = list.values.data();
        data.roles = list.roles.data();
        const FitSums sums =
            contraction_of<FusedContraction<double>>(model, box, expected)
                .run(data, loss,
                     {outliers ? list.grown.data() : nullptr, list.shrunk.data(), 0.01});
        Gradients actual = zero_gradients(model);
        data.values = list.listed_values.data();
        data.roles = list.listed_roles.data();
        const FitSums own = contraction_of<ListedContraction<double>>(model, box, actual)
                                .run(list.offsets, data, loss,
                                     {outliers ? list.listed_grown.data() : nullptr,
                                      list.listed_shrunk.data(), 0.01});
        EXPECT_NEAR(own.training, sums.training, 1e-12 * (1.0 + std::abs(sums.training)));
        EXPECT_NEAR(own.validation, sums.validation, 1e-12 * (1.0 + std::abs(sums.validation)));
        EXPECT_TRUE(agree_to(joined(actual), joined(expected), 1e-12))
            << model.shape().to_string() << (model.tucker() ? " tucker" : " components");
        for (std::size_t k = 0; k < list.offsets.size() && outliers; ++k) {
            const auto at = static_cast<std::size_t>(list.offsets[k]);
            const double size = 1.0 + std::abs(list.grown[at]) + std::abs(list.shrunk[at]);
            ASSERT_NEAR(list.listed_grown[k], list.grown[at], 1e-12 * size);
            ASSERT_NEAR(list.listed_shrunk[k], list.shrunk[at], 1e-12 * size);
        }
    }
}

// 6 operations per entry and column where only the last row changes; each change of another row
// costs as much.
TEST(ListedContractionOneRank, CountsItsOperations) {
    const auto contraction = ListedContraction<float>::components(
        {{nullptr, 10, 4, nullptr}, {nullptr, 20, 4, nullptr}, {nullptr, 30, 4, nullptr}});
    EXPECT_NEAR(contraction.operations(1.0), 6.0 * 4.0 * (10.0 + 200.0 + 6000.0), 1e-6);
    const double few = contraction.operations(0.001);
    EXPECT_GT(few, 6.0 * 4.0 * 6.0);
    EXPECT_LT(few, 6.0 * 4.0 * (6.0 + 6.0 + 6.0));
}

}  // namespace
