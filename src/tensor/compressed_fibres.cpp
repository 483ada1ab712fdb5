#include "tessera/tensor/compressed_fibres.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <numeric>

#include "entry_order.hpp"
#include "tessera/base/error.hpp"
#include "view_copies.hpp"

namespace tessera {
namespace {

/// Entries of a task, about: large beside what a task costs to start, small beside a rank's work.
constexpr Index task_entries = 8192;

/// Roots first, then the other modes by length, the longest ones at the leaves.
std::vector<int> order_of_modes(const Extents& block_shape, int target_mode) {
    std::vector<int> modes(static_cast<std::size_t>(block_shape.order()));
    std::iota(modes.begin(), modes.end(), 0);
    std::stable_sort(modes.begin(), modes.end(), [&](int a, int b) {
        return std::pair(a != target_mode, block_shape[a]) <
               std::pair(b != target_mode, block_shape[b]);
    });
    return modes;
}

/// The nodes of one level of the forest, in host memory.
struct Level {
    std::vector<std::uint32_t> index;
    std::vector<std::uint32_t> first_entry;  ///< in sorted order; closed by the number of entries
};

/// The forest from the sorted entries: level k has a node wherever one of the first k + 1 positions
/// differs from the entry before.
std::vector<Level> find_levels(const std::vector<const std::uint32_t*>& positions,
                               const std::vector<int>& modes,
                               const std::vector<std::uint32_t>& order) {
    std::vector<Level> levels(modes.size());
    for (std::size_t slot = 0; slot < order.size(); ++slot) {
        bool differs = slot == 0;
        for (std::size_t level = 0; level < modes.size(); ++level) {
            const std::uint32_t* list = positions[static_cast<std::size_t>(modes[level])];
            differs = differs || list[order[slot]] != list[order[slot - 1]];
            if (differs || level + 1 == modes.size()) {
                levels[level].index.push_back(list[order[slot]]);
                levels[level].first_entry.push_back(static_cast<std::uint32_t>(slot));
            }
        }
    }
    for (Level& level : levels) {
        level.first_entry.push_back(static_cast<std::uint32_t>(order.size()));
    }
    return levels;
}

/// Where the children of each node begin: both lists of first entries ascend.
std::vector<std::uint32_t> child_begins(const Level& parents, const Level& children) {
    std::vector<std::uint32_t> begins;
    begins.reserve(parents.first_entry.size());
    std::uint32_t child = 0;
    for (const std::uint32_t entry : parents.first_entry) {
        while (children.first_entry[child] < entry) {
            ++child;
        }
        begins.push_back(child);
    }
    return begins;
}

}  // namespace

template <typename T>
CompressedFibres<T>::CompressedFibres(const SparseTensor<T>& tensor, int target_mode)
    : block_shape(tensor.box().shape()) {
    TESSERA_ASSERT(tensor.order() >= 2, "fibres need two modes");
    const std::vector<std::uint32_t> indices = detail::to_host(tensor.indices());
    const std::vector<T> entries = detail::to_host(tensor.values());
    const Index count = tensor.local_count();
    std::vector<const std::uint32_t*> positions;
    for (Index mode = 0; mode < tensor.order(); ++mode) {
        positions.push_back(indices.data() + mode * count);
    }
    const std::vector<int> modes = order_of_modes(block_shape, target_mode);
    const std::vector<std::uint32_t> order =
        detail::sorted_order(positions, block_shape, count, modes);
    const std::vector<Level> levels = find_levels(positions, modes, order);

    at_height.resize(levels.size());
    for (std::size_t level = 0; level < levels.size(); ++level) {
        Height& height = at_height[levels.size() - 1 - level];
        height.mode = modes[level];
        height.index = detail::to_device("fibre positions", levels[level].index);
        if (level + 1 < levels.size()) {
            height.begin =
                detail::to_device("fibre children", child_begins(levels[level], levels[level + 1]));
        }
    }
    std::vector<T> sorted(entries.size());
    for (std::size_t slot = 0; slot < order.size(); ++slot) {
        sorted[slot] = entries[order[slot]];
    }
    values = detail::to_device("fibre values", sorted);

    root_rows = levels.front().index;
    const std::vector<std::uint32_t> children = child_begins(levels[0], levels[1]);
    std::vector<Task> list;
    task_begin = {0};
    for (std::uint32_t root = 0; root < root_rows.size(); ++root) {
        std::uint32_t first = children[root];
        for (std::uint32_t child = first; child < children[root + 1]; ++child) {
            const Index taken = static_cast<Index>(levels[1].first_entry[child + 1]) -
                                static_cast<Index>(levels[1].first_entry[first]);
            if (taken >= task_entries || child + 1 == children[root + 1]) {
                list.push_back({root, first, child + 1});
                first = child + 1;
            }
        }
        task_begin.push_back(static_cast<std::uint32_t>(list.size()));
    }
    tasks = detail::to_device("fibre tasks", list);
    device_task_begin = detail::to_device("tasks of roots", task_begin);
}

template <typename T>
double CompressedFibres<T>::bytes() const {
    double sum = static_cast<double>(values.size() * sizeof(T) + tasks.size() * sizeof(Task));
    for (const Height& height : at_height) {
        sum += static_cast<double>((height.index.size() + height.begin.size()) *
                                   sizeof(std::uint32_t));
    }
    return sum;
}

template <typename T>
double CompressedFibres<T>::expected_bytes(const Extents& block_shape, int target_mode,
                                           double entries) {
    double sum = entries * static_cast<double>(sizeof(T) + sizeof(std::uint32_t));
    double prefixes = 1.0;
    const std::vector<int> modes = order_of_modes(block_shape, target_mode);
    for (std::size_t level = 0; level + 1 < modes.size(); ++level) {
        prefixes *= static_cast<double>(block_shape[modes[level]]);
        sum += 2.0 * sizeof(std::uint32_t) * std::min(entries, prefixes);
    }
    return sum;
}

template <typename T>
double CompressedFibres<T>::building_bytes(int order, double entries) {
    // Host copies of positions and values, the order, the lowest level, and the sorted values.
    const double numbers = static_cast<double>(order) + 3.0;
    return entries * (numbers * sizeof(std::uint32_t) + 2.0 * sizeof(T));
}

template struct CompressedFibres<float>;
template struct CompressedFibres<double>;

}  // namespace tessera
