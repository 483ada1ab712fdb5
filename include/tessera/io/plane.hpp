#pragma once

#include <vector>

#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// A two-dimensional cut through a tensor, in host memory, made small enough for a picture.
struct Plane {
    Index rows = 0;
    Index columns = 0;
    Index reduction = 1;        ///< each pixel is the mean of reduction x reduction entries
    std::vector<float> values;  ///< rows x columns, row-major; empty on ranks other than 0
};

/// Which plane: the modes that run down and across the picture, and the position in all the others.
/// For a tensor of order 1, `row_mode` is -1 and the plane has one row.
struct PlaneChoice {
    int row_mode = 0;
    int column_mode = 1;
    Extents at;  ///< entries of row_mode and column_mode are not used
};

/// Largest side of a plane: more than a screen shows, little enough for one rank.
inline constexpr Index largest_plane_side = 1024;

/// The plane on rank 0, averaged over squares of entries until no side exceeds
/// `largest_plane_side`. Collective.
template <typename T>
[[nodiscard]] Plane gather_plane(const DenseTensor<T>& tensor, const PlaneChoice& choice);

/// |a - b| in the plane, averaged in the same way. Both have the same partition. Collective.
template <typename T>
[[nodiscard]] Plane gather_error_plane(const DenseTensor<T>& a, const DenseTensor<T>& b,
                                       const PlaneChoice& choice);

/// Mean of |a - b| over one mode (`mode`, the bands) in the plane. Collective.
template <typename T>
[[nodiscard]] Plane gather_mean_error_plane(const DenseTensor<T>& a, const DenseTensor<T>& b,
                                            const PlaneChoice& choice, int mode);

}  // namespace tessera
