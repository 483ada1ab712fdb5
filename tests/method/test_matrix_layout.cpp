// How tensors are cut into matrices and shared out, against loops over all positions.

#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "svd_problems.hpp"
#include "tessera/base/error.hpp"
#include "tessera/method/nuclear_norm/matrix_layout.hpp"
#include "tessera/method/nuclear_norm/nuclear_norm_choices.hpp"
#include "tessera/method/nuclear_norm/patch_exchange.hpp"

namespace tessera {
namespace {

using namespace test_support;

const Extents shape = {7, 5, 4};
const std::vector<std::string> axes = {"rows", "cols", "bands"};

NuclearNormOptions options_of(std::vector<Index> patch, std::vector<Index> stride,
                              std::vector<std::string> columns = {}, Index chains = 2) {
    NuclearNormOptions options;
    options.patch = std::move(patch);
    options.stride = std::move(stride);
    options.columns = std::move(columns);
    options.chains = chains;
    return options;
}

TEST(MatrixLayout, PatchesOfOneShapeCoverEveryEntry) {
    const MatrixLayout layout(shape, axes, options_of({3, 2, 0}, {2, 2, 0}));
    EXPECT_EQ(layout.rows(), 6);
    EXPECT_EQ(layout.columns(), 4);
    EXPECT_EQ(layout.count(), 3 * 3);
    std::vector<int> covered(static_cast<std::size_t>(shape.product()), 0);
    for (Index matrix = 0; matrix < layout.count(); ++matrix) {
        const Box box = layout.box(matrix);
        EXPECT_EQ(box.shape(), (Extents{3, 2, 4}));
        for (Index offset = 0; offset < box.size(); ++offset) {
            Extents position = row_major_position(offset, box.shape());
            for (int mode = 0; mode < 3; ++mode) {
                position[mode] += box.begin[mode];
                ASSERT_LT(position[mode], shape[mode]);
            }
            ++covered[static_cast<std::size_t>(row_major_offset(position, shape))];
        }
    }
    EXPECT_EQ(std::count(covered.begin(), covered.end(), 0), 0);
}

TEST(MatrixLayout, TheShortSideIsTheColumns) {
    const MatrixLayout whole(shape, axes, options_of({}, {}, {"rows", "cols"}));
    EXPECT_EQ(whole.rows(), 35);
    EXPECT_EQ(whole.columns(), 4);
    const MatrixLayout slices(shape, axes, options_of({0, 0, 1}, {}, {"cols"}));
    EXPECT_EQ(slices.count(), 4);
    EXPECT_EQ(slices.rows(), 7);
    EXPECT_EQ(slices.columns(), 5);
}

TEST(MatrixLayout, PartsHoldConsecutiveRows) {
    const MatrixLayout layout(shape, axes, options_of({}, {}, {"cols"}));
    // 7 x 4 rows: the modes rows and bands; 5 columns.
    const std::vector<double> entries = random_entries<double>(shape.product(), 3);
    const Matrix unfolded = dense_unfolding(entries, shape, {false, true, false});
    Index rows = 0;
    for (int part = 0; part < 3; ++part) {
        const Range range = layout.part_rows(3, part);
        EXPECT_EQ(range.begin, rows);
        rows = range.end;
        const Box box = layout.part_box(0, 3, part);
        const std::vector<double> local = box_of(entries, shape, box);
        const auto unfolding = layout.unfolding(3, part);
        for (Index entry = 0; entry < range.size() * 5; ++entry) {
            EXPECT_EQ(local[static_cast<std::size_t>(unfolding(entry))],
                      unfolded(range.begin + entry / 5, entry % 5));
        }
    }
    EXPECT_EQ(rows, layout.rows());
}

TEST(MatrixLayout, SaysWhatDoesNotFit) {
    EXPECT_THROW(MatrixLayout(shape, axes, options_of({3, 2}, {})), UsageError);
    EXPECT_THROW(MatrixLayout(shape, axes, options_of({8, 2, 0}, {})), UsageError);
    EXPECT_THROW(MatrixLayout(shape, axes, options_of({3, 2, 0}, {4, 2, 0})), UsageError);
    EXPECT_THROW(MatrixLayout(shape, axes, options_of({}, {}, {"time"})), UsageError);
}

TEST(ChainGroups, EveryUnitHasOneGroup) {
    const MatrixLayout layout(shape, axes, options_of({3, 2, 0}, {2, 2, 0}, {}, 3));
    const ChainGroups groups(Communicator::world(), layout,
                             options_of({3, 2, 0}, {2, 2, 0}, {}, 3));
    EXPECT_EQ(groups.unit_count(), 27);
    EXPECT_EQ(groups.group_count(), Communicator::world().size());
    Index units = 0;
    for (int group = 0; group < groups.group_count(); ++group) {
        EXPECT_EQ(groups.units(group).begin, units);
        units = groups.units(group).end;
        for (Index unit = groups.units(group).begin; unit < units; ++unit) {
            const Range holders = groups.groups_of(unit / 3);
            EXPECT_TRUE(holders.begin <= group && group < holders.end);
        }
    }
    EXPECT_EQ(units, groups.unit_count());
}

TEST(ChainGroups, TheSamplerIsChosenByTheProblem) {
    using Sampler = NuclearNormOptions::Sampler;
    const MatrixLayout layout(shape, axes, NuclearNormOptions{});
    EXPECT_EQ(with_choices({}, layout, false, false).sampler, Sampler::svd_gibbs);
    EXPECT_EQ(with_choices({}, layout, true, false).sampler, Sampler::harmonic_flow);
    EXPECT_EQ(with_choices({}, layout, false, true).sampler, Sampler::harmonic_flow);
    NuclearNormOptions spread;
    spread.ranks_per_matrix = 2;
    EXPECT_EQ(with_choices(spread, layout, false, false).sampler, Sampler::harmonic_flow);
    const Extents large = {3000, 1500};
    EXPECT_EQ(with_choices({}, MatrixLayout(large, {"rows", "cols"}, {}), false, false).sampler,
              Sampler::harmonic_flow);
    NuclearNormOptions given;
    given.sampler = Sampler::proximal;
    EXPECT_EQ(with_choices(given, layout, false, false).sampler, Sampler::proximal);
}

TEST(NuclearNormChoices, WeightsKeepSvdGibbsAway) {
    using Sampler = NuclearNormOptions::Sampler;
    const MatrixLayout layout(shape, axes, NuclearNormOptions{});
    NuclearNormOptions weighted;
    weighted.weights = {0.5, 1.0};
    EXPECT_EQ(with_choices(weighted, layout, false, false).sampler, Sampler::harmonic_flow);
    EXPECT_EQ(singular_value_weights(weighted, 4), (std::vector<double>{0.5, 1.0, 1.0, 1.0}));
    EXPECT_EQ(singular_value_weights({}, 3), (std::vector<double>{1.0, 1.0, 1.0}));
    EXPECT_THROW(static_cast<void>(singular_value_weights(weighted, 1)), UsageError);
    weighted.sampler = Sampler::svd_gibbs;
    EXPECT_THROW(static_cast<void>(with_choices(weighted, layout, false, false)), UsageError);
}

TEST(NuclearNormChoices, CountsGetTheirLikelihood) {
    using Likelihood = NuclearNormOptions::Likelihood;
    using Sampler = NuclearNormOptions::Sampler;
    const MatrixLayout layout(shape, axes, NuclearNormOptions{});
    EXPECT_EQ(with_choices({}, layout, false, true).likelihood, Likelihood::poisson);
    EXPECT_EQ(with_choices({}, layout, false, false).likelihood, Likelihood::gaussian);
    NuclearNormOptions options;
    options.likelihood = Likelihood::gaussian;
    EXPECT_EQ(with_choices(options, layout, false, true).sampler, Sampler::svd_gibbs);
    options.likelihood = Likelihood::poisson;
    EXPECT_EQ(with_choices(options, layout, false, true).sampler, Sampler::harmonic_flow);
    EXPECT_THROW(static_cast<void>(with_choices(options, layout, false, false)), UsageError);
    // What counts do not go with, asked for or found in the problem.
    for (const Likelihood likelihood : {Likelihood::automatic, Likelihood::poisson}) {
        NuclearNormOptions wrong;
        wrong.likelihood = likelihood;
        wrong.infer_noise = true;
        EXPECT_THROW(static_cast<void>(with_choices(wrong, layout, false, true)), UsageError);
        wrong.infer_noise = false;
        wrong.noise_sigma = {0.1};
        EXPECT_THROW(static_cast<void>(with_choices(wrong, layout, false, true)), UsageError);
        wrong.noise_sigma.clear();
        for (const Sampler sampler : {Sampler::svd_gibbs, Sampler::moreau_yosida}) {
            wrong.sampler = sampler;
            EXPECT_THROW(static_cast<void>(with_choices(wrong, layout, false, true)), UsageError);
        }
    }
}

TEST(NuclearNormOptions, WeightsArePositiveNumbers) {
    for (const double weight : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), 2.0}) {
        NuclearNormOptions options;
        OptionTable table("method");
        options.declare(table);
        OptionList weights(2);
        weights[0].data = 1.0;
        weights[1].data = weight;
        OptionMap keys(1);
        keys[0].key = "weights";
        keys[0].value.data = weights;
        OptionValue deck;
        deck.data = keys;
        std::vector<OptionProblem> problems;
        static_cast<void>(table.resolve(deck, "method", problems));
        EXPECT_EQ(problems.size(), weight == 2.0 ? 0U : 1U) << weight;
    }
}

TEST(ChainGroups, FewUnitsShareTheRanks) {
    NuclearNormOptions options;
    options.chains = 2;
    EXPECT_EQ(ChainGroups::group_size(8, 2, options), 4);
    EXPECT_EQ(ChainGroups::group_size(6, 4, options), 2);
    EXPECT_EQ(ChainGroups::group_size(3, 2, options), 3);
    EXPECT_EQ(ChainGroups::group_size(4, 1000, options), 1);
    options.ranks_per_matrix = 2;
    EXPECT_EQ(ChainGroups::group_size(4, 1000, options), 2);
    EXPECT_THROW(static_cast<void>(ChainGroups::group_size(3, 1000, options)), UsageError);
}

// What is gathered and collected again is the tensor, once for every patch that has the entry and
// every group that holds the patch.
void expect_round_trip(Index ranks_per_matrix) {
    NuclearNormOptions options = options_of({3, 2, 0}, {2, 2, 0});
    options.ranks_per_matrix = ranks_per_matrix;
    const Communicator& world = Communicator::world();
    if (ranks_per_matrix > 0 && world.size() % ranks_per_matrix != 0) {
        return;
    }
    Dice dice(5);
    const std::vector<double> entries = random_entries<double>(shape.product(), 8);
    const Partition partition = random_partition(dice, shape);
    const DenseTensor<double> tensor = tensor_of(entries, partition);
    const MatrixLayout layout(shape, axes, options);
    const PatchExchange exchange(partition, layout, ChainGroups(world, layout, options));
    const DeviceView<double> matrices = exchange.gather(tensor);
    for (Index matrix = 0; matrix < layout.count(); ++matrix) {
        const Box meeting = exchange.meeting(matrix);
        const std::vector<double> expected = box_of(entries, shape, meeting);
        const Range holders = exchange.groups().groups_of(matrix);
        for (Index group = holders.begin; group < holders.end; ++group) {
            const DeviceView<double> target = allocate<double>("target", meeting.size());
            exchange.collect(matrix, static_cast<int>(group), {matrices}, {target});
            const std::vector<double> found = to_host(target);
            EXPECT_ALL_RANKS(found == expected);
        }
    }
}

TEST(PatchExchange, BringsEveryEntryThereAndBack) {
    expect_round_trip(0);
    expect_round_trip(1);
    expect_round_trip(2);
}

}  // namespace
}  // namespace tessera
