#pragma once

#include "tessera/base/types.hpp"

namespace tessera {

/// A map as its consumers see it. What is stored are the values that came out of a convolution;
/// normalisation and leaky ReLU are applied whenever they are read, so a map is written once, and
/// its backward pass has the values that it needs: y = max(v, slope v), v = scale[c] u + shift[c].
template <typename T>
struct MapReader {
    const T* data = nullptr;  ///< held sites x channels
    Index channels = 0;
    const T* scale = nullptr;  ///< per channel; none: the stored values as they are
    const T* shift = nullptr;
    T slope = T{1};  ///< of negative values, 0 (ReLU) to 1 (no activation)

    /// All channels of a site. `to` is memory of its own.
    void read(Index site, T* __restrict__ to) const {
        const T* from = data + site * channels;
        const T* const own_scale = scale;
        const T* const own_shift = shift;
        const T own_slope = slope;
        const Index count = channels;
        if (own_scale == nullptr) {
            for (Index c = 0; c < count; ++c) {
                to[c] = from[c];
            }
            return;
        }
        for (Index c = 0; c < count; ++c) {
            const T v = own_scale[c] * from[c] + own_shift[c];
            const T w = own_slope * v;
            to[c] = v > w ? v : w;
        }
    }
};

}  // namespace tessera
