#pragma once

#include <vector>

#include "tessera/network/map_reader.hpp"
#include "tessera/network/normalisation.hpp"
#include "tessera/network/site_slab.hpp"

namespace tessera {

/// Doubles a map in each mode by linear interpolation (bilinear, trilinear) between the centres of
/// sites, without extrapolation at the border (PyTorch's align_corners=False), cuts the result down
/// to the finer map's extents, and appends it to the channels of a finer map, if there is one:
/// output = (skip, upsampled), where n sites of the skip map come from ceil(n / 2) coarse ones.
/// (Cropping at the centre, (2 ceil(n / 2) - n) / 2 = 0 sites go at the lower end.)
template <typename T>
class Upsampling {
  public:
    /// `coarse` is fine.coarser(), with a halo of at least one site.
    Upsampling(const SiteSlab& coarse, const SiteSlab& fine, Index channels, Index skip_channels);

    [[nodiscard]] Index channels() const { return skip_channels_ + channels_; }

    /// Writes the own sites of `output` (held sites x channels()), which then pass a leaky ReLU of
    /// `slope` (1: none) and are accumulated into `statistics`. The halo of `input` has been
    /// filled.
    void forward(const MapReader<T>& input, const MapReader<T>& skip, T slope, T* output,
                 Normalisation<T>* statistics);

    /// For d(loss)/d(output) before the leaky ReLU of the own sites: writes d(loss)/d(what is read)
    /// of the coarse map (held sites x channels) and of the skip map's own sites. Collective.
    void backward(const T* gradient, T* input_gradient, T* skip_gradient);

  private:
    // Two sources of each fine position, as numbers of coarse sites, and the weight of the second.
    struct Blend {
        Index first;
        Index second;
        T weight;
    };

    void blend_line(const MapReader<T>& input, Index line, T* blended);

    SiteSlab coarse_;
    SiteSlab fine_;
    Index channels_;
    Index skip_channels_;
    Index lines_in_[2] = {1, 1};  // own fine positions of the modes before the last
    std::vector<Blend> blend_[2];
    std::vector<Blend> last_;
    Index coarse_line_ = 1;  // sites of the last mode
    std::vector<T> blended_;
    std::vector<T> line_;
};

}  // namespace tessera
