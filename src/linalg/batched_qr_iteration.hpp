#pragma once

#include "batched_lanes.hpp"

namespace tessera::lanes {

/// Rotations of neighbouring columns, kept until several sweeps of them can pass over a matrix
/// whose rows stay in registers and in the first-level cache meanwhile.
template <typename T>
struct RotationList {
    static constexpr int max_sweeps = 8;

    Index columns;
    Packs<T> entries;  ///< max_sweeps * columns * 2 packs: cosine, sine
    Index first[max_sweeps] = {};
    Index last[max_sweeps] = {};  ///< one beyond
    int sweeps = 0;

    static KOKKOS_INLINE_FUNCTION Index scratch_packs(Index columns) {
        return 2 * max_sweeps * columns;
    }
    KOKKOS_INLINE_FUNCTION Packs<T> of(int sweep, Index k) const {
        return entries + 2 * (sweep * columns + k);
    }

    /// Columns k and k + 1 of `x` become cosine x_k + sine x_k+1 and cosine x_k+1 - sine x_k, for
    /// all k of all sweeps in their order. Columns are `stride` packs apart.
    KOKKOS_INLINE_FUNCTION void apply(const Packs<T>& x, Index rows, Index stride) const {
        constexpr int block = 8;
        Index row = 0;
        for (; row + block <= rows; row += block) {
            apply_to_rows<block>(x + row, stride);
        }
        for (; row < rows; ++row) {
            apply_to_rows<1>(x + row, stride);
        }
    }

  private:
    template <int block>
    KOKKOS_INLINE_FUNCTION void apply_to_rows(const Packs<T>& x, Index stride) const {
        for (int sweep = 0; sweep < sweeps; ++sweep) {
            Pack<T> left[block];
#pragma GCC unroll 8
            for (int i = 0; i < block; ++i) {
                left[i] = x[first[sweep] * stride + i];
            }
            for (Index k = first[sweep]; k < last[sweep]; ++k) {
                const Packs<T> rotation = of(sweep, k);
                const Pack<T> cosine = rotation[0];
                const Pack<T> sine = rotation[1];
                const Packs<T> target = x + k * stride;
                const Packs<T> next = target + stride;
#pragma GCC unroll 8
                for (int i = 0; i < block; ++i) {
                    const Pack<T> right = next[i];
                    target[i] = cosine * left[i] + sine * right;
                    left[i] = cosine * right - sine * left[i];
                }
            }
#pragma GCC unroll 8
            for (int i = 0; i < block; ++i) {
                x[last[sweep] * stride + i] = left[i];
            }
        }
    }
};

/// Diagonalises upper bidiagonal matrices B = U S V^T by implicitly shifted QR sweeps (Golub and
/// Reinsch 1970; Golub and Van Loan, Matrix Computations, 8.6), every lane with an unreduced block
/// and a shift of its own. Entries above the diagonal count as zero below eps times the largest
/// entry, so errors of singular values are of that size. S may have negative entries.
template <typename T>
class QrIteration {
  public:
    KOKKOS_INLINE_FUNCTION QrIteration(Index n, const Packs<T>& diagonal, const Packs<T>& upper,
                                       const Packs<T>& rotations)
        : n_(n),
          diagonal_(diagonal),
          upper_(upper),
          right_{n, rotations},
          left_{n, rotations + RotationList<T>::scratch_packs(n)},
          last_(n - 1) {}

    static KOKKOS_INLINE_FUNCTION Index scratch_packs(Index n) {
        return 2 * RotationList<T>::scratch_packs(n);
    }

    /// A matrix whose columns are rotated along; null: not wanted.
    struct Vectors {
        Packs<T> data;
        Index rows;
        Index stride;
    };

    /// Lanes that did not converge are nonzero in the result.
    KOKKOS_INLINE_FUNCTION Pack<T> run(const Vectors& u, const Vectors& v) {
        // Two sweeps per singular value are usual; LAPACK too gives up after 6 n on average.
        const Index max_sweeps = 30 * n_;
        set_threshold();
        for (Index sweep = 0; sweep < max_sweeps && find_blocks(); ++sweep) {
            chase();
            if (right_.sweeps == RotationList<T>::max_sweeps) {
                flush(u, v);
            }
        }
        flush(u, v);
        (void)find_blocks();
        return high_;
    }

  private:
    KOKKOS_INLINE_FUNCTION void set_threshold() {
        Pack<T> largest{};
        for (Index k = 0; k < n_; ++k) {
            largest = larger(largest, larger(magnitude(diagonal_[k]), magnitude(upper_[k])));
        }
        threshold_ = Kokkos::Experimental::epsilon_v<T> * largest;
    }

    KOKKOS_INLINE_FUNCTION void flush(const Vectors& u, const Vectors& v) {
        if (u.data.data != nullptr) {
            left_.apply(u.data, u.rows, u.stride);
        }
        if (v.data.data != nullptr) {
            right_.apply(v.data, v.rows, v.stride);
        }
        left_.sweeps = 0;
        right_.sweeps = 0;
    }

    // Finds each lane's last block low..high without zeros above the diagonal (high 0: done) and
    // the range of all lanes together; false when all are done.
    KOKKOS_INLINE_FUNCTION bool find_blocks() {
        const Pack<T> zero{};
        const Pack<T> one = splat<T>(1);
        high_ = zero;
        low_ = zero;
        Pack<T> open = one;  // 1 until the block's first column has been passed
        Index first = n_;
        Index last = 0;
        for (Index k = last_ - 1; k >= 0; --k) {
            const Pack<T> size = magnitude(upper_[k]);
            const auto keep = size > threshold_;
            upper_[k] = keep ? upper_[k] : zero;
            const Pack<T> kept = keep ? one : zero;
            const auto found = high_ > zero;
            const auto starts = (kept > zero) & (high_ == zero);
            const Pack<T> column = splat<T>(static_cast<T>(k));
            open = (found & (kept == zero)) ? zero : open;
            high_ = starts ? column + one : high_;
            const auto inside = (kept > zero) & (open > zero);
            low_ = inside ? column : low_;
            if (any(inside)) {
                first = k;
                last = last > k + 1 ? last : k + 1;
            }
        }
        first_ = first;
        last_ = last;
        return last > 0;
    }

    // Entry `index` of each lane.
    KOKKOS_INLINE_FUNCTION static Pack<T> pick(const Packs<T>& from, Pack<T> index) {
        Pack<T> result{};
        for (int lane = 0; lane < width<T>; ++lane) {
            lane_of<T>(result, lane) =
                lane_of<T>(from[static_cast<Index>(lane_of<T>(index, lane))], lane);
        }
        return result;
    }

    // Cosine and sine that turn (f, g) into (r, 0).
    struct Rotation {
        Pack<T> cosine;
        Pack<T> sine;
        Pack<T> length;
    };
    KOKKOS_INLINE_FUNCTION static Rotation make_rotation(const Pack<T>& f, const Pack<T>& g) {
        const Pack<T> zero{};
        const Pack<T> one = splat<T>(1);
        const Pack<T> square = f * f + g * g;
        const auto needed = square > zero;
        const Pack<T> length = square_root<T>(square);
        const Pack<T> inverse = one / (needed ? length : one);
        return {needed ? f * inverse : one, g * inverse, length};
    }

    // What the first rotation must turn to zero: (d^2 - shift) / d and e of the block's first
    // column, the shift being the eigenvalue of the last 2 x 2 block of B^T B nearer to its last
    // entry.
    KOKKOS_INLINE_FUNCTION void set_start(Pack<T>& f, Pack<T>& g) const {
        const Pack<T> zero{};
        const Pack<T> one = splat<T>(1);
        const auto active = high_ > zero;
        const Pack<T> before = active ? high_ - one : zero;
        const Pack<T> d_last = pick(diagonal_, high_);
        const Pack<T> d_before = pick(diagonal_, before);
        const Pack<T> e_last = pick(upper_, before);
        const Pack<T> e_before = before > low_ ? pick(upper_, larger(before - one, zero)) : zero;
        const Pack<T> last = d_last * d_last + e_last * e_last;
        const Pack<T> middle = d_before * d_before + e_before * e_before;
        const Pack<T> side = d_before * e_last;
        const Pack<T> half = splat<T>(static_cast<T>(0.5)) * (middle - last);
        const Pack<T> root = square_root<T>(half * half + side * side);
        const Pack<T> denominator = half < zero ? half - root : half + root;
        const Pack<T> shift =
            last -
            (denominator == zero ? zero : side * side / (denominator == zero ? one : denominator));
        const Pack<T> d_first = pick(diagonal_, low_);
        const auto usable = d_first != zero;
        f = usable ? d_first - shift / (usable ? d_first : one) : zero;
        g = pick(upper_, low_);
    }

    // One sweep over all lanes' blocks. Lanes outside their block turn by nothing.
    KOKKOS_INLINE_FUNCTION void chase() {
        const Pack<T> zero{};
        const Pack<T> one = splat<T>(1);
        Pack<T> start_f{};
        Pack<T> start_g{};
        set_start(start_f, start_g);
        Pack<T> f{};
        Pack<T> g{};
        right_.first[right_.sweeps] = left_.first[left_.sweeps] = first_;
        right_.last[right_.sweeps] = left_.last[left_.sweeps] = last_;
        for (Index k = first_; k < last_; ++k) {
            const Pack<T> column = splat<T>(static_cast<T>(k));
            const auto starts = column == low_;
            const auto active = (column >= low_) & (column < high_);
            f = starts ? start_f : f;
            g = starts ? start_g : g;
            const Rotation right = make_rotation(f, g);
            if (k > first_) {
                upper_[k - 1] = (active & (column > low_)) ? right.length : upper_[k - 1];
            }
            const Pack<T> d = diagonal_[k];
            const Pack<T> d_next = diagonal_[k + 1];
            const Pack<T> e = upper_[k];
            const Pack<T> turned_e = right.cosine * e - right.sine * d;
            const Pack<T> turned_d = right.cosine * d_next;
            const Rotation left =
                make_rotation(right.cosine * d + right.sine * e, right.sine * d_next);
            f = left.cosine * turned_e + left.sine * turned_d;
            diagonal_[k] = active ? left.length : d;
            diagonal_[k + 1] = active ? left.cosine * turned_d - left.sine * turned_e : d_next;
            upper_[k] = active ? f : e;
            const Pack<T> e_next = upper_[k + 1];
            g = left.sine * e_next;
            upper_[k + 1] = (active & (column + one < high_)) ? left.cosine * e_next : e_next;
            store(right_, k, active ? right.cosine : one, active ? right.sine : zero);
            store(left_, k, active ? left.cosine : one, active ? left.sine : zero);
        }
        ++right_.sweeps;
        ++left_.sweeps;
    }

    KOKKOS_INLINE_FUNCTION static void store(const RotationList<T>& list, Index k,
                                             const Pack<T>& cosine, const Pack<T>& sine) {
        const Packs<T> to = list.of(list.sweeps, k);
        to[0] = cosine;
        to[1] = sine;
    }

    Index n_;
    Packs<T> diagonal_;
    Packs<T> upper_;
    RotationList<T> right_;
    RotationList<T> left_;
    Pack<T> threshold_{};
    Pack<T> low_{};  // first and last column of each lane's block
    Pack<T> high_{};
    Index first_ = 0;  // the range of all lanes
    Index last_;
};

}  // namespace tessera::lanes
