#pragma once

#include "tessera/base/types.hpp"

/// The transforms of Winograd's F(4x4, 3x3) (Lavin and Gray 2016, section 4.3) on `lane` channels
/// at once, each along both modes. A tile of 4 x 4 outputs y comes from 6 x 6 inputs d and a kernel
/// g as y = A^T ((G g G^T) * (B^T d B)) A, so gradients use the transposed transforms.
namespace tessera::winograd {

inline constexpr Index lane = 16;
inline constexpr int tile = 4;   // outputs
inline constexpr int patch = 6;  // inputs, and products
inline constexpr int products = patch * patch;

template <typename T, int size>
using Square = T[size][size][lane];

// One mode: x(i) is read, y(i) written.

struct Input {  // B^T
    template <typename X, typename Y>
    static void apply(const X& x, const Y& y) {
        const auto sum = x(4) - 4 * x(2);
        const auto difference = x(3) - 4 * x(1);
        const auto even = x(4) - x(2);
        const auto odd = 2 * (x(3) - x(1));
        y(0) = 4 * x(0) - 5 * x(2) + x(4);
        y(1) = sum + difference;
        y(2) = sum - difference;
        y(3) = even + odd;
        y(4) = even - odd;
        y(5) = 4 * x(1) - 5 * x(3) + x(5);
    }
};

struct InputGradient {  // B
    template <typename X, typename Y>
    static void apply(const X& x, const Y& y) {
        const auto sum = x(1) + x(2);
        const auto difference = x(1) - x(2);
        const auto outer_sum = x(3) + x(4);
        const auto outer_difference = 2 * (x(3) - x(4));
        y(0) = 4 * x(0);
        y(1) = 4 * (x(5) - difference) - outer_difference;
        y(2) = -5 * x(0) - 4 * sum - outer_sum;
        y(3) = difference + outer_difference - 5 * x(5);
        y(4) = x(0) + sum + outer_sum;
        y(5) = x(5);
    }
};

struct Output {  // A^T
    template <typename X, typename Y>
    static void apply(const X& x, const Y& y) {
        const auto sum = x(1) + x(2);
        const auto difference = x(1) - x(2);
        const auto outer_sum = x(3) + x(4);
        const auto outer_difference = 2 * (x(3) - x(4));
        y(0) = x(0) + sum + outer_sum;
        y(1) = difference + outer_difference;
        y(2) = sum + 4 * outer_sum;
        y(3) = difference + 4 * outer_difference + x(5);
    }
};

struct OutputGradient {  // A
    template <typename X, typename Y>
    static void apply(const X& x, const Y& y) {
        const auto even = x(0) + x(2);
        const auto odd = x(1) + x(3);
        const auto outer_even = x(0) + 4 * x(2);
        const auto outer_odd = 2 * (x(1) + 4 * x(3));
        y(0) = x(0);
        y(1) = even + odd;
        y(2) = even - odd;
        y(3) = outer_even + outer_odd;
        y(4) = outer_even - outer_odd;
        y(5) = x(3);
    }
};

struct Kernel {  // G
    template <typename X, typename Y>
    static void apply(const X& x, const Y& y) {
        const auto outer = x(0) + 4 * x(2);
        const auto even = x(0) + x(2);
        y(0) = x(0) / 4;
        y(1) = -(even + x(1)) / 6;
        y(2) = -(even - x(1)) / 6;
        y(3) = (outer + 2 * x(1)) / 24;
        y(4) = (outer - 2 * x(1)) / 24;
        y(5) = x(2);
    }
};

struct KernelGradient {  // G^T
    template <typename X, typename Y>
    static void apply(const X& x, const Y& y) {
        const auto sum = (x(1) + x(2)) / 6;
        const auto outer = (x(3) + x(4)) / 24;
        y(0) = x(0) / 4 - sum + outer;
        y(1) = (x(2) - x(1)) / 6 + (x(3) - x(4)) / 12;
        y(2) = 4 * outer - sum + x(5);
    }
};

/// Applies a rule along both modes.
template <typename Rule, typename T, int from, int to>
void transform(const Square<T, from>& in, Square<T, to>& out) {
    T half[to][from][lane];
    for (int j = 0; j < from; ++j) {
        for (Index c = 0; c < lane; ++c) {
            Rule::apply([&](int i) { return in[i][j][c]; },
                        [&](int i) -> T& { return half[i][j][c]; });
        }
    }
    for (int i = 0; i < to; ++i) {
        for (Index c = 0; c < lane; ++c) {
            Rule::apply([&](int j) { return half[i][j][c]; },
                        [&](int j) -> T& { return out[i][j][c]; });
        }
    }
}

}  // namespace tessera::winograd
