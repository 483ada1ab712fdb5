#pragma once

#include <map>

#include "all_ranks.hpp"
#include "tessera/tensor/sparse_assembly.hpp"
#include "test_tensors.hpp"

/// Sparse tensors on all ranks of the job for tests, next to replicated copies of their entries.

namespace tessera::test_support {

/// Entries of a sparse tensor on every rank, by position: what a tensor of them must hold.
using EntryMap = std::map<std::vector<Index>, double>;

/// Entries at random positions, most of them in the low corner and some of them repeated, in the
/// order of a file; the same on all ranks.
template <typename T>
CoordinateList<T> random_list(Dice& dice, const Extents& shape, Index count) {
    CoordinateList<T> list;
    list.positions.resize(static_cast<std::size_t>(shape.order()));
    for (Index entry = 0; entry < count; ++entry) {
        for (int mode = 0; mode < shape.order(); ++mode) {
            const Index most = dice.coin() ? shape[mode] - 1 : (shape[mode] - 1) / 3;
            list.positions[static_cast<std::size_t>(mode)].push_back(
                static_cast<std::uint32_t>(dice.between(0, most)));
        }
        // Integers, zeros among them: sums are exact in any order.
        list.values.push_back(static_cast<T>(dice.between(-8, 8)));
    }
    return list;
}

template <typename T>
EntryMap entries_of(const CoordinateList<T>& list) {
    EntryMap entries;
    for (std::size_t entry = 0; entry < list.values.size(); ++entry) {
        std::vector<Index> position;
        for (const std::vector<std::uint32_t>& positions : list.positions) {
            position.push_back(positions[entry]);
        }
        entries[position] += static_cast<double>(list.values[entry]);
    }
    return entries;
}

/// The part of a list that this rank is to have read: uneven, and none on rank 1.
template <typename T>
CoordinateList<T> own_part(const CoordinateList<T>& list) {
    const Index ranks = rank_count();
    const Index rank = own_rank();
    const Index readers = ranks > 1 ? ranks - 1 : 1;
    const Range range = rank == 1 ? Range{}
                                  : block_range(static_cast<Index>(list.values.size()), readers,
                                                rank > 1 ? rank - 1 : rank);
    CoordinateList<T> part;
    for (const std::vector<std::uint32_t>& positions : list.positions) {
        part.positions.emplace_back(positions.begin() + range.begin, positions.begin() + range.end);
    }
    part.values.assign(list.values.begin() + range.begin, list.values.begin() + range.end);
    return part;
}

/// This rank's entries, by global position; fails where they are not in order.
template <typename T>
EntryMap own_entries(const SparseTensor<T>& tensor) {
    const std::vector<std::uint32_t> indices = to_host(tensor.indices());
    const std::vector<T> values = to_host(tensor.values());
    const SparseCoordinates coordinates{indices.data(), tensor.local_count()};
    EntryMap entries;
    for (Index entry = 0; entry < tensor.local_count(); ++entry) {
        std::vector<Index> position;
        for (int mode = 0; mode < tensor.order(); ++mode) {
            position.push_back(tensor.box().begin[mode] + coordinates(mode, entry));
        }
        const bool sorted = entries.empty() || entries.rbegin()->first < position;
        EXPECT_TRUE(sorted) << "entries must be in row-major order, without duplicates";
        entries[position] = static_cast<double>(values[static_cast<std::size_t>(entry)]);
    }
    return entries;
}

/// The entries that lie in a box.
inline EntryMap entries_in(const EntryMap& all, const Box& box) {
    EntryMap entries;
    for (const auto& [position, value] : all) {
        if (contains(box, Extents(position))) {
            entries[position] = value;
        }
    }
    return entries;
}

}  // namespace tessera::test_support
