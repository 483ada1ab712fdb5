#pragma once

#include <vector>

#include "tessera/linalg/matrix.hpp"

namespace tessera {

/// A rank's rows of a nonnegative matrix X beside their model W H^T, for the least Kullback-Leibler
/// divergence (Lee and Seung 2001, theorem 2): products with the ratios X / (W H^T). The model is
/// formed tile by tile and stays in cache. `w` is rows x rank, `h` columns x rank, both row-major.
template <typename T>
class DivergencePass {
  public:
    DivergencePass(SlabMatrix<const T> values, Index rank, const std::vector<double>& w,
                   const std::vector<double>& h)
        : values_(values), rank_(rank), w_(w), h_(h) {}

    /// (X / (W H^T)) H: rows x rank.
    [[nodiscard]] std::vector<double> row_products() const;
    /// (X / (W H^T))^T W of this rank's rows: columns x rank.
    [[nodiscard]] std::vector<double> column_products() const;
    /// Sum of X log(X / (W H^T)) - X + W H^T over this rank's rows.
    [[nodiscard]] double divergence() const;

  private:
    /// Rows first..first + count - 1 of X (row-major) and of the model.
    struct Tile {
        Index first;
        Index count;
        const std::vector<T>& values;
        std::vector<T>& model;
    };
    template <typename Visit>
    void for_each_tile(const Visit& visit) const;
    /// Puts the ratios into the model's place.
    void divide(const Tile& tile) const;

    SlabMatrix<const T> values_;
    Index rank_;
    const std::vector<double>& w_;
    const std::vector<double>& h_;
};

}  // namespace tessera
