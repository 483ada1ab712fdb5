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

    void read(Index site, T* to) const { read_part(site, channels, to); }

    /// The first `count` channels of a site.
    void read_part(Index site, Index count, T* to) const {
        const T* from = data + site * channels;
        if (scale == nullptr) {
            for (Index c = 0; c < count; ++c) {
                to[c] = from[c];
            }
            return;
        }
        for (Index c = 0; c < count; ++c) {
            const T v = scale[c] * from[c] + shift[c];
            const T w = slope * v;
            to[c] = v > w ? v : w;
        }
    }
};

}  // namespace tessera
