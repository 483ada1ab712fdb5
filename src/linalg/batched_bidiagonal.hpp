#pragma once

#include "batched_householder.hpp"

namespace tessera::lanes {

/// Bidiagonalisation A = Q B P^T of `rows` x `columns` packs, rows >= columns (Golub and Van Loan,
/// Matrix Computations, 5.4.8), in place: the reflectors of Q lie below the diagonal of `a`. Those
/// of P go to the columns of `right` (columns x columns packs), because a row of `a` is not
/// contiguous.
///
/// Each step passes once over the columns behind it: a column takes what the last step's right
/// reflector left to do, then this step's left reflector, and adds its share to the product that
/// the next right reflector needs, while it is in the first-level cache.
template <typename T>
struct Bidiagonal {
    Index rows;
    Index columns;
    Index stride;  ///< packs between columns of `a` and `right`
    Packs<T> a;
    Packs<T> right;
    Packs<T> diagonal;  ///< columns
    Packs<T> upper;     ///< columns, the last one 0
    Packs<T> left_tau;
    Packs<T> right_tau;
    Packs<T> pending;   ///< rows: of the last right reflector
    Packs<T> products;  ///< rows: of the next one

    KOKKOS_INLINE_FUNCTION void reduce() const {
        left_tau[0] = make_reflector<T>(a[0], a + 1, rows - 1).tau;
        for (Index k = 0; k < columns; ++k) {
            diagonal[k] = a[k * stride + k];
            if (k + 1 < columns) {
                pass_over_columns(k);
                make_right(k);
            }
        }
        upper[columns - 1] = Pack<T>{};
    }

  private:
    KOKKOS_INLINE_FUNCTION void pass_over_columns(Index k) const {
        const Packs<T> tail = a + (k * stride + k + 1);
        const Packs<T> row = right + k * stride;
        const Index length = rows - k - 1;
        for (Index i = 0; i < length; ++i) {
            products[i] = Pack<T>{};
        }
        for (Index column = k + 1; column < columns; ++column) {
            const Packs<T> target = a + (column * stride + k);
            if (k > 0) {
                const Pack<T> factor = -right[(k - 1) * stride + column];
                add_multiple<T>(factor, pending + (k - 1), target, length + 1);
            }
            apply_reflector<T>(left_tau[k], tail, target, length);
            row[column] = target[0];
            if (column > k + 1) {
                add_multiple<T>(target[0], target + 1, products, length);
            }
        }
    }

    // The right reflector of step k from row k, its product with the rows below, and, once the
    // first column has taken it, the next left reflector.
    KOKKOS_INLINE_FUNCTION void make_right(Index k) const {
        const Packs<T> row = right + k * stride;
        const Packs<T> first = a + ((k + 1) * stride + k + 1);
        const Index length = rows - k - 1;
        const Reflector<T> reflector =
            make_reflector<T>(row[k + 1], row + (k + 2), columns - k - 2);
        right_tau[k] = reflector.tau;
        upper[k] = row[k + 1];
        for (Index i = 0; i < length; ++i) {
            const Pack<T> product = reflector.tau * (first[i] + reflector.scale * products[i]);
            first[i] -= product;
            pending[k + i] = product;
        }
        left_tau[k + 1] = make_reflector<T>(first[0], first + 1, length - 1).tau;
    }
};

}  // namespace tessera::lanes
