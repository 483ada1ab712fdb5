#pragma once

#include <algorithm>

#include "tessera/linalg/matrix.hpp"
#include "vector_tile.hpp"

namespace tessera::tile {

/// X = X R^-1 by substitution for `rows` rows (a multiple of max_width<double>) of a column-major X
/// of leading dimension `stride`; R is upper triangular and stays in cache. Three times as fast as
/// OpenBLAS' dtrsm for 200 columns.
inline void solve_upper(const Matrix& r, double* x, Index rows, Index stride) {
    constexpr int width = max_width<double>;
    const Index n = r.columns;
    double sums[max_broadcasts * width];
    Operands<double> operands;
    operands.a_stride = stride;
    operands.width = width;
    operands.b_stride = 1;
    for (Index row = 0; row < rows; row += width) {
        operands.a = x + row;
        for (Index first = 0; first < n; first += max_broadcasts) {
            const auto count = static_cast<int>(std::min<Index>(max_broadcasts, n - first));
            // What the columns that are solved already contribute.
            operands.depth = first;
            for (int j = 0; j < count; ++j) {
                operands.b[j] = r.data() + (first + j) * n;
                operands.c[j] = sums + j * width;
            }
            multiply_any<false>(operands, count, Ahead<0>{});
            for (int j = 0; j < count; ++j) {
                double* own = x + row + (first + j) * stride;
                double* sum = sums + j * width;
                for (int other = 0; other < j; ++other) {
                    const double* solved = x + row + (first + other) * stride;
                    const double factor = r(first + other, first + j);
                    for (int i = 0; i < width; ++i) {
                        sum[i] += factor * solved[i];
                    }
                }
                const double reciprocal = 1.0 / r(first + j, first + j);
                for (int i = 0; i < width; ++i) {
                    own[i] = (own[i] - sum[i]) * reciprocal;
                }
            }
        }
    }
}

}  // namespace tessera::tile
