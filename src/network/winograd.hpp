#pragma once

#include <vector>

#include "tessera/network/convolution.hpp"
#include "tessera/network/map_reader.hpp"
#include "tessera/network/normalisation.hpp"

namespace tessera {

/// A 3 x 3 convolution of stride 1 of an image by Winograd's F(4x4, 3x3): 4 times fewer products
/// than the direct sum, as 36 matrix products of tiles x inputs x outputs. Rounding is about ten
/// times that of the direct sum.
template <typename T>
struct WinogradLayer {
    const std::vector<Index>* row_sources;     ///< of Convolution: per own row and tap
    const std::vector<Index>* column_sources;  ///< per column and tap
    Index rows;
    Index columns;
    Index inputs;
    Index outputs;
    LayerWorkspace<T>* workspace;

    /// `weight` is 9 x inputs x outputs, `output` the own sites x outputs; `bias` may be null.
    void forward(const MapReader<T>& input, const T* weight, const T* bias, T* output,
                 Normalisation<T>* statistics) const;
    /// Adds to `weight_gradient` and, unless it is null, to `input_gradient` (held sites x inputs).
    void backward(const MapReader<T>& input, const T* weight, const T* output_gradient,
                  T* weight_gradient, T* input_gradient) const;
};

}  // namespace tessera
