#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "tessera/tensor/dimension_tree.hpp"
#include "tessera/tensor/factor_rows.hpp"
#include "test_tensors.hpp"

namespace tessera {
namespace {

using namespace test_support;

// Whole factors, replicated: row-major extent x rank.
std::vector<std::vector<double>> random_factors(const Extents& shape, Index rank) {
    std::vector<std::vector<double>> factors;
    for (int mode = 0; mode < shape.order(); ++mode) {
        factors.push_back(
            random_entries<double>(shape[mode] * rank, 100 + static_cast<std::uint64_t>(mode)));
    }
    return factors;
}

double factor_product(const std::vector<std::vector<double>>& factors, const Extents& position,
                      Index rank, Index r, int but_mode) {
    double product = 1.0;
    for (int mode = 0; mode < position.order(); ++mode) {
        if (mode != but_mode) {
            product *= factors[mode][position[mode] * rank + r];
        }
    }
    return product;
}

std::vector<double> naive_mttkrp(const std::vector<double>& entries, const Extents& shape,
                                 const std::vector<std::vector<double>>& factors, Index rank,
                                 int mode) {
    std::vector<double> result(static_cast<std::size_t>(shape[mode] * rank), 0.0);
    for (Index offset = 0; offset < shape.product(); ++offset) {
        const Extents position = row_major_position(offset, shape);
        for (Index r = 0; r < rank; ++r) {
            result[position[mode] * rank + r] +=
                entries[offset] * factor_product(factors, position, rank, r, mode);
        }
    }
    return result;
}

template <typename T>
void check_all_modes(const Extents& shape, Index rank, std::uint32_t seed, double tolerance) {
    Dice dice(seed);
    const std::vector<double> entries = random_entries<double>(shape.product(), seed);
    const std::vector<T> rounded(entries.begin(), entries.end());
    const DenseTensor<T> tensor = tensor_of(rounded, random_partition(dice, shape));
    std::vector<std::vector<double>> factors = random_factors(shape, rank);
    DimensionTree<T> tree(tensor, rank);
    for (int mode = 0; mode < shape.order(); ++mode) {
        std::vector<FactorView> views;
        for (int other = 0; other < shape.order(); ++other) {
            views.push_back({factors[other].data() + tensor.box().begin[other] * rank,
                             tensor.block_shape()[other]});
        }
        const FactorRows rows(tensor.partition(), mode, rank);
        std::vector<double> block(static_cast<std::size_t>(rows.block().size() * rank));
        std::vector<double> own(static_cast<std::size_t>(rows.own().size() * rank));
        tree.product(mode, views, block.data());
        rows.reduce(block.data(), own.data());
        const std::vector<double> wanted = naive_mttkrp(entries, shape, factors, rank, mode);
        double difference = 0.0;
        for (std::size_t i = 0; i < own.size(); ++i) {
            difference =
                std::max(difference, std::abs(own[i] - wanted[rows.own().begin * rank + i]));
        }
        EXPECT_NEAR_ALL_RANKS(difference, 0.0, tolerance);
        // Updates between the modes, as in a sweep: the tree must use the new rows.
        for (double& value : factors[mode]) {
            value = 0.5 * value + 0.1;
        }
    }
}

TEST(DimensionTree, AgreesWithNaiveLoopsForAllOrdersOnUnevenGrids) {
    const std::vector<Extents> shapes = {{9, 14},         {7, 5, 6},          {5, 4, 3, 6},
                                         {4, 3, 5, 2, 3}, {3, 2, 4, 2, 3, 2}, {1, 30, 2},
                                         {2, 3, 50},      {60, 2, 3}};
    std::uint32_t seed = 1;
    for (const Extents& shape : shapes) {
        for (const Index rank : {1, 5}) {
            check_all_modes<double>(shape, rank, ++seed, 1e-11);
            check_all_modes<float>(shape, rank, seed, 1e-3);
        }
    }
}

TEST(DimensionTree, EstimateIsTheSumOfComponents) {
    const Extents shape = {4, 5, 3, 2};
    const Index rank = 3;
    Dice dice(5);
    const DenseTensor<double> tensor =
        tensor_of(std::vector<double>(static_cast<std::size_t>(shape.product()), 0.0),
                  random_partition(dice, shape));
    const auto factors = random_factors(shape, rank);
    const std::vector<double> weights = {1.5, -0.5, 2.0};
    std::vector<FactorView> views;
    for (int mode = 0; mode < shape.order(); ++mode) {
        views.push_back(
            {factors[mode].data() + tensor.box().begin[mode] * rank, tensor.block_shape()[mode]});
    }
    const DimensionTree<double> tree(tensor, rank);
    std::vector<double> block(static_cast<std::size_t>(tensor.box().size()));
    tree.estimate(views, weights, block.data());
    double difference = 0.0;
    for_each_position(tensor.box(), [&](const Extents& position, Index offset) {
        double wanted = 0.0;
        for (Index r = 0; r < rank; ++r) {
            wanted += weights[r] * factor_product(factors, position, rank, r, -1);
        }
        difference = std::max(difference, std::abs(block[offset] - wanted));
    });
    EXPECT_NEAR_ALL_RANKS(difference, 0.0, 1e-13);
}

// Own rows cover every row of the factor once, also where ranks outnumber the slices.
TEST(FactorRows, OwnRowsAreAPartitionAndGatherUndoesTheSharing) {
    Dice dice(9);
    for (const Extents& shape : {Extents{5, 3, 7}, Extents{1, 2, 1}}) {
        const Partition partition = random_partition(dice, shape);
        for (int mode = 0; mode < shape.order(); ++mode) {
            const Index rank = 2;
            const FactorRows rows(partition, mode, rank);
            std::vector<double> times(static_cast<std::size_t>(shape[mode]), 0.0);
            std::vector<double> own;
            for (Index row = rows.own().begin; row < rows.own().end; ++row) {
                times[row] += 1.0;
                own.insert(own.end(), {static_cast<double>(row), -static_cast<double>(row)});
            }
            Communicator::world().sum_in_place(times.data(), shape[mode]);
            EXPECT_ALL_RANKS(times == std::vector<double>(times.size(), 1.0));
            std::vector<double> block(static_cast<std::size_t>(rows.block().size() * rank));
            rows.gather(own.data(), block.data());
            bool right = true;
            for (Index row = rows.block().begin; row < rows.block().end; ++row) {
                const auto at = static_cast<std::size_t>((row - rows.block().begin) * rank);
                right = right && block[at] == static_cast<double>(row) &&
                        block[at + 1] == -static_cast<double>(row);
            }
            EXPECT_ALL_RANKS(right);
        }
    }
}

}  // namespace
}  // namespace tessera
