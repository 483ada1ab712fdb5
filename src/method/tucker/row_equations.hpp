#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "tessera/base/types.hpp"

namespace tessera {

/// The normal equations of one row of `rank` unknowns, packed: the upper triangle row by row, then
/// the right-hand side.
[[nodiscard]] inline Index packed_size(Index rank) { return rank * (rank + 1) / 2 + rank; }

/// Adds an observed value whose prediction is the sum of design[i] * unknown[i].
inline void add_equation(const std::vector<double>& design, double value, double* packed) {
    const std::size_t rank = design.size();
    for (std::size_t i = 0; i < rank; ++i) {
        const double factor = design[i];
        for (std::size_t j = i; j < rank; ++j) {
            packed[j - i] += factor * design[j];
        }
        packed += rank - i;
    }
    for (std::size_t i = 0; i < rank; ++i) {
        packed[i] += value * design[i];
    }
}

/// Solves packed equations by Cholesky, in place. Unknowns that depend on earlier ones (pivots
/// below rounding) become 0.
inline void solve_equations(std::vector<double>& packed, Index rank, double* solution) {
    const auto entry = [&](Index i, Index j) -> double& {
        return packed[static_cast<std::size_t>(i * rank - i * (i - 1) / 2 + (j - i))];
    };
    double* right = packed.data() + rank * (rank + 1) / 2;
    double largest = 0.0;
    for (Index i = 0; i < rank; ++i) {
        largest = std::max(largest, entry(i, i));
    }
    const double least =
        static_cast<double>(rank) * std::numeric_limits<double>::epsilon() * largest;
    for (Index i = 0; i < rank; ++i) {
        const bool usable = entry(i, i) > least;
        const double scale = usable ? 1.0 / std::sqrt(entry(i, i)) : 0.0;
        for (Index j = i; j < rank; ++j) {
            entry(i, j) *= scale;
        }
        right[i] *= scale;
        for (Index k = i + 1; k < rank; ++k) {
            const double factor = entry(i, k);
            for (Index j = k; j < rank; ++j) {
                entry(k, j) -= factor * entry(i, j);
            }
            right[k] -= factor * right[i];
        }
    }
    for (Index i = rank; i-- > 0;) {
        double rest = right[i];
        for (Index j = i + 1; j < rank; ++j) {
            rest -= entry(i, j) * solution[j];
        }
        solution[i] = entry(i, i) > 0.0 ? rest / entry(i, i) : 0.0;
    }
}

}  // namespace tessera
