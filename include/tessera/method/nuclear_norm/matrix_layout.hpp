#pragma once

#include <string>
#include <vector>

#include "tessera/base/extents.hpp"
#include "tessera/method/nuclear_norm/nuclear_norm_options.hpp"
#include "tessera/parallel/partition.hpp"

namespace tessera {

/// How a tensor is cut into matrices of one shape: boxes at regular distances (the last one of each
/// mode is moved back into the tensor), each unfolded to rows x columns with rows >= columns. A row
/// or column counts its modes in row-major order.
class MatrixLayout {
  public:
    /// Throws UsageError when the options do not fit the shape.
    MatrixLayout(const Extents& shape, const std::vector<std::string>& axes,
                 const NuclearNormOptions& options);

    [[nodiscard]] const Extents& shape() const { return shape_; }
    [[nodiscard]] Index rows() const { return patch_.product() / columns_; }
    [[nodiscard]] Index columns() const { return columns_; }
    /// Number of matrices.
    [[nodiscard]] Index count() const { return counts_.product(); }
    [[nodiscard]] Box box(Index matrix) const;

    /// Which rows of each matrix part `part` of `parts` holds: slices of the first mode of the
    /// rows, so that they are a box of the tensor.
    [[nodiscard]] Range part_rows(int parts, int part) const;
    [[nodiscard]] Box part_box(Index matrix, int parts, int part) const;

    /// Where entry (row, column) of a part lies in the part's box, row-major as the tensor; `entry`
    /// counts the part's own rows. Callable in kernels.
    struct Unfolding {
        Extents box_shape;
        int order[max_order] = {};  ///< the modes of the rows, then those of the columns
        [[nodiscard]] KOKKOS_INLINE_FUNCTION Index operator()(Index entry) const {
            Extents position = box_shape;
            for (int place = box_shape.order() - 1; place >= 0; --place) {
                const int mode = order[place];
                position[mode] = entry % box_shape[mode];
                entry /= box_shape[mode];
            }
            return row_major_offset(position, box_shape);
        }
    };
    [[nodiscard]] Unfolding unfolding(int parts, int part) const;

  private:
    Extents shape_;
    Extents patch_;
    Extents stride_;
    Extents counts_;          ///< boxes along each mode
    std::vector<int> order_;  ///< the modes of the rows, then those of the columns
    Index columns_ = 0;
};

}  // namespace tessera
