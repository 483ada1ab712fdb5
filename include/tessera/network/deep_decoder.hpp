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

/// The deep decoder (Heckel and Hand 2019, in the form of arXiv 2204.03145): from a small input
/// map, layers of a 1-tap convolution without bias, doubling (all but the last layer), leaky ReLU
/// 0.2 and normalisation; then a 1-tap convolution to the factor's columns. With few parameters it
/// fits signal before noise. Extents need not be powers of two: a map of n sites is doubled from
/// one of ceil(n / 2).
template <typename T>
class DeepDecoder final : public FactorGenerator<T> {
  public:
    /// Doublings of a network over so many sites: each mode has two of them or more before it is
    /// halved, and the smallest map has two (one alone is normalised to 0 in every channel).
    [[nodiscard]] static Index most_doublings(const Extents& sites);

    /// `options.scales` doublings, or as many as there can be. Collective.
    DeepDecoder(const GeneratorOptions& options, const Communicator& communicator,
                const Extents& sites, Range own, Index rank, std::uint64_t seed,
                const std::string& name);

    [[nodiscard]] Index rank() const override { return rank_; }
    FactorMatrix<const T> forward(std::int64_t step) override;
    void backward(FactorMatrix<const T> gradient) override;
    ParameterStore<T>& parameters() override { return parameters_; }
    [[nodiscard]] std::string describe() const override;

  private:
    // One layer; `map` holds the values between leaky ReLU and normalisation.
    struct Layer {
        std::unique_ptr<Convolution<T>> convolution;
        std::unique_ptr<Upsampling<T>> upsampling;  // not in the last layer
        std::unique_ptr<Normalisation<T>> normalisation;
        HostView<T> map;
    };

    void build(std::uint64_t seed, const std::string& name);
    /// The map that layer `index` of the count, coarsest first, takes.
    [[nodiscard]] const SiteSlab& slab_before(std::size_t index) const;
    [[nodiscard]] const SiteSlab& slab_after(std::size_t index) const;
    MapReader<T> forward_layer(std::size_t index, const MapReader<T>& input);

    GeneratorOptions options_;
    Index rank_;
    ParameterStore<T> parameters_;
    std::shared_ptr<LayerWorkspace<T>> workspace_;
    std::vector<SiteSlab> slabs_;  // finest first
    std::vector<Layer> layers_;    // coarsest first
    std::unique_ptr<SiteSlab> rows_slab_;
    std::unique_ptr<Convolution<T>> head_;
    std::unique_ptr<NetworkInput<T>> input_;
    MapReader<T> input_map_;
    HostView<T> before_doubling_;  // of the layer that runs, forward and backward
    HostView<T> gradient_;
    HostView<T> rows_;
};

}  // namespace tessera
