#pragma once

#include <string>
#include <vector>

#include "tessera/base/extents.hpp"

namespace tessera {

/// Which modes of a tensor form the columns of the matrix that is decomposed. The columns are the
/// short side: where the modes that were asked for have more entries than the others, the transpose
/// is taken, whose singular triplets are the same.
struct ColumnModes {
    /// Order in which the modes must lie for the column modes to be consecutive; the identity when
    /// they are already.
    std::vector<int> mode_order;
    int first = 0;  ///< in the new order
    int last = 0;   ///< one past the last

    [[nodiscard]] bool permuted() const;
    /// For each mode of the new order, whether it belongs to the rows.
    [[nodiscard]] std::vector<bool> row_modes() const;
};

/// `names` are axis names; empty: the axis "bands", or the last one. Throws UsageError for a name
/// that is no axis, a name given twice, or when no mode is left for the rows.
[[nodiscard]] ColumnModes choose_column_modes(const Extents& shape,
                                              const std::vector<std::string>& axes,
                                              const std::vector<std::string>& names);

}  // namespace tessera
