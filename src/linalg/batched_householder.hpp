#pragma once

#include "batched_lanes.hpp"

namespace tessera::lanes {

/// The reflector I - tau v v^T with v = (1, scale * tail).
template <typename T>
struct Reflector {
    Pack<T> tau;
    Pack<T> scale;
};

/// Makes the reflector that turns (head, tail) into (result, 0): `tail` becomes that of v, `head`
/// the result. A tail counts as zero when it is so small (1e-140, or 1e-15 in float32, of a matrix
/// with entries of about 1) that its squares lose digits.
template <typename T>
KOKKOS_INLINE_FUNCTION Reflector<T> make_reflector(Pack<T>& head, const Packs<T>& tail,
                                                   Index length) {
    const Pack<T> zero{};
    const Pack<T> tiny = splat<T>(sizeof(T) == 8 ? static_cast<T>(1e-280) : static_cast<T>(1e-30));
    const Pack<T> tail_square = dot<T>(tail, tail, length);
    const auto negligible = tail_square <= tiny;  // not so for a NaN, which spreads
    const Pack<T> norm = square_root<T>(head * head + tail_square);
    const Pack<T> result = head < zero ? norm : -norm;
    const Pack<T> tau = negligible ? zero : (result - head) / result;
    const Pack<T> scale = negligible ? zero : splat<T>(1) / (head - result);
    for (Index i = 0; i < length; ++i) {
        tail[i] *= scale;
    }
    head = negligible ? head : result;
    return {tau, scale};
}

/// x = (I - tau v v^T) x with v = (1, tail) and x = (head, rest).
template <typename T>
KOKKOS_INLINE_FUNCTION void apply_reflector(const Pack<T>& tau, const Packs<T>& tail,
                                            const Packs<T>& x, Index length) {
    const Pack<T> sum = tau * (x[0] + dot<T>(tail, x + 1, length));
    x[0] -= sum;
    add_multiple<T>(-sum, tail, x + 1, length);
}

/// QR of `rows` x `columns` packs (column-major, columns `stride` packs apart) by Householder, in
/// place, as LAPACK's geqrf leaves it: R in the upper part, below it the tails of the reflectors.
template <typename T>
KOKKOS_INLINE_FUNCTION void householder_factor(const Packs<T>& a, Index stride, Index rows,
                                               Index columns, const Packs<T>& tau) {
    const Index steps = rows < columns ? rows : columns;
    for (Index k = 0; k < steps; ++k) {
        const Packs<T> tail = a + (k * stride + k + 1);
        const Index length = rows - k - 1;
        tau[k] = make_reflector<T>(a[k * stride + k], tail, length).tau;
        for (Index column = k + 1; column < columns; ++column) {
            apply_reflector<T>(tau[k], tail, a + (column * stride + k), length);
        }
    }
}

/// The first `columns` columns of the product of `steps` reflectors, the tail of the k-th lying
/// below entry (k + shift, k) of `a`, as `rows` x `columns` packs. `stride` packs lie between
/// columns of both.
template <typename T>
KOKKOS_INLINE_FUNCTION void form_orthogonal(const Packs<T>& a, Index stride, Index shift,
                                            Index steps, const Packs<T>& tau, Index rows,
                                            Index columns, const Packs<T>& q) {
    for (Index column = 0; column < columns; ++column) {
        const Packs<T> own = q + column * stride;
        for (Index row = 0; row < rows; ++row) {
            own[row] = splat<T>(row == column ? T{1} : T{0});
        }
        // Later reflectors begin below the one entry of this column.
        const Index last = column - shift < steps - 1 ? column - shift : steps - 1;
        for (Index k = last; k >= 0; --k) {
            const Index top = k + shift;
            apply_reflector<T>(tau[k], a + (k * stride + top + 1), own + top, rows - top - 1);
        }
    }
}

}  // namespace tessera::lanes
