// What is said of the messages of a step of nuclear_norm beforehand, against what the profile
// counts.

#include <gtest/gtest.h>

#include <cmath>

#include "all_ranks.hpp"
#include "svd_problems.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/method/nuclear_norm/chain_traffic.hpp"
#include "tessera/method/nuclear_norm/nuclear_norm_entry.hpp"
#include "tessera/method/nuclear_norm/nuclear_norm_method.hpp"
#include "tessera/sampling/harmonic_flow.hpp"

namespace tessera {
namespace {

using namespace test_support;
using Sampler = NuclearNormOptions::Sampler;

const Extents shape = {12, 5, 4};
const std::vector<std::string> axes = {"rows", "cols", "bands"};

CollectiveTraffic counted() {
    CollectiveTraffic sum;
    if (const auto found = profile_records().find("parallel/reductions");
        found != profile_records().end()) {
        sum.reductions = static_cast<double>(found->second.messages);
        sum.reduced_bytes = found->second.bytes;
    }
    if (const auto found = profile_records().find("parallel/broadcasts");
        found != profile_records().end()) {
        sum.broadcasts = static_cast<double>(found->second.messages);
        sum.broadcast_bytes = found->second.bytes;
    }
    return sum;
}

template <typename T>
CollectiveTraffic counted_step(Method<T>& method) {
    const CollectiveTraffic before = counted();
    method.step();
    const CollectiveTraffic after = counted();
    return {after.reductions - before.reductions, after.reduced_bytes - before.reduced_bytes,
            after.broadcasts - before.broadcasts, after.broadcast_bytes - before.broadcast_bytes};
}

CollectiveTraffic in_all(const ChainTraffic& traffic) {
    const CollectiveTraffic& a = traffic.in_group;
    const CollectiveTraffic& b = traffic.in_world;
    return {a.reductions + b.reductions, a.reduced_bytes + b.reduced_bytes,
            a.broadcasts + b.broadcasts, a.broadcast_bytes + b.broadcast_bytes};
}

void expect_equal(const CollectiveTraffic& found, const CollectiveTraffic& expected) {
    EXPECT_NEAR_ALL_RANKS(found.reductions, expected.reductions, 0.0);
    EXPECT_NEAR_ALL_RANKS(found.reduced_bytes, expected.reduced_bytes, 0.0);
    EXPECT_NEAR_ALL_RANKS(found.broadcasts, expected.broadcasts, 0.0);
    EXPECT_NEAR_ALL_RANKS(found.broadcast_bytes, expected.broadcast_bytes, 0.0);
}

/// Of full rank, so that no factorisation takes the long way.
Problem<double> noisy_problem(const Partition& partition) {
    std::vector<double> entries = low_rank_entries(shape, 2, 11);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i] = 3.0 * entries[i] + Random(4, 2).normal(static_cast<Index>(i));
    }
    return problem_of(entries, partition, axes);
}

NuclearNormOptions options_of(Sampler sampler, Index ranks_per_matrix) {
    NuclearNormOptions options;
    options.sampler = sampler;
    options.chains = 3;
    options.warm_up = 0;
    options.ranks_per_matrix = ranks_per_matrix;
    return options;
}

/// This rank's share of a step.
ChainStep chain_step(const Partition& partition, const NuclearNormOptions& options) {
    const MatrixLayout layout(shape, axes, options);
    const ChainGroups groups(partition.communicator(), layout, options);
    ChainStep step;
    step.sampler = options.sampler;
    step.units = static_cast<double>(groups.own_units().size());
    step.columns = static_cast<double>(layout.columns());
    step.group_size = groups.group().size();
    step.ranks = partition.communicator().size();
    step.parts =
        step.units * HarmonicFlow::first_parts(static_cast<double>(layout.rows()) * step.columns);
    return step;
}

// Without a warm-up step sizes stay as they begin, and with them the parts of a trajectory.
TEST(ChainTraffic, IsWhatTheProfileCounts) {
    const int ranks = Communicator::world().size();
    Dice dice(5);
    for (const Sampler sampler :
         {Sampler::harmonic_flow, Sampler::proximal, Sampler::moreau_yosida, Sampler::svd_gibbs}) {
        for (const std::vector<Index>& patch :
             {std::vector<Index>{}, std::vector<Index>{6, 5, 0}, std::vector<Index>{0, 0, 1}}) {
            for (const int group : {0, ranks}) {
                NuclearNormOptions options =
                    options_of(sampler, sampler == Sampler::svd_gibbs ? 0 : group);
                options.patch = patch;
                const Partition partition = random_partition(dice, shape);
                const Problem<double> problem = noisy_problem(partition);
                NuclearNormMethod<double> method(problem, options, 1);
                const ChainStep step = chain_step(partition, options);
                SCOPED_TRACE(testing::Message()
                             << "sampler " << static_cast<int>(sampler) << ", " << step.group_size
                             << " of " << ranks << " ranks to a matrix of " << step.columns
                             << " columns");
                expect_equal(counted_step(method), in_all(chain_traffic(step)));
                expect_equal(counted_step(method), in_all(chain_traffic(step)));
            }
        }
    }
}

// While step sizes learn, trajectories have other numbers of parts: the formula holds with theirs,
// which the reductions tell and the bytes must confirm.
TEST(ChainTraffic, FollowsTheLearntParts) {
    const Communicator& world = Communicator::world();
    if (world.size() == 1) {
        return;
    }
    const Partition partition(shape, ProcessGrid::automatic(world, shape, {true, true, true}));
    NuclearNormOptions options = options_of(Sampler::harmonic_flow, world.size());
    options.warm_up = 60;
    const Problem<double> problem = noisy_problem(partition);
    NuclearNormMethod<double> method(problem, options, 1);
    ChainStep step = chain_step(partition, options);
    double least = step.parts;
    double most = step.parts;
    for (Index number = 0; number < options.warm_up; ++number) {
        const CollectiveTraffic found = counted_step(method);
        step.parts = step.units;
        const CollectiveTraffic shortest = in_all(chain_traffic(step));
        // A further part is a sum and an agreement.
        const double further = (found.reductions - shortest.reductions) / 2.0;
        EXPECT_NEAR_ALL_RANKS(further, std::round(further), 0.0);
        step.parts += further;
        expect_equal(found, in_all(chain_traffic(step)));
        least = std::min(least, step.parts);
        most = std::max(most, step.parts);
    }
    EXPECT_LT(least, most);
}

/// As in a deck.
void set_options(MethodEntry& entry, const OptionMap& values) {
    OptionTable table("method");
    entry.declare(table);
    table.bind(make_option_value(values));
}

// As `plan` says it: of the busiest rank, a reduction in its rounds, there and back.
TEST(ChainTraffic, PlanTellsTheBusiestRank) {
    const Communicator& world = Communicator::world();
    const auto word = [](const char* text) { return make_option_value(std::string(text)); };
    const auto number = [](std::int64_t value) { return make_option_value(value); };
    for (const char* const sampler : {"harmonic_flow", "proximal", "moreau_yosida", "svd_gibbs"}) {
        OptionMap values = {
            {"sampler", {}, word(sampler)}, {"chains", {}, number(5)}, {"warm_up", {}, number(10)}};
        if (std::string(sampler) != "svd_gibbs") {
            values.push_back({"ranks_per_matrix", {}, number(world.size())});
        }
        const auto entry = make_nuclear_norm_entry();
        set_options(*entry, values);
        const Partition partition(
            shape, ProcessGrid::automatic(world, shape, entry->preferred_split(shape, axes)));
        const Problem<double> problem = noisy_problem(partition);
        const auto method = entry->make(problem, 1);
        const CollectiveTraffic step = counted_step(*method);
        // All ranks are one group, or have nothing but the sum of all.
        const double rounds = std::ceil(std::log2(static_cast<double>(world.size())));
        const auto plan = entry->traffic(shape, partition.grid().dims(), axes, sizeof(double), {});
        ASSERT_ALL_RANKS(plan.has_value());
        EXPECT_NEAR_ALL_RANKS(plan->messages, rounds * (2.0 * step.reductions + step.broadcasts),
                              0.0);
        EXPECT_NEAR_ALL_RANKS(plan->bytes, 2.0 * step.reduced_bytes + step.broadcast_bytes, 0.0);
    }
}

}  // namespace
}  // namespace tessera
