#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tessera/tensor/sparse_tensor.hpp"

namespace tessera {

/// Entries of a sparse tensor as a rank read them, in global positions, before they are shared out;
/// in host memory.
template <typename T>
struct CoordinateList {
    /// One list per mode (structure of arrays), each as long as `values`.
    std::vector<std::vector<std::uint32_t>> positions;
    std::vector<T> values;
};

/// What several entries of one position become.
enum class Repeated { sum, mean };

/// What was met while the entries were put together.
struct AssemblyReport {
    Index duplicates = 0;     ///< entries whose position an earlier entry has already
    Extents first_duplicate;  ///< the first such position in row-major order, if any
};

template <typename T>
struct Assembly {
    SparseTensor<T> tensor;
    AssemblyReport report;
};

/// Puts the entries of all ranks together as a sparse tensor (collective): the process grid is
/// `grid_dims` or `sparse_grid_dims`, the cuts of each mode give its parts about equal numbers of
/// entries (the medium-grained distribution of Smith and Karypis 2016, "A medium-grained algorithm
/// for distributed sparse tensor factorization"), and values of one position are added up or
/// averaged in float64, in rank order and then in list order. All positions lie within `shape`,
/// whose extents are at most SparseTensor::largest_extent. Throws UsageError for a grid that does
/// not fit, and MemoryError.
template <typename T>
[[nodiscard]] Assembly<T> assemble(const Communicator& communicator, const std::string& label,
                                   const Extents& shape, CoordinateList<T> entries,
                                   const std::optional<Extents>& grid_dims = std::nullopt,
                                   Repeated repeated = Repeated::sum);

/// The same on a given partition: test entries go where the factor rows are that predict them.
template <typename T>
[[nodiscard]] Assembly<T> assemble(const std::string& label, const UnevenPartition& partition,
                                   CoordinateList<T> entries, Repeated repeated = Repeated::sum);

/// The grid on which the fewest factor rows travel: rows of a mode are exchanged by the ranks that
/// share its part, which costs sum over modes of shape[mode] / dims[mode] rows per rank; chosen
/// greedily, a prime factor of the number of ranks at a time.
[[nodiscard]] Extents sparse_grid_dims(Index ranks, const Extents& shape);

}  // namespace tessera
