// What is said of a fit's messages beforehand, against what the profile counts.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "factor_networks_cases.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/method/factor_networks/factor_networks_entry.hpp"
#include "tessera/method/factor_networks/fit_traffic.hpp"

namespace tessera {
namespace {

using namespace test_support;

FitTraffic counted() {
    FitTraffic sum;
    for (const char* const name : {"network/halo", "parallel/box exchange"}) {
        if (const auto found = profile_records().find(name); found != profile_records().end()) {
            sum.messages += static_cast<double>(found->second.messages);
            sum.bytes += found->second.bytes;
        }
    }
    if (const auto found = profile_records().find("parallel/reductions");
        found != profile_records().end()) {
        sum.reductions = static_cast<double>(found->second.messages);
        sum.reduced_bytes = found->second.bytes;
    }
    return sum;
}

/// Of the next step of a method, in which the fit does not end.
template <typename T>
FitTraffic counted_step(Method<T>& method) {
    const FitTraffic before = counted();
    method.step();
    const FitTraffic after = counted();
    return {after.messages - before.messages, after.bytes - before.bytes,
            after.reductions - before.reductions, after.reduced_bytes - before.reduced_bytes};
}

const std::vector<Form> forms = {
    {Contraction::matrix, {19, 12}, {"a", "b"}},
    {Contraction::symmetric, {18, 18}, {"a", "b"}},
    {Contraction::image, {14, 11, 6}, {"rows", "cols", "bands"}},
    {Contraction::image, {5, 12, 9}, {"time", "rows", "cols"}},
    {Contraction::cp, {9, 8, 10}, {"a", "b", "c"}},
    {Contraction::tucker, {9, 8, 10}, {"a", "b", "c"}},
    {Contraction::full, {9, 8, 10}, {"a", "b", "c"}},
};

/// Networks of every kind, and for two factors also with singular vectors as one of them.
std::vector<FactorNetworksOptions> options_for(const Form& form, GeneratorKind kind) {
    FactorNetworksOptions options;
    options.contraction = form.contraction;
    options.rank = 3;
    options.generator.kind = kind;
    options.generator.channels = 4;
    options.validation = Validation::none;
    std::vector<FactorNetworksOptions> all = {options};
    if (form.contraction == Contraction::matrix || form.contraction == Contraction::image) {
        options.basis = FactorNetworksOptions::Basis::singular_vectors;
        all.push_back(options);
    }
    return all;
}

/// The formula is what the profile counts, for one step on some grid.
void expect_counted(Dice& dice, const Form& form, const FactorNetworksOptions& options) {
    const Partition partition = random_partition(dice, form.shape);
    const Problem<float> problem =
        problem_of(random_entries<float>(form.shape.product(), 3), partition, form.axes);
    FactorNetworksMethod<float> method(problem, options, 1);
    const FitTraffic actual = counted_step(method);
    const FitTraffic expected = fit_traffic(choose_factor_layout(form.shape, form.axes, options),
                                            options.generator, form.shape, partition.grid().dims(),
                                            sizeof(float))[static_cast<std::size_t>(own_rank())];
    SCOPED_TRACE(form.shape.to_string() + " on " + partition.grid().dims().to_string());
    EXPECT_ALL_RANKS(actual.messages == expected.messages);
    EXPECT_ALL_RANKS(actual.bytes == expected.bytes);
    EXPECT_ALL_RANKS(actual.reductions == expected.reductions);
    EXPECT_ALL_RANKS(actual.reduced_bytes == expected.reduced_bytes);
}

TEST(FitTraffic, IsWhatTheProfileCountsOnAnyGrid) {
    Dice dice(5);
    for (const GeneratorKind kind : {GeneratorKind::skip_network, GeneratorKind::deep_decoder,
                                     GeneratorKind::sine_network, GeneratorKind::free_factor}) {
        for (const Form& form : forms) {
            for (const FactorNetworksOptions& options : options_for(form, kind)) {
                expect_counted(dice, form, options);
            }
        }
    }
}

// As `plan` says it: of the busiest rank, a reduction in its rounds, there and back.
TEST(FitTraffic, PlanTellsTheBusiestRank) {
    const Extents shape = {40, 20, 6};
    const std::vector<std::string> axes = {"rows", "cols", "bands"};
    const auto entry = make_factor_networks_entry();
    const Communicator& world = Communicator::world();
    const Partition partition(
        shape, ProcessGrid::automatic(world, shape, entry->preferred_split(shape, axes)));
    const Problem<float> problem =
        problem_of(random_entries<float>(shape.product(), 3), partition, axes);
    const auto method = entry->make(problem, 1);
    const FitTraffic step = counted_step(*method);
    const double rounds = std::ceil(std::log2(static_cast<double>(world.size())));
    const auto plan = entry->traffic(shape, partition.grid().dims(), axes, sizeof(float), {});
    ASSERT_ALL_RANKS(plan.has_value());
    EXPECT_NEAR_ALL_RANKS(plan->messages, world.max(step.messages + 2.0 * rounds * step.reductions),
                          0.0);
    EXPECT_NEAR_ALL_RANKS(plan->bytes, world.max(step.bytes + 2.0 * step.reduced_bytes), 0.0);
}

}  // namespace
}  // namespace tessera
