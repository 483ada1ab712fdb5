#include <gtest/gtest.h>

#include <cmath>

#include "all_ranks.hpp"
#include "low_rank_models.hpp"
#include "tessera/tensor/fused_contraction.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;
const std::vector<EntryLoss> all_losses = {{EntryLoss::Kind::squares},
                                           {EntryLoss::Kind::absolute},
                                           {EntryLoss::Kind::huber, 0.3},
                                           {EntryLoss::Kind::poisson, 0.0, 40.0, 1.5}};

std::pair<double, double> cost_of(const EntryLoss& loss, double x, double y) {
    double cost = 0.0;
    double slope = 0.0;
    with_loss(loss, [&](const auto& callable) { callable(x, y, cost, slope); });
    return {cost, slope};
}

TEST(EntryLossOneRank, SlopesAreTheDerivativesOfConvexCosts) {
    for (const EntryLoss& loss : all_losses) {
        double before = -1e300;
        for (double x = -2.0; x <= 2.0; x += 0.07) {
            const double y = 0.413;
            const double h = 1e-6;
            const double slope = cost_of(loss, x, y).second;
            const double difference =
                (cost_of(loss, x + h, y).first - cost_of(loss, x - h, y).first) / (2.0 * h);
            EXPECT_NEAR(slope, difference, 1e-4 * (1.0 + std::abs(slope)));
            EXPECT_GE(slope, before - 1e-9);
            EXPECT_GE(cost_of(loss, x, y).first, 0.0);
            before = slope;
        }
        EXPECT_NEAR(cost_of(loss, 0.413, 0.413).first, 0.0, 1e-15);
    }
}

TEST(EntryLossOneRank, PoissonCostIsHalfTheDevianceOfTheCounts) {
    const EntryLoss loss{EntryLoss::Kind::poisson, 0.0, 10.0, 0.0};
    // 7 counts seen, 4 expected.
    const double deviance = 2.0 * (7.0 * std::log(7.0 / 4.0) - (7.0 - 4.0));
    EXPECT_NEAR(cost_of(loss, 0.4, 0.7).first, 0.5 * deviance / 10.0, 1e-14);
    EXPECT_NEAR(cost_of(loss, 0.4, 0.0).first, 0.4, 1e-14);
    EXPECT_LT(cost_of(loss, -1.0, 0.0).second, 0.0);  // pulled back from below zero
}

/// The sums and gradients of a fit by loops over all entries.
FitSums naive_fit(const Model& model, const Values& values, const std::vector<std::uint8_t>& roles,
                  const EntryLoss& loss, Gradients& gradients) {
    FitSums sums;
    for (Index i = 0; i < model.shape().product(); ++i) {
        const Extents at = row_major_position(i, model.shape());
        const auto index = static_cast<std::size_t>(i);
        const auto role = static_cast<EntryRole>(roles[index]);
        const std::pair<double, double> found = cost_of(loss, model.entry(at), values[index]);
        const double cost = found.first;
        const double slope = found.second;
        sums.training += role == EntryRole::training ? cost : 0.0;
        sums.validation += role == EntryRole::held_out ? cost : 0.0;
        if (role != EntryRole::training) {
            continue;
        }
        // The model is linear in each factor: its derivative is the model of unit vectors.
        Model changed = model;
        const auto differentiate = [&](Values& member, Index begin, Index count, Values& gradient) {
            const Values kept = member;
            for (Index r = begin; r < begin + count; ++r) {
                member.assign(member.size(), 0.0);
                member[static_cast<std::size_t>(r)] = 1.0;
                gradient[static_cast<std::size_t>(r)] += slope * changed.entry(at);
            }
            member = kept;
        };
        for (std::size_t f = 0; f < model.factors.size(); ++f) {
            differentiate(changed.factors[f], at[static_cast<int>(f)] * model.widths[f],
                          model.widths[f], gradients.factors[f]);
        }
        Values& centre = model.tucker() ? changed.core : changed.weights;
        differentiate(centre, 0, static_cast<Index>(centre.size()), gradients.centre);
    }
    return sums;
}

TEST(FusedContraction, LossAndGradientsAreThoseOfLoopsOnAnyGrid) {
    Dice dice(7);
    for (int trial = 0; trial < 32; ++trial) {
        const Model model = random_model(dice, 2 + trial % 4, trial % 8 >= 4);
        const Extents shape = model.shape();
        const EntryLoss& loss = all_losses[static_cast<std::size_t>(dice.between(0, 3))];
        const Values values = random_entries<double>(shape.product(), 9);
        std::vector<std::uint8_t> roles(values.size(), 1);
        const bool with_roles = dice.coin();
        for (std::uint8_t& role : roles) {
            role = with_roles ? static_cast<std::uint8_t>(dice.between(0, 2)) : role;
        }
        Gradients expected = zero_gradients(model);
        const FitSums sums = naive_fit(model, values, roles, loss, expected);

        const Partition partition = random_partition(dice, shape);
        const Box box = partition.box();
        const Values own_values = box_of(values, shape, box);
        const std::vector<std::uint8_t> own_roles = box_of(roles, shape, box);
        Gradients own = zero_gradients(model);
        FitData<double> data;
        data.values = own_values.data();
        data.roles = with_roles ? own_roles.data() : nullptr;
        const FitSums own_sums =
            contraction_of<FusedContraction<double>>(model, box, own).run(data, loss);
        const Communicator& world = Communicator::world();
        EXPECT_NEAR_ALL_RANKS(world.sum(own_sums.training), sums.training,
                              1e-11 * static_cast<double>(values.size()));
        EXPECT_NEAR_ALL_RANKS(world.sum(own_sums.validation), sums.validation,
                              1e-11 * static_cast<double>(values.size()));
        own.factors.push_back(own.centre);
        expected.factors.push_back(expected.centre);
        for (std::size_t f = 0; f < own.factors.size(); ++f) {
            world.sum_in_place(own.factors[f].data(), static_cast<Index>(own.factors[f].size()));
            EXPECT_ALL_RANKS(agree_to(own.factors[f], expected.factors[f], 1e-11))
                << shape.to_string() << " factor " << f << (model.tucker() ? " tucker" : " cp");
        }
    }
}

// Several panels on both sides, and a remainder: 700 x 530 entries in tiles of 512 columns; 900
// rows of a row product against 600.
TEST(FusedContractionOneRank, TilesDoNotShow) {
    for (const std::vector<Index>& extents :
         {std::vector<Index>{700, 530}, {530, 1030}, {30, 30, 600}, {600, 18, 50}}) {
        Model model;
        model.extents = extents;
        for (const Index extent : extents) {
            model.widths.push_back(3);
            model.factors.push_back(
                random_entries<double>(extent * 3, static_cast<std::uint64_t>(extent)));
        }
        model.weights = {1.0, -0.5, 2.0};
        const Extents shape = model.shape();
        const Values values = random_entries<double>(shape.product(), 2);
        Gradients gradients = zero_gradients(model);
        const auto contraction = contraction_of<FusedContraction<double>>(
            model, {Extents::filled(shape.order(), 0), shape}, gradients);
        Values estimate(values.size());
        contraction.reconstruct(estimate.data());
        FitData<double> data;
        data.values = values.data();
        const FitSums sums = contraction.run(data, {EntryLoss::Kind::squares});
        double squares = 0.0;
        Values last(static_cast<std::size_t>(extents.back() * 3), 0.0);
        for (Index i = 0; i < shape.product(); ++i) {
            const Extents at = row_major_position(i, shape);
            const auto index = static_cast<std::size_t>(i);
            const double entry = model.entry(at);
            ASSERT_NEAR(entry, estimate[index], 1e-12);
            const double residual = entry - values[index];
            squares += residual * residual;
            for (Index r = 0; r < 3; ++r) {
                double product = model.weights[static_cast<std::size_t>(r)];
                for (int mode = 0; mode + 1 < shape.order(); ++mode) {
                    product *= model.factors[static_cast<std::size_t>(mode)]
                                            [static_cast<std::size_t>(at[mode] * 3 + r)];
                }
                last[static_cast<std::size_t>(at[shape.order() - 1] * 3 + r)] +=
                    2.0 * residual * product;
            }
        }
        EXPECT_NEAR(sums.training, squares, 1e-10 * squares);
        EXPECT_TRUE(agree_to(gradients.factors.back(), last, 1e-11));
    }
}

// With both parts of a split observation, the other part is (y - p t) / (1 - p).
// Of every factor, and of the centre: where nobody wants its gradient the others are the same.
TEST(FusedContractionOneRank, GradientsThatAreNotWantedLeaveTheOthersAsTheyAre) {
    Dice dice(31);
    for (int trial = 0; trial < 8; ++trial) {
        const Model model = random_model(dice, 2 + trial % 3, trial % 2 == 1);
        const Values values = random_entries<double>(model.shape().product(), 4);
        FitData<double> data;
        data.values = values.data();
        const auto gradients_without = [&](std::size_t unwanted) {
            Gradients gradients = zero_gradients(model);
            std::vector<FactorPart<double>> parts;
            for (std::size_t f = 0; f < model.factors.size(); ++f) {
                parts.push_back({model.factors[f].data(), model.extents[f], model.widths[f],
                                 f == unwanted ? nullptr : gradients.factors[f].data()});
            }
            const Values& centre = model.tucker() ? model.core : model.weights;
            const FactorPart<double> middle{
                centre.data(), 1, static_cast<Index>(centre.size()),
                unwanted == parts.size() ? nullptr : gradients.centre.data()};
            if (!model.tucker()) {
                parts.insert(parts.begin(), middle);
            }
            const EntryLoss loss{EntryLoss::Kind::squares};
            (model.tucker() ? FusedContraction<double>::tucker(parts, middle)
                            : FusedContraction<double>::components(parts))
                .run(data, loss);
            gradients.factors.push_back(gradients.centre);
            return gradients.factors;
        };
        const std::size_t nothing = model.factors.size() + 1;
        const std::vector<Values> all = gradients_without(nothing);
        for (std::size_t unwanted = 0; unwanted < nothing; ++unwanted) {
            std::vector<Values> expected = all;
            expected[unwanted].assign(expected[unwanted].size(), 0.0);
            EXPECT_EQ(gradients_without(unwanted), expected) << "trial " << trial;
        }
    }
}

TEST(FusedContractionOneRank, SplitObservationIsJudgedByItsOtherPart) {
    Dice dice(3);
    const Model model = random_model(dice, 3, false);
    const Extents shape = model.shape();
    const Values values = random_entries<double>(shape.product(), 3);
    const Values observation = random_entries<double>(shape.product(), 4);
    Gradients gradients = zero_gradients(model);
    const auto contraction =
        contraction_of<FusedContraction<double>>(model, {Extents::filled(3, 0), shape}, gradients);
    FitData<double> data;
    data.values = values.data();
    data.observation = observation.data();
    data.share = 0.8;
    const FitSums sums = contraction.run(data, {EntryLoss::Kind::absolute});
    double expected = 0.0;
    for (Index i = 0; i < shape.product(); ++i) {
        const auto index = static_cast<std::size_t>(i);
        const double other = (observation[index] - 0.8 * values[index]) / 0.2;
        expected += std::pow(model.entry(row_major_position(i, shape)) - other, 2);
    }
    EXPECT_NEAR(sums.validation, expected, 1e-10 * expected);
}

TEST(FusedContractionOneRank, OutlierTermDescendsAlongItsOwnDerivative) {
    Dice dice(4);
    const Model model = random_model(dice, 3, false);
    const Extents shape = model.shape();
    const Values values = random_entries<double>(shape.product(), 3);
    Values grown = random_entries<double>(shape.product(), 5);
    Values shrunk = random_entries<double>(shape.product(), 6);
    const Values old_grown = grown;
    const Values old_shrunk = shrunk;
    Gradients gradients = zero_gradients(model);
    const auto contraction =
        contraction_of<FusedContraction<double>>(model, {Extents::filled(3, 0), shape}, gradients);
    FitData<double> data;
    data.values = values.data();
    const EntryLoss loss{EntryLoss::Kind::huber, 0.2};
    const double step = 0.01;
    contraction.run(data, loss, {grown.data(), shrunk.data(), step});
    for (Index i = 0; i < shape.product(); ++i) {
        const auto index = static_cast<std::size_t>(i);
        const double x = model.entry(row_major_position(i, shape));
        const auto cost = [&](double g, double h) {
            return cost_of(loss, x + g * g - h * h, values[index]).first;
        };
        const double g = old_grown[index];
        const double h = old_shrunk[index];
        const double d = 1e-6;
        EXPECT_NEAR(grown[index], g - step * (cost(g + d, h) - cost(g - d, h)) / (2.0 * d), 1e-8);
        EXPECT_NEAR(shrunk[index], h - step * (cost(g, h + d) - cost(g, h - d)) / (2.0 * d), 1e-8);
    }
}

TEST(FusedContractionOneRank, Float32GradientsAgreeToRounding) {
    const Index rows = 900;
    const Index columns = 70;
    const Index width = 20;
    const auto u = random_entries<double>(rows * width, 1);
    const auto v = random_entries<double>(columns * width, 2);
    const auto y = random_entries<double>(rows * columns, 3);
    const std::vector<float> u_float(u.begin(), u.end());
    const std::vector<float> v_float(v.begin(), v.end());
    const std::vector<float> y_float(y.begin(), y.end());
    Values du(u.size()), dv(v.size()), du_float(u.size()), dv_float(v.size());
    FitData<double> data;
    data.values = y.data();
    FitData<float> data_float;
    data_float.values = y_float.data();
    const FitSums sums =
        FusedContraction<double>::components(
            {{u.data(), rows, width, du.data()}, {v.data(), columns, width, dv.data()}})
            .run(data, {EntryLoss::Kind::squares});
    const FitSums sums_float =
        FusedContraction<float>::components({{u_float.data(), rows, width, du_float.data()},
                                             {v_float.data(), columns, width, dv_float.data()}})
            .run(data_float, {EntryLoss::Kind::squares});
    EXPECT_NEAR(sums_float.training, sums.training, 1e-5 * sums.training);
    EXPECT_TRUE(agree_to(du_float, du, 1e-5));
    EXPECT_TRUE(agree_to(dv_float, dv, 1e-5));
}

}  // namespace
