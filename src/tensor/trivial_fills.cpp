#include "tessera/tensor/trivial_fills.hpp"

#include <algorithm>
#include <limits>

#include "entry_order.hpp"
#include "tessera/parallel/part_collectives.hpp"
#include "tessera/tensor/sparse_reductions.hpp"
#include "view_copies.hpp"

namespace tessera {
namespace {

template <typename T>
double mean_of(const SparseTensor<T>& tensor) {
    return summary(tensor).sum / static_cast<double>(std::max<Index>(1, tensor.entry_count()));
}

/// A tensor's entries in host memory.
template <typename T>
struct HostEntries {
    explicit HostEntries(const SparseTensor<T>& tensor)
        : indices(detail::to_host(tensor.indices())),
          values(detail::to_host(tensor.values())),
          coordinates{indices.data(), tensor.local_count()} {}

    std::vector<std::uint32_t> indices;
    std::vector<T> values;
    SparseCoordinates coordinates;
};

/// Difference of each slice's mean from `mean`, for the slices of this rank's box.
template <typename T>
std::vector<double> slice_deviations(const SparseTensor<T>& tensor, const HostEntries<T>& entries,
                                     int mode, double mean) {
    const std::vector<Index> counts = slice_entry_counts(tensor, mode);
    std::vector<double> sums(counts.size(), 0.0);
    for (Index entry = 0; entry < tensor.local_count(); ++entry) {
        sums[static_cast<std::size_t>(entries.coordinates(mode, entry))] +=
            static_cast<double>(entries.values[static_cast<std::size_t>(entry)]);
    }
    std::vector<bool> others(static_cast<std::size_t>(tensor.order()), true);
    others[static_cast<std::size_t>(mode)] = false;
    tensor.partition().grid().along(others).sum_in_place(sums.data(),
                                                         static_cast<Index>(sums.size()));
    for (std::size_t slice = 0; slice < sums.size(); ++slice) {
        sums[slice] =
            counts[slice] > 0 ? sums[slice] / static_cast<double>(counts[slice]) - mean : 0.0;
    }
    return sums;
}

/// The observed entries of a rank, sorted so that those which differ in one mode only are together.
template <typename T>
class Lines {
  public:
    Lines(const SparseTensor<T>& tensor, const HostEntries<T>& entries, int mode)
        : entries_(entries), mode_(mode), order_modes_(tensor.order()) {
        std::vector<const std::uint32_t*> positions;
        std::vector<int> mode_order;
        for (int other = 0; other < tensor.order(); ++other) {
            positions.push_back(entries.indices.data() +
                                static_cast<Index>(other) * tensor.local_count());
            if (other != mode) {
                mode_order.push_back(other);
            }
        }
        mode_order.push_back(mode);
        order_ =
            detail::sorted_order(positions, tensor.box().shape(), tensor.local_count(), mode_order);
    }

    /// Twice the distance of the nearest entry on the line of `position` (in this rank's box but
    /// for the mode itself), plus 1 when it lies behind it; and that entry.
    struct Found {
        Index key;
        Index entry;
    };
    [[nodiscard]] Found nearest(const std::vector<Index>& position) const {
        const auto behind =
            std::lower_bound(order_.begin(), order_.end(), position,
                             [&](std::uint32_t entry, const std::vector<Index>& wanted) {
                                 return compare(entry, wanted) < 0;
                             });
        Found found{none, -1};
        if (behind != order_.end() && same_line(*behind, position)) {
            const Index distance = place(*behind) - position[static_cast<std::size_t>(mode_)];
            found = {distance == 0 ? 0 : 2 * distance + 1, *behind};
        }
        if (behind != order_.begin() && same_line(*(behind - 1), position)) {
            const std::uint32_t before = *(behind - 1);
            const Index key = 2 * (position[static_cast<std::size_t>(mode_)] - place(before));
            if (key < found.key) {
                found = {key, before};
            }
        }
        return found;
    }

    static constexpr Index none = std::numeric_limits<Index>::max();

  private:
    [[nodiscard]] Index place(Index entry) const { return entries_.coordinates(mode_, entry); }
    [[nodiscard]] bool same_line(Index entry, const std::vector<Index>& position) const {
        for (int other = 0; other < order_modes_; ++other) {
            if (other != mode_ &&
                entries_.coordinates(other, entry) != position[static_cast<std::size_t>(other)]) {
                return false;
            }
        }
        return true;
    }
    /// Sign of the entry's place minus the position's, the mode itself last.
    [[nodiscard]] Index compare(Index entry, const std::vector<Index>& position) const {
        for (int other = 0; other < order_modes_; ++other) {
            const Index difference =
                entries_.coordinates(other, entry) - position[static_cast<std::size_t>(other)];
            if (other != mode_ && difference != 0) {
                return difference;
            }
        }
        return place(entry) - position[static_cast<std::size_t>(mode_)];
    }

    const HostEntries<T>& entries_;
    int mode_;
    int order_modes_;
    std::vector<std::uint32_t> order_;
};

/// For every wanted entry, the distance to the nearest observed one along a mode, and its value.
struct Neighbours {
    std::vector<Index> keys;  ///< see Lines::Found
    std::vector<double> values;
};

template <typename T>
Neighbours neighbours_along(const SparseTensor<T>& observed, const HostEntries<T>& entries,
                            const SparseTensor<T>& at, const HostEntries<T>& wanted, int mode) {
    // The ranks of one line of the grid hold the same ranges of all other modes; each of them looks
    // for all their entries, and the nearest one found counts.
    std::vector<bool> along(static_cast<std::size_t>(at.order()), false);
    along[static_cast<std::size_t>(mode)] = true;
    const Communicator line = at.partition().grid().along(along);
    const Index order = at.order();
    std::vector<double> own;
    for (Index entry = 0; entry < at.local_count(); ++entry) {
        for (int other = 0; other < order; ++other) {
            const Index begin = other == mode ? at.box().begin[mode] : 0;
            own.push_back(static_cast<double>(begin + wanted.coordinates(other, entry)));
        }
    }
    PartOffsets offsets = {0};
    for (const Index size : line.all_gather(std::vector<Index>{static_cast<Index>(own.size())})) {
        offsets.push_back(offsets.back() + size);
    }
    std::vector<double> all(static_cast<std::size_t>(offsets.back()));
    all_gather_parts<double>(line, offsets, own.data(), all.data());

    const Lines<T> lines(observed, entries, mode);
    const Index count = offsets.back() / order;
    std::vector<Index> keys;
    std::vector<Index> found_entries;
    std::vector<Index> position(static_cast<std::size_t>(order));
    for (Index query = 0; query < count; ++query) {
        for (int other = 0; other < order; ++other) {
            position[static_cast<std::size_t>(other)] =
                static_cast<Index>(all[static_cast<std::size_t>(query * order + other)]);
        }
        position[static_cast<std::size_t>(mode)] -= at.box().begin[mode];
        const auto found = lines.nearest(position);
        keys.push_back(found.key);
        found_entries.push_back(found.entry);
    }
    std::vector<Index> least = keys;
    line.min_in_place(least.data(), count);
    // A key stands for one position, so at most one rank has the entry.
    std::vector<double> values(keys.size(), 0.0);
    for (std::size_t query = 0; query < keys.size(); ++query) {
        if (found_entries[query] >= 0 && keys[query] == least[query]) {
            values[query] =
                static_cast<double>(entries.values[static_cast<std::size_t>(found_entries[query])]);
        }
    }
    line.sum_in_place(values.data(), count);
    const Index first = offsets[static_cast<std::size_t>(line.rank())] / order;
    return {{least.begin() + first, least.begin() + first + at.local_count()},
            {values.begin() + first, values.begin() + first + at.local_count()}};
}

}  // namespace

template <typename T>
std::vector<double> mean_fill(const SparseTensor<T>& observed, const SparseTensor<T>& at) {
    return std::vector<double>(static_cast<std::size_t>(at.local_count()), mean_of(observed));
}

template <typename T>
std::vector<double> mode_means_fill(const SparseTensor<T>& observed, const SparseTensor<T>& at) {
    const double mean = mean_of(observed);
    const HostEntries<T> entries(observed);
    const HostEntries<T> wanted(at);
    std::vector<double> result = mean_fill(observed, at);
    for (int mode = 0; mode < at.order(); ++mode) {
        const std::vector<double> deviations = slice_deviations(observed, entries, mode, mean);
        for (Index entry = 0; entry < at.local_count(); ++entry) {
            result[static_cast<std::size_t>(entry)] +=
                deviations[static_cast<std::size_t>(wanted.coordinates(mode, entry))];
        }
    }
    return result;
}

template <typename T>
std::vector<double> nearest_fill(const SparseTensor<T>& observed, const SparseTensor<T>& at) {
    const HostEntries<T> entries(observed);
    const HostEntries<T> wanted(at);
    std::vector<double> result = mean_fill(observed, at);
    std::vector<Index> distances(result.size(), Lines<T>::none);
    for (int mode = 0; mode < at.order(); ++mode) {
        const Neighbours found = neighbours_along(observed, entries, at, wanted, mode);
        for (std::size_t entry = 0; entry < result.size(); ++entry) {
            if (found.keys[entry] != Lines<T>::none && found.keys[entry] / 2 < distances[entry]) {
                distances[entry] = found.keys[entry] / 2;
                result[entry] = found.values[entry];
            }
        }
    }
    return result;
}

#define TESSERA_INSTANTIATE(T)                                                                    \
    template std::vector<double> mean_fill(const SparseTensor<T>&, const SparseTensor<T>&);       \
    template std::vector<double> mode_means_fill(const SparseTensor<T>&, const SparseTensor<T>&); \
    template std::vector<double> nearest_fill(const SparseTensor<T>&, const SparseTensor<T>&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
