#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tessera/tensor/sparse_tensor.hpp"

namespace tessera {

/// One rank's entries of a sparse tensor as a forest of common prefixes of their positions, with
/// one target mode at the roots (compressed sparse fibres, Smith and Karypis 2015, "SPLATT:
/// efficient and parallel sparse tensor-matrix multiplication"): a root for each slice of the
/// target mode that has entries, below it a node for each position of the next mode that occurs
/// there, and so on down to the leaves, which are the entries. Products that reduce onto the target
/// mode then need no atomic additions, and partial products of a fibre are formed once.
///
/// `at_height[0]` are the leaves, `at_height[order - 1]` the roots; the modes between stand with
/// the shortest one nearest to the roots, so that prefixes are shared as often as possible.
template <typename T>
struct CompressedFibres {
    struct Height {
        int mode = 0;
        /// Position of each node, in the box of the rank.
        DeviceView<std::uint32_t> index;
        /// Children of node n: begin(n)..begin(n + 1) - 1 of the height below; not for leaves.
        DeviceView<std::uint32_t> begin;
    };
    /// A piece of work of bounded size: children `first`..`last` - 1 of root `root`. Tasks are
    /// sorted by root.
    struct Task {
        std::uint32_t root;
        std::uint32_t first;
        std::uint32_t last;
    };

    /// Not collective. The order is at least 2. Throws MemoryError.
    CompressedFibres(const SparseTensor<T>& tensor, int target_mode);

    [[nodiscard]] int order() const { return static_cast<int>(at_height.size()); }
    [[nodiscard]] int mode() const { return at_height.back().mode; }
    /// Slices of the target mode in the rank's box, with or without entries.
    [[nodiscard]] Index rows() const { return block_shape[mode()]; }
    [[nodiscard]] Index roots() const { return static_cast<Index>(at_height.back().index.size()); }
    [[nodiscard]] Index entries() const { return static_cast<Index>(values.size()); }
    /// Bytes of all arrays.
    [[nodiscard]] double bytes() const;
    /// The same at the most, and what the constructor needs beside them, before there are entries.
    [[nodiscard]] static double expected_bytes(const Extents& block_shape, int target_mode,
                                               double entries);
    [[nodiscard]] static double building_bytes(int order, double entries);

    Extents block_shape;
    std::vector<Height> at_height;
    DeviceView<T> values;
    DeviceView<Task> tasks;
    /// Tasks of root n: task_begin(n)..task_begin(n + 1) - 1. Host memory, and the same for
    /// kernels.
    std::vector<std::uint32_t> root_rows;  ///< row of each root, ascending
    std::vector<std::uint32_t> task_begin;
    DeviceView<std::uint32_t> device_task_begin;
};

}  // namespace tessera
