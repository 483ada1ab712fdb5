#include "sorted_entries.hpp"

#include <numeric>

#include "entry_order.hpp"
#include "view_copies.hpp"

namespace tessera::detail {
namespace {

/// The order without the entries that repeat the position of the one before them; `first[i]` is
/// where the i-th position begins in it, and a last element closes the list.
template <typename T>
std::vector<std::size_t> first_of_each(const CoordinateList<T>& entries,
                                       const std::vector<std::uint32_t>& order) {
    std::vector<std::size_t> first;
    for (std::size_t slot = 0; slot < order.size(); ++slot) {
        bool same = slot > 0;
        for (std::size_t mode = 0; same && mode < entries.positions.size(); ++mode) {
            const std::vector<std::uint32_t>& list = entries.positions[mode];
            same = list[order[slot]] == list[order[slot - 1]];
        }
        if (!same) {
            first.push_back(slot);
        }
    }
    first.push_back(order.size());
    return first;
}

}  // namespace

template <typename T>
SortedEntries<T> sort_entries(const Box& box, CoordinateList<T> entries, Repeated repeated) {
    const int modes = box.begin.order();
    for (int mode = 0; mode < modes; ++mode) {
        for (std::uint32_t& position : entries.positions[static_cast<std::size_t>(mode)]) {
            position -= static_cast<std::uint32_t>(box.begin[mode]);
        }
    }
    std::vector<const std::uint32_t*> lists;
    for (const std::vector<std::uint32_t>& list : entries.positions) {
        lists.push_back(list.data());
    }
    std::vector<int> mode_order(static_cast<std::size_t>(modes));
    std::iota(mode_order.begin(), mode_order.end(), 0);
    const auto count = static_cast<Index>(entries.values.size());
    const std::vector<std::uint32_t> order = sorted_order(lists, box.shape(), count, mode_order);
    const std::vector<std::size_t> first = first_of_each(entries, order);

    const std::size_t distinct = first.size() - 1;
    std::vector<std::uint32_t> indices(distinct * static_cast<std::size_t>(modes));
    std::vector<T> values(distinct);
    SortedEntries<T> result;
    for (std::size_t entry = 0; entry < distinct; ++entry) {
        for (std::size_t mode = 0; mode < lists.size(); ++mode) {
            indices[mode * distinct + entry] = lists[mode][order[first[entry]]];
        }
        double sum = 0.0;
        for (std::size_t slot = first[entry]; slot < first[entry + 1]; ++slot) {
            sum += static_cast<double>(entries.values[order[slot]]);
        }
        const std::size_t times = first[entry + 1] - first[entry];
        values[entry] =
            static_cast<T>(repeated == Repeated::mean ? sum / static_cast<double>(times) : sum);
        if (times > 1 && !result.first_duplicate) {
            Extents position = box.begin;
            for (int mode = 0; mode < modes; ++mode) {
                position[mode] += indices[static_cast<std::size_t>(mode) * distinct + entry];
            }
            result.first_duplicate = position;
        }
    }
    result.duplicates = count - static_cast<Index>(distinct);
    entries = {};  // before the copies: on a GPU-less machine these are the larger part
    result.indices = to_device("sparse positions", indices);
    result.values = to_device("sparse values", values);
    return result;
}

#define TESSERA_INSTANTIATE(T) \
    template SortedEntries<T> sort_entries(const Box&, CoordinateList<T>, Repeated);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera::detail
