#pragma once

#include <Kokkos_Core.hpp>

#include "tessera/base/types.hpp"

namespace tessera {

/// A quantile of a stream of numbers without storing them (P^2; Jain and Chlamtac 1985): five
/// markers whose heights follow the ends, the quantile and the places half-way, moved along
/// parabolas. Eight numbers of state, callable in kernels, for a quantile of every entry of a
/// tensor.
class RunningQuantile {
  public:
    static constexpr int state_size = 8;

    /// `state`: heights of the five markers, then the positions of the inner three.
    KOKKOS_INLINE_FUNCTION RunningQuantile(double share, float* state)
        : share_(share), height_(state), position_(state + 5) {}

    /// Takes the next number; `before` were taken already.
    KOKKOS_INLINE_FUNCTION void add(float number, Index before) {
        if (before < 5) {
            insert(number, static_cast<int>(before));
            return;
        }
        const int cell = place(number);
        for (int inner = cell; inner < 3; ++inner) {
            position_[inner] += 1.0F;
        }
        const auto last = static_cast<double>(before);
        const double wanted[3] = {1.0 + 0.5 * last * share_, 1.0 + last * share_,
                                  1.0 + 0.5 * last * (1.0 + share_)};
        for (int inner = 0; inner < 3; ++inner) {
            adjust(inner, wanted[inner], static_cast<float>(last + 1.0));
        }
    }

    /// The quantile of the `taken` > 0 numbers so far.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double value(Index taken) const {
        if (taken >= 5) {
            return height_[2];
        }
        return height_[static_cast<int>(Kokkos::round(share_ * static_cast<double>(taken - 1)))];
    }

  private:
    // The first five are the markers, in order.
    KOKKOS_INLINE_FUNCTION void insert(float number, int count) {
        int at = count;
        for (; at > 0 && height_[at - 1] > number; --at) {
            height_[at] = height_[at - 1];
        }
        height_[at] = number;
        for (int inner = 0; inner < 3; ++inner) {
            position_[inner] = static_cast<float>(inner + 2);
        }
    }

    // Between which markers the number lies; the outer ones move with it.
    KOKKOS_INLINE_FUNCTION int place(float number) {
        if (number < height_[0]) {
            height_[0] = number;
            return 0;
        }
        if (number >= height_[4]) {
            height_[4] = number;
            return 3;
        }
        int cell = 0;
        while (number >= height_[cell + 1]) {
            ++cell;
        }
        return cell;
    }

    KOKKOS_INLINE_FUNCTION void adjust(int inner, double wanted, float last) {
        const int marker = inner + 1;
        const float here = position_[inner];
        const float below = inner > 0 ? position_[inner - 1] : 1.0F;
        const float above = inner < 2 ? position_[inner + 1] : last;
        const double offset = wanted - here;
        if (!((offset >= 1.0 && above - here > 1.0F) || (offset <= -1.0 && below - here < -1.0F))) {
            return;
        }
        const float step = offset > 0.0 ? 1.0F : -1.0F;
        const float up = (height_[marker + 1] - height_[marker]) / (above - here);
        const float down = (height_[marker] - height_[marker - 1]) / (here - below);
        const float moved =
            height_[marker] +
            step / (above - below) * ((here - below + step) * up + (above - here - step) * down);
        const bool monotone = height_[marker - 1] < moved && moved < height_[marker + 1];
        height_[marker] = monotone ? moved : height_[marker] + step * (step > 0.0F ? up : down);
        position_[inner] = here + step;
    }

    double share_;
    float* height_;
    float* position_;
};

}  // namespace tessera
