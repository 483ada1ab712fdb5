#pragma once

#include <optional>

#include "tessera/tensor/sparse_assembly.hpp"

namespace tessera::detail {

/// A rank's entries as a SparseTensor wants them.
template <typename T>
struct SortedEntries {
    DeviceView<std::uint32_t> indices;
    DeviceView<T> values;
    Index duplicates = 0;
    std::optional<Extents> first_duplicate;  ///< global position
};

/// Sorts a rank's entries, all in `box`, and adds up, or averages, those of equal position. Not
/// collective.
template <typename T>
[[nodiscard]] SortedEntries<T> sort_entries(const Box& box, CoordinateList<T> entries,
                                            Repeated repeated);

}  // namespace tessera::detail
