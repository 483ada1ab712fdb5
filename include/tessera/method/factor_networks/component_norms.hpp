#pragma once

#include <vector>

#include "tessera/method/factor_networks/model_spectrum.hpp"

namespace tessera {

/// Norms of the components of a sum of products of vectors.
struct ComponentNorms {
    std::vector<Index> order;   ///< components by their norms, largest first
    std::vector<double> norms;  ///< in this order
    /// Norm of the sum of all components but the first 0, 1, ... of them: what is lost without
    /// them. Components need not be orthogonal, so this is no sum of squares.
    std::vector<double> rest;
};

/// By the products of the columns' inner products (Bader and Kolda 2007), in blocks of columns.
/// Collective; the same on all ranks to the last bit.
template <typename T>
[[nodiscard]] ComponentNorms component_norms(const ModelParts<T>& model);

/// Bytes that this holds at most for components of `width` columns.
[[nodiscard]] double component_norms_bytes(Index width);

}  // namespace tessera
