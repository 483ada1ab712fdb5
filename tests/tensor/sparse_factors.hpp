#pragma once

#include "sparse_tensors.hpp"

/// Factors for tests of sparse products: whole ones on every rank, and the rows of a rank's box.

namespace tessera::test_support {

inline std::vector<std::vector<double>> random_factors(const Extents& shape, Index rank) {
    std::vector<std::vector<double>> factors;
    for (int mode = 0; mode < shape.order(); ++mode) {
        factors.push_back(
            random_entries<double>(shape[mode] * rank, 40 + static_cast<std::uint64_t>(mode)));
    }
    return factors;
}

/// Product over all modes but one (-1: all) of the factors' entries in column r at a position.
inline double hadamard(const std::vector<std::vector<double>>& factors,
                       const std::vector<Index>& position, Index rank, Index r, int without) {
    double product = 1.0;
    for (std::size_t mode = 0; mode < factors.size(); ++mode) {
        if (static_cast<int>(mode) != without) {
            product *= factors[mode][static_cast<std::size_t>(position[mode] * rank + r)];
        }
    }
    return product;
}

/// The rows of whole factors that lie in a box.
class OwnRows {
  public:
    OwnRows(const std::vector<std::vector<double>>& factors, const Box& box, Index rank) {
        for (int mode = 0; mode < box.begin.order(); ++mode) {
            const std::vector<double>& whole = factors[static_cast<std::size_t>(mode)];
            rows_.emplace_back(whole.begin() + box.begin[mode] * rank,
                               whole.begin() + box.end[mode] * rank);
        }
    }
    [[nodiscard]] std::vector<const double*> pointers() const {
        std::vector<const double*> result;
        for (const std::vector<double>& rows : rows_) {
            result.push_back(rows.data());
        }
        return result;
    }

  private:
    std::vector<std::vector<double>> rows_;
};

}  // namespace tessera::test_support
