#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tessera/network/convolution.hpp"
#include "tessera/network/factor_generator.hpp"
#include "tessera/network/generator_options.hpp"
#include "tessera/network/network_input.hpp"
#include "tessera/network/normalisation.hpp"
#include "tessera/network/site_slab.hpp"
#include "tessera/network/upsampling.hpp"

namespace tessera {

/// The untrained hourglass network with skip connections (Ulyanov, Vedaldi and Lempitsky 2018, in
/// the form of arXiv 2204.03145): at each scale a skip branch (1 tap), a deeper branch (two
/// convolutions, the first of stride 2, then the next scale, then doubling), both concatenated and
/// normalised, a convolution and a 1-tap one; normalisation and leaky ReLU 0.2 after each. The head
/// is a 1-tap convolution to the factor's columns.
///
/// Memory: with C channels and c of the skip branch, an image keeps 4/3 (c + C/2 + (c + C) + 2 C)
/// values of each pixel between forward and backward (about 600 for C = 128, c = 4), and the
/// backward pass needs (c + C) + C more (260): 3.5 kB per pixel in float32, besides the input, its
/// moments and the factor itself, 5 to 7 times the rank.
template <typename T>
class SkipNetwork final : public FactorGenerator<T> {
  public:
    /// The own range of `slab` is this rank's share of the sites. Fewer scales than asked for are
    /// used where an extent is too short. Collective. Throws UsageError where no scale fits.
    SkipNetwork(const GeneratorOptions& options, const Communicator& communicator,
                const Extents& sites, Range own, Index rank, std::uint64_t seed,
                const std::string& name);

    [[nodiscard]] Index rank() const override { return rank_; }
    FactorMatrix<const T> forward(std::int64_t step) override;
    void backward(FactorMatrix<const T> gradient) override;
    ParameterStore<T>& parameters() override { return parameters_; }
    [[nodiscard]] std::string describe() const override;

    [[nodiscard]] Index scales() const { return static_cast<Index>(scales_.size()); }
    /// The most scales that fit: each halves the extents (rounded up), and the deepest map has two
    /// sites in each mode at least.
    [[nodiscard]] static Index most_scales(const Extents& sites);

  private:
    // One layer that is followed by a normalisation, with the values in between.
    struct NormalisedLayer {
        std::unique_ptr<Convolution<T>> convolution;
        std::unique_ptr<Normalisation<T>> normalisation;
        HostView<T> map;
    };
    struct Scale {
        NormalisedLayer skip;
        NormalisedLayer down;
        NormalisedLayer deeper;
        NormalisedLayer joined;  // its values come from the doubling
        NormalisedLayer wide;
        NormalisedLayer pointwise;
        std::unique_ptr<Upsampling<T>> upsampling;
        HostView<T> skip_gradient;
    };

    void build(std::uint64_t seed, const std::string& name);
    NormalisedLayer make_layer(const SiteSlab& input, const SiteSlab& output,
                               const ConvolutionOptions& options, const std::string& name);
    void make_scale(std::size_t index, Index inputs);
    MapReader<T> run(NormalisedLayer& layer, const SiteSlab& output, const MapReader<T>& input,
                     bool needs_halo);
    MapReader<T> forward_scale(std::size_t index, const MapReader<T>& input);
    /// Gradients: of the scale's result in the arena at `gradient`, of its input there afterwards.
    void backward_scale(std::size_t index, const MapReader<T>& input, T* gradient,
                        bool needs_input_gradient);
    [[nodiscard]] Index first_gradient_size(std::size_t index) const;
    [[nodiscard]] Index arena_size(std::size_t index) const;

    GeneratorOptions options_;
    Index rank_;
    ParameterStore<T> parameters_;
    std::shared_ptr<LayerWorkspace<T>> workspace_;
    std::vector<SiteSlab> slabs_;  // finest first, one more than scales
    std::vector<Scale> scales_;
    std::unique_ptr<SiteSlab> rows_slab_;  // the finest without halo
    std::unique_ptr<Convolution<T>> head_;
    std::unique_ptr<NetworkInput<T>> input_;
    MapReader<T> input_map_;
    HostView<T> rows_;
    HostView<T> arena_;
};

}  // namespace tessera
