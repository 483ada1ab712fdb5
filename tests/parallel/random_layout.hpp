#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "tessera/base/extents.hpp"
#include "tessera/base/memory.hpp"

/// Random shapes, grids and boxes, and tensors whose entries tell where they belong. Every rank
/// draws the same ones.

namespace tessera::test_support {

/// The same numbers with any standard library (std::uniform_int_distribution differs).
class Dice {
  public:
    explicit Dice(std::uint32_t seed) : engine_(seed) {}

    /// Uniform on low..high, both included.
    Index between(Index low, Index high) {
        return low + static_cast<Index>(engine_() % static_cast<std::uint64_t>(high - low + 1));
    }
    bool coin() { return between(0, 1) == 1; }

    std::vector<int> permutation(int count) {
        std::vector<int> order(static_cast<std::size_t>(count));
        std::iota(order.begin(), order.end(), 0);
        for (Index i = count - 1; i > 0; --i) {
            std::swap(order[static_cast<std::size_t>(i)],
                      order[static_cast<std::size_t>(between(0, i))]);
        }
        return order;
    }

  private:
    std::mt19937 engine_;
};

/// Primes, ones and extents below the number of ranks among them; at most `largest` entries.
inline Extents random_shape(Dice& dice, int order, Index largest) {
    constexpr Index candidates[] = {1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 17, 24, 31, 61};
    Extents shape = Extents::filled(order, 1);
    for (const int mode : dice.permutation(order)) {
        const Index room = largest / shape.product();
        const Index extent = candidates[dice.between(0, 13)];
        shape[mode] = std::min(extent, std::max(Index{1}, room));
    }
    return shape;
}

/// Each prime factor of the number of ranks goes to some mode, whatever the shape.
inline Extents random_grid(Dice& dice, int order, Index ranks) {
    Extents dims = Extents::filled(order, 1);
    for (Index factor = 2; ranks > 1; ++factor) {
        for (; ranks % factor == 0; ranks /= factor) {
            dims[static_cast<int>(dice.between(0, order - 1))] *= factor;
        }
    }
    return dims;
}

/// A box within a shape; one in eight is empty.
inline Box random_box(Dice& dice, const Extents& shape) {
    Box box{shape, shape};
    for (int mode = 0; mode < shape.order(); ++mode) {
        box.begin[mode] = dice.between(0, shape[mode] - 1);
        box.end[mode] = dice.between(box.begin[mode] + 1, shape[mode]);
    }
    if (dice.between(0, 7) == 0) {
        const auto mode = static_cast<int>(dice.between(0, shape.order() - 1));
        box.end[mode] = box.begin[mode];
    }
    return box;
}

/// A box around another one, within a shape.
inline Box random_box_around(Dice& dice, const Box& inner, const Extents& shape) {
    Box box = inner;
    for (int mode = 0; mode < shape.order(); ++mode) {
        box.begin[mode] = dice.between(0, inner.begin[mode]);
        box.end[mode] = dice.between(inner.end[mode], shape[mode]);
    }
    return box;
}

/// A different number for every position (for uint8_t: for nearby ones).
template <typename T>
T value_at(Index global_index) {
    if constexpr (std::is_same_v<T, std::uint8_t>) {
        return static_cast<T>(1 + global_index % 251);
    } else {
        return static_cast<T>(global_index + 1);
    }
}

/// Calls visit(position, offset) for all positions of a box, in row-major order.
template <typename Visit>
void for_each_position(const Box& box, const Visit& visit) {
    const Extents shape = box.shape();
    for (Index offset = 0; offset < shape.product(); ++offset) {
        Extents position = row_major_position(offset, shape);
        for (int mode = 0; mode < shape.order(); ++mode) {
            position[mode] += box.begin[mode];
        }
        visit(position, offset);
    }
}

inline bool contains(const Box& box, const Extents& position) {
    for (int mode = 0; mode < position.order(); ++mode) {
        if (position[mode] < box.begin[mode] || position[mode] >= box.end[mode]) {
            return false;
        }
    }
    return true;
}

template <typename T>
DeviceView<T> to_device(const std::vector<T>& values) {
    const DeviceView<T> view = allocate<T>("test values", static_cast<Index>(values.size()));
    const Kokkos::View<const T*, Kokkos::HostSpace> host(values.data(), values.size());
    Kokkos::deep_copy(view, host);
    return view;
}

template <typename T>
std::vector<T> to_host(const DeviceView<T>& view) {
    std::vector<T> values(view.size());
    Kokkos::deep_copy(Kokkos::View<T*, Kokkos::HostSpace>(values.data(), values.size()), view);
    return values;
}

/// Row-major entries of a box of the tensor of that shape whose entries are value_at.
template <typename T>
std::vector<T> box_values(const Box& box, const Extents& shape) {
    std::vector<T> values(static_cast<std::size_t>(box.size()));
    for_each_position(box, [&](const Extents& position, Index offset) {
        values[static_cast<std::size_t>(offset)] = value_at<T>(row_major_offset(position, shape));
    });
    return values;
}

}  // namespace tessera::test_support
