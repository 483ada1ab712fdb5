#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "all_ranks.hpp"
#include "tessera/base/random.hpp"
#include "tessera/network/make_factor_generator.hpp"
#include "tessera/parallel/partition.hpp"

/// What holds for every generator: its gradient is that of its rows, and it does not depend on how
/// many ranks share the sites.

namespace tessera::test_support {

/// The weight of entry `index` of the rows in the loss (weights, rows).
inline double loss_weight(Index index) { return 2.0 * Random(7, 1).uniform(index) - 1.0; }

/// A generator that is spread over `communicator`.
template <typename T>
std::unique_ptr<FactorGenerator<T>> make_generator(const GeneratorOptions& options,
                                                   const Extents& sites, Index rank,
                                                   const Communicator& communicator) {
    const Range own = block_range(sites[0], communicator.size(), communicator.rank());
    Box local{sites, sites};
    for (int mode = 0; mode < sites.order(); ++mode) {
        local.begin[mode] = 0;
    }
    local.begin[0] = own.begin;
    local.end[0] = own.end;
    return make_factor_generator<T>(options, sites, local, rank, communicator, 11, "factor");
}

/// Loss (weights, rows) over all ranks, with the gradient of this rank's rows.
template <typename T>
struct Loss {
    double value = 0.0;
    Kokkos::View<T**, Kokkos::LayoutRight, Kokkos::HostSpace> gradient;
};

template <typename T>
Loss<T> linear_loss(const FactorMatrix<const T>& rows, Index first_row,
                    const Communicator& communicator) {
    Loss<T> loss;
    loss.gradient = decltype(loss.gradient)("gradient", rows.extent(0), rows.extent(1));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double weight =
            loss_weight(first_row * static_cast<Index>(rows.extent(1)) + static_cast<Index>(i));
        loss.value += weight * static_cast<double>(rows.data()[i]);
        loss.gradient.data()[i] = static_cast<T>(weight);
    }
    loss.value = communicator.sum(loss.value);
    return loss;
}

/// Central differences of some parameters of every kind, in float64 on one rank's replica.
inline void check_gradient(const GeneratorOptions& options, const Extents& sites, Index rank) {
    const Communicator self = Communicator::world().split(Communicator::world().rank(), 0);
    const auto generator = make_generator<double>(options, sites, rank, self);
    const Loss<double> loss = linear_loss(generator->forward(4), 0, self);
    ParameterStore<double>& store = generator->parameters();
    store.zero_gradient();
    generator->backward(loss.gradient);
    double largest = 0.0;
    for (Index i = 0; i < store.size(); ++i) {
        largest = std::max(largest, std::abs(store.gradient()(i)));
    }
    ASSERT_GT(largest, 0.0);
    const Index stride = std::max(Index{1}, store.size() / 97);
    for (Index i = 0; i < store.size(); i += stride) {
        constexpr double step = 1e-6;
        const double kept = store.value()(i);
        store.value()(i) = kept + step;
        const double above = linear_loss(generator->forward(4), 0, self).value;
        store.value()(i) = kept - step;
        const double below = linear_loss(generator->forward(4), 0, self).value;
        store.value()(i) = kept;
        ASSERT_NEAR(store.gradient()(i), (above - below) / (2.0 * step), 2e-6 * largest)
            << "parameter " << i << " of " << store.size();
    }
}

/// Rows and gradients on all ranks together against those of one rank alone, relative to the
/// largest entry. The network's input has extents that were halved `input_halvings` times.
template <typename T>
void check_ranks(const GeneratorOptions& options, const Extents& sites, Index rank,
                 double tolerance, int input_halvings = 0) {
    const Communicator& world = Communicator::world();
    const Communicator self = world.split(world.rank(), 0);
    const auto whole = make_generator<T>(options, sites, rank, self);
    const auto part = make_generator<T>(options, sites, rank, world);
    const Range own = block_range(sites[0], world.size(), world.rank());
    const Index first_row = own.begin * sites.product(1, sites.order());
    const FactorMatrix<const T> all = whole->forward(3);
    const FactorMatrix<const T> rows = part->forward(3);
    const auto largest_of = [](const T* data, std::size_t count) {
        double largest = 1e-300;
        for (std::size_t i = 0; i < count; ++i) {
            largest = std::max(largest, std::abs(static_cast<double>(data[i])));
        }
        return largest;
    };
    const double scale = largest_of(all.data(), all.size());
    double difference = 0.0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        difference =
            std::max(difference, std::abs(static_cast<double>(rows.data()[i]) -
                                          static_cast<double>(all.data()[first_row * rank + i])));
    }
    EXPECT_NEAR_ALL_RANKS(difference / scale, 0.0, tolerance);

    whole->backward(linear_loss(all, 0, self).gradient);
    part->backward(linear_loss(rows, first_row, world).gradient);
    ParameterStore<T>& expected = whole->parameters();
    ParameterStore<T>& actual = part->parameters();
    ASSERT_ALL_RANKS(expected.shared_size() == actual.shared_size());
    const Index shared = actual.shared_size();
    const double gradient_scale = largest_of(expected.gradient().data(), expected.size());
    double gradient_difference = 0.0;
    // The learned input follows the shared parameters, row by row.
    Index input_rows = sites[0];
    Index first_input_row = own.begin;
    for (int i = 0; i < input_halvings; ++i) {
        input_rows = (input_rows + 1) / 2;
        first_input_row = (first_input_row + 1) / 2;
    }
    const Index per_row = (expected.size() - shared) / input_rows;
    for (Index i = 0; i < actual.size(); ++i) {
        const Index j = i < shared ? i : i + first_input_row * per_row;
        gradient_difference =
            std::max(gradient_difference, std::abs(static_cast<double>(actual.gradient()(i)) -
                                                   static_cast<double>(expected.gradient()(j))));
    }
    EXPECT_NEAR_ALL_RANKS(gradient_difference / gradient_scale, 0.0, tolerance);
}

}  // namespace tessera::test_support
