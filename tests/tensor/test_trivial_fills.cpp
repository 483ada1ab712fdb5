#include <gtest/gtest.h>

#include <cmath>

#include "all_ranks.hpp"
#include "sparse_tensors.hpp"
#include "tessera/tensor/sparse_split.hpp"
#include "tessera/tensor/trivial_fills.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

/// Distance when two positions differ in one mode only (and that mode), else none.
std::optional<std::pair<Index, std::size_t>> line_distance(const std::vector<Index>& a,
                                                           const std::vector<Index>& b) {
    std::optional<std::pair<Index, std::size_t>> result;
    for (std::size_t mode = 0; mode < a.size(); ++mode) {
        if (a[mode] != b[mode]) {
            if (result) {
                return std::nullopt;
            }
            result = {std::abs(a[mode] - b[mode]), mode};
        }
    }
    return result;
}

double nearest_value(const EntryMap& observed, const std::vector<Index>& at, double mean) {
    double value = mean;
    std::optional<std::pair<Index, std::size_t>> best;
    for (const auto& [position, candidate] : observed) {  // ascending: smaller positions first
        const auto distance = line_distance(position, at);
        if (distance && (!best || *distance < *best)) {
            best = distance;
            value = candidate;
        }
    }
    return value;
}

double mean_where(const EntryMap& entries, int mode, Index slice, double otherwise) {
    double sum = 0.0;
    Index count = 0;
    for (const auto& [position, value] : entries) {
        if (mode < 0 || position[static_cast<std::size_t>(mode)] == slice) {
            sum += value;
            ++count;
        }
    }
    return count > 0 ? sum / static_cast<double>(count) : otherwise;
}

TEST(TrivialFills, AreWhatTheirDefinitionsSay) {
    Dice dice(141);
    for (int trial = 0; trial < 20; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 5, 900);
        const auto list = random_list<double>(dice, shape, dice.between(1, 200));
        const auto tensor = assemble(Communicator::world(), "test entries", shape, own_part(list),
                                     random_grid(dice, shape.order(), rank_count()))
                                .tensor;
        const SparseSplit<double> parts = split_entries(tensor, 0.3, 17);
        // The kept entries of all ranks: those of the list at positions that no rank holds out.
        EntryMap observed = entries_of(list);
        const EntryMap held = own_entries(parts.held_out);
        std::vector<double> flags(static_cast<std::size_t>(shape.product()), 0.0);
        for (const auto& [position, value] : held) {
            flags[static_cast<std::size_t>(row_major_offset(Extents(position), shape))] = 1.0;
        }
        Communicator::world().sum_in_place(flags.data(), shape.product());
        std::erase_if(observed, [&](const auto& entry) {
            const Extents position(entry.first);
            return flags[static_cast<std::size_t>(row_major_offset(position, shape))] != 0.0;
        });
        ASSERT_ALL_RANKS(parts.kept.entry_count() == static_cast<Index>(observed.size()));
        ASSERT_ALL_RANKS(own_entries(parts.kept) == entries_in(observed, tensor.box()));

        const double mean = mean_where(observed, -1, 0, 0.0);
        const auto by_mean = mean_fill(parts.kept, parts.held_out);
        const auto by_modes = mode_means_fill(parts.kept, parts.held_out);
        const auto by_nearest = nearest_fill(parts.kept, parts.held_out);
        ASSERT_ALL_RANKS([&] {
            std::size_t entry = 0;
            for (const auto& [position, value] : held) {
                double modes = mean;
                for (int mode = 0; mode < shape.order(); ++mode) {
                    modes +=
                        mean_where(observed, mode, position[static_cast<std::size_t>(mode)], mean) -
                        mean;
                }
                const double nearest = nearest_value(observed, position, mean);
                if (std::abs(by_mean[entry] - mean) > 1e-12 ||
                    std::abs(by_modes[entry] - modes) > 1e-12 ||
                    std::abs(by_nearest[entry] - nearest) > 1e-12) {
                    return false;
                }
                ++entry;
            }
            return true;
        }()) << shape.to_string();
    }
}

TEST(SparseSplit, IsTheSameForMaskedAndSparseData) {
    Dice dice(142);
    const Extents shape{20, 15, 10};
    const auto all = random_entries<double>(shape.product(), 3);
    const DenseTensor<double> dense = tensor_of(all, random_partition(dice, shape));
    const auto whole = observed_entries<double>(dense, std::nullopt);
    const SparseSplit<double> parts = split_entries(whole, 0.1, 5);
    const double held = static_cast<double>(parts.held_out.entry_count());
    // 3000 draws of probability 0.1: five standard deviations are 82.
    EXPECT_ALL_RANKS(std::abs(held - 300.0) < 82.0);
    EXPECT_ALL_RANKS(parts.kept.entry_count() + parts.held_out.entry_count() == 3000);

    // The same draws with all on one rank.
    const Communicator alone = Communicator::world().split(own_rank(), 0);
    const Partition at_home(shape, ProcessGrid(alone, Extents::filled(3, 1)));
    const auto reference =
        split_entries(observed_entries<double>(
                          DenseTensor<double>("alone", at_home, to_device(all)), std::nullopt),
                      0.1, 5);
    EXPECT_ALL_RANKS(own_entries(parts.held_out) ==
                     entries_in(own_entries(reference.held_out), dense.box()));

    const DenseTensor<std::uint8_t> mask = tensor_of(
        std::vector<std::uint8_t>(static_cast<std::size_t>(shape.product()), 1), dense.partition());
    remove_entries(parts.held_out, dense, mask);
    EXPECT_ALL_RANKS(own_entries(observed_entries(dense, std::optional(mask))) ==
                     own_entries(parts.kept));
}

}  // namespace
