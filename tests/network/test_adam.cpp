// Adam against its definition written out in float64, entry by entry, with weight decay and
// average.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "memory_archive.hpp"
#include "tessera/network/adam.hpp"

namespace tessera {
namespace {

constexpr Index count = 10000;  // more than one chunk of the kernel

double gradient_at(Index i, int step) {
    return std::sin(0.1 * static_cast<double>(i) + 1.7 * step) + 0.2;
}

template <typename T>
void run_steps(ParameterStore<T>& store, Adam<T>& adam, int first, int last) {
    for (int step = first; step < last; ++step) {
        for (Index i = 0; i < count; ++i) {
            store.gradient()(i) = static_cast<T>(gradient_at(i, step));
        }
        adam.step(store, 0.01 * (step + 1));
    }
}

template <typename T>
class AdamOneRank : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(AdamOneRank, Types);

TYPED_TEST(AdamOneRank, FollowsItsDefinition) {
    ParameterStore<TypeParam> store;
    store.add("weights", count);
    store.allocate("network", true);
    for (Index i = 0; i < count; ++i) {
        store.value()(i) = static_cast<TypeParam>(1.0);
    }
    AdamOptions options;
    options.weight_decay = 0.1;
    options.average_decay = 0.75;
    Adam<TypeParam> adam(options);
    run_steps(store, adam, 0, 3);
    const double tolerance = sizeof(TypeParam) == 8 ? 1e-14 : 1e-6;
    for (Index i = 0; i < count; ++i) {
        double value = 1.0;
        double first = 0.0;
        double second = 0.0;
        double average = 0.0;
        for (int step = 0; step < 3; ++step) {
            const double g = gradient_at(i, step) + 0.1 * value;
            first = 0.9 * first + 0.1 * g;
            second = 0.999 * second + 0.001 * g * g;
            const double corrected = first / (1.0 - std::pow(0.9, step + 1));
            const double scale = std::sqrt(second / (1.0 - std::pow(0.999, step + 1)));
            value -= 0.01 * (step + 1) * corrected / (scale + 1e-8);
            average = step == 0 ? value : 0.75 * average + 0.25 * value;
        }
        ASSERT_NEAR(store.value()(i), value, tolerance) << i;
        ASSERT_NEAR(store.average()(i), average, tolerance) << i;
    }
}

TYPED_TEST(AdamOneRank, GoesOnFromAnArchiveToTheLastBit) {
    const auto make = [] {
        ParameterStore<TypeParam> store;
        store.add("weights", count - 6);
        store.add_spread("input", {{3, 2}, {{0, 0}, {3, 2}}});
        store.allocate("network", true);
        return store;
    };
    ParameterStore<TypeParam> whole = make();
    Adam<TypeParam> adam;
    run_steps(whole, adam, 0, 2);
    test_support::MemoryArchive archive;
    whole.serialise(archive);
    adam.serialise(archive);
    run_steps(whole, adam, 2, 4);

    archive.rewind_for_loading();
    ParameterStore<TypeParam> resumed = make();
    Adam<TypeParam> again;
    resumed.serialise(archive);
    again.serialise(archive);
    run_steps(resumed, again, 2, 4);
    for (Index i = 0; i < count; ++i) {
        ASSERT_EQ(whole.value()(i), resumed.value()(i));
        ASSERT_EQ(whole.average()(i), resumed.average()(i));
    }
}

TYPED_TEST(AdamOneRank, AveragesChangePlacesWithValues) {
    ParameterStore<TypeParam> store;
    store.add("weights", count);
    store.allocate("network", true);
    Adam<TypeParam> adam;
    run_steps(store, adam, 0, 2);
    const TypeParam value = store.value()(5);
    const TypeParam average = store.average()(5);
    ASSERT_NE(value, average);
    store.swap_average();
    EXPECT_EQ(store.value()(5), average);
    store.swap_average();
    EXPECT_EQ(store.value()(5), value);
}

}  // namespace
}  // namespace tessera
