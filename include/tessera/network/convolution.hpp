#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/base/memory.hpp"
#include "tessera/network/map_reader.hpp"
#include "tessera/network/normalisation.hpp"
#include "tessera/network/parameter_store.hpp"
#include "tessera/network/site_slab.hpp"

namespace tessera {

/// What stands for the neighbours of sites at the border.
enum class Padding { reflection, zero };

struct ConvolutionOptions {
    Index inputs = 0;   ///< channels
    Index outputs = 0;  ///< channels
    Index taps = 3;     ///< in each mode: 1, 3 or 5
    Index stride = 1;   ///< in each mode: 1 or 2
    Padding padding = Padding::reflection;
    bool has_bias = true;
    /// The output goes through a normalisation, which subtracts whatever the bias adds: it is then
    /// a parameter without effect and without gradient, and no time is spent on it.
    bool normalised = false;
};

template <typename T>
struct WinogradLayer;

/// Memory that the layers of a network use one after the other.
template <typename T>
class LayerWorkspace {
  public:
    /// Buffer `which` (0 to 3) with room for `count` entries; what was there is lost when it grows.
    [[nodiscard]] T* buffer(int which, Index count);

  private:
    HostView<T> buffers_[4];
};

/// Convolution (cross-correlation, as everywhere in this field) of a channel-last map in one, two
/// or three modes, with (taps - 1) / 2 sites of padding: y[o] = bias + sum over taps t of x[stride
/// o + t - (taps - 1) / 2] W[t]. A dense layer is one with one tap.
///
/// Computed as matrix products of strips of sites, whose neighbours are gathered into panels of
/// cache size (activation included), with W as (taps x inputs) x outputs, row-major. Large images
/// with many channels go by Winograd's F(4x4, 3x3), with 4 times fewer products.
template <typename T>
class Convolution {
  public:
    /// Adds weight and bias to the store. `output` is `input` for stride 1 and input.coarser() for
    /// stride 2; the halo of `input` is at least (taps - 1) / 2. Throws UsageError where a mode is
    /// too short for reflection.
    Convolution(const SiteSlab& input, const SiteSlab& output, const ConvolutionOptions& options,
                ParameterStore<T>& parameters, const std::string& name,
                std::shared_ptr<LayerWorkspace<T>> workspace);

    /// Uniform numbers of +- 1 / sqrt(taps x inputs), keyed by the name, the weights of +-
    /// `weight_bound` where that is given; after the store's allocate().
    void initialise(std::uint64_t seed, const std::string& prefix,
                    std::optional<double> weight_bound = std::nullopt);

    /// Writes the own sites of `output` (held sites x outputs). The halo of the input has been
    /// filled. The output's values are accumulated into `statistics`, if there is one.
    void forward(const MapReader<T>& input, T* output, Normalisation<T>* statistics);

    /// For d(loss)/d(output) of the own sites, `output_gradient`: adds this rank's part of the
    /// gradient of the weights to the store and, unless `input_gradient` is null, writes
    /// d(loss)/d(what `input` reads) to its own sites (`add`: adds it to what is there).
    /// Collective.
    void backward(const MapReader<T>& input, const T* output_gradient, T* input_gradient,
                  bool add = false);

    [[nodiscard]] const ConvolutionOptions& options() const { return options_; }
    [[nodiscard]] double flops() const;  ///< of this rank's forward pass, multiply and add

  private:
    [[nodiscard]] bool is_pointwise() const { return options_.taps == 1 && options_.stride == 1; }
    [[nodiscard]] bool suits_winograd() const;
    [[nodiscard]] WinogradLayer<T> winograd() const;
    [[nodiscard]] Index depth() const { return taps_ * options_.inputs; }
    [[nodiscard]] Index strip_sites() const;
    [[nodiscard]] const T* weight() const;
    void make_tables();
    void gather(const MapReader<T>& input, Index first, Index count, T* panel) const;
    void scatter(const T* panel, Index first, Index count, T* input_gradient) const;
    void add_bias_gradient(const T* output_gradient) const;

    SiteSlab input_;
    SiteSlab output_;
    ConvolutionOptions options_;
    ParameterStore<T>* parameters_;
    std::string name_;
    std::shared_ptr<LayerWorkspace<T>> workspace_;
    Index taps_ = 1;  // in all modes together
    Index weight_ = 0;
    Index bias_ = 0;
    // Of each mode: own output sites, taps, and for each site and tap where its input lies, as a
    // number of held sites (-1: a zero). Modes beyond the order have one site and one tap.
    Index sites_in_[3] = {1, 1, 1};
    Index taps_in_[3] = {1, 1, 1};
    std::vector<Index> source_[3];
};

}  // namespace tessera
