#include "tessera/network/deep_decoder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host_chunks.hpp"
#include "shared_gradient.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

constexpr double slope = 0.2;
constexpr Index halo = 1;
constexpr Index grain_entries = 16384;

template <typename T>
void activate(T* values, Index count) {
    host_chunks("tessera::leaky_relu", count, grain_entries, [=](Index, Index begin, Index end) {
        for (Index i = begin; i < end; ++i) {
            const T scaled = static_cast<T>(slope) * values[i];
            values[i] = values[i] > scaled ? values[i] : scaled;
        }
    });
}

// The leaky ReLU keeps the sign, so its result tells the derivative.
template <typename T>
void activate_backward(const T* values, T* gradient, Index count) {
    host_chunks("tessera::leaky_relu_backward", count, grain_entries,
                [=](Index, Index begin, Index end) {
                    for (Index i = begin; i < end; ++i) {
                        gradient[i] *= values[i] > T{0} ? T{1} : static_cast<T>(slope);
                    }
                });
}

}  // namespace

template <typename T>
Index DeepDecoder<T>::most_doublings(const Extents& sites) {
    const auto shortest = [](const Extents& extents) {
        const std::vector<Index> values = extents.to_vector();
        return *std::min_element(values.begin(), values.end());
    };
    Extents smallest = sites;
    Index doublings = 0;
    while (shortest(smallest) >= 2 && halved(smallest).product() >= 2) {
        smallest = halved(smallest);
        ++doublings;
    }
    return doublings;
}

template <typename T>
DeepDecoder<T>::DeepDecoder(const GeneratorOptions& options, const Communicator& communicator,
                            const Extents& sites, Range own, Index rank, std::uint64_t seed,
                            const std::string& name)
    : options_(options), rank_(rank), workspace_(std::make_shared<LayerWorkspace<T>>()) {
    slabs_.emplace_back(communicator, sites, own, halo);
    const Index doublings = std::min(options.scales, most_doublings(sites));
    for (Index i = 0; i < doublings; ++i) {
        slabs_.push_back(slabs_.back().coarser());
    }
    rows_slab_ = std::make_unique<SiteSlab>(communicator, sites, own, 0);
    agree(communicator, [&] { build(seed, name); });
}

template <typename T>
const SiteSlab& DeepDecoder<T>::slab_before(std::size_t index) const {
    return slabs_[slabs_.size() - 1 - std::min(index, slabs_.size() - 1)];
}

template <typename T>
const SiteSlab& DeepDecoder<T>::slab_after(std::size_t index) const {
    return slab_before(index + 1);
}

template <typename T>
void DeepDecoder<T>::build(std::uint64_t seed, const std::string& name) {
    const Index channels = options_.channels;
    const Index inputs = options_.input_channels > 0 ? options_.input_channels : channels;
    for (std::size_t index = 0; index < slabs_.size(); ++index) {
        const SiteSlab& before = slab_before(index);
        const SiteSlab& after = slab_after(index);
        const std::string layer_name = fmt::format("layer{}", index);
        Layer layer;
        layer.convolution = std::make_unique<Convolution<T>>(
            before, before,
            ConvolutionOptions{.inputs = index == 0 ? inputs : channels,
                               .outputs = channels,
                               .taps = 1,
                               .has_bias = false},
            parameters_, layer_name, workspace_);
        if (index + 1 < slabs_.size()) {
            layer.upsampling = std::make_unique<Upsampling<T>>(before, after, channels, 0);
        }
        layer.normalisation =
            std::make_unique<Normalisation<T>>(after, channels, T{1}, parameters_, layer_name);
        layer.map = allocate_host<T>("map " + layer_name, after.held_sites() * channels);
        layers_.push_back(std::move(layer));
    }
    head_ = std::make_unique<Convolution<T>>(
        slabs_[0], *rows_slab_,
        ConvolutionOptions{.inputs = channels, .outputs = rank_, .taps = 1, .has_bias = false},
        parameters_, "head", workspace_);
    input_ = std::make_unique<NetworkInput<T>>(options_, slabs_.back(), inputs, parameters_);
    const Index widest = slabs_[0].held_sites() * std::max(channels, inputs);
    before_doubling_ = allocate_host<T>(name + ": a map", widest);
    gradient_ = allocate_host<T>(name + ": gradient of a map", widest);
    rows_ = allocate_host<T>(name + ": rows", rows_slab_->own_sites() * rank_);
    parameters_.allocate(name, options_.average);
    for (Layer& layer : layers_) {
        layer.convolution->initialise(seed, name);
        layer.normalisation->initialise();
    }
    head_->initialise(seed, name);
    input_->initialise(seed, name);
}

template <typename T>
MapReader<T> DeepDecoder<T>::forward_layer(std::size_t index, const MapReader<T>& input) {
    Layer& layer = layers_[index];
    const SiteSlab& before = slab_before(index);
    const SiteSlab& after = slab_after(index);
    Normalisation<T>& normalisation = *layer.normalisation;
    normalisation.begin();
    if (layer.upsampling) {
        layer.convolution->forward(input, before_doubling_.data(), nullptr);
        before.fill_halo(before_doubling_.data(), options_.channels);
        layer.upsampling->forward({before_doubling_.data(), options_.channels}, {},
                                  static_cast<T>(slope), layer.map.data(), &normalisation);
    } else {
        layer.convolution->forward(input, layer.map.data(), nullptr);
        T* own = layer.map.data() + after.own_offset() * options_.channels;
        activate(own, after.own_sites() * options_.channels);
        normalisation.accumulate(own, after.own_sites());
    }
    normalisation.finish();
    return normalisation.reader(layer.map.data());
}

template <typename T>
FactorMatrix<const T> DeepDecoder<T>::forward(std::int64_t step) {
    const Phase phase("network/forward");
    input_map_ = input_->read(step);
    MapReader<T> map = input_map_;
    for (std::size_t index = 0; index < layers_.size(); ++index) {
        map = forward_layer(index, map);
    }
    head_->forward(map, rows_.data(), nullptr);
    return FactorMatrix<const T>(rows_.data(), static_cast<std::size_t>(rows_slab_->own_sites()),
                                 static_cast<std::size_t>(rank_));
}

template <typename T>
void DeepDecoder<T>::backward(FactorMatrix<const T> gradient) {
    const Phase phase("network/backward");
    TESSERA_ASSERT(gradient.size() == rows_.size(), "gradient of other rows");
    SharedGradient<T> shared(slabs_[0].communicator(), parameters_);
    const auto reader = [&](std::size_t index) {
        return layers_[index].normalisation->reader(layers_[index].map.data());
    };
    T* of_output = gradient_.data();
    T* other = before_doubling_.data();
    head_->backward(reader(layers_.size() - 1), gradient.data(), of_output);
    for (std::size_t index = layers_.size(); index-- > 0;) {
        Layer& layer = layers_[index];
        layer.normalisation->backward(layer.map.data(), of_output);
        const SiteSlab& after = slab_after(index);
        const Index first = after.own_offset() * options_.channels;
        activate_backward(layer.map.data() + first, of_output + first,
                          after.own_sites() * options_.channels);
        if (layer.upsampling) {
            layer.upsampling->backward(of_output, other, nullptr);
            std::swap(of_output, other);
        }
        const bool needs_input_gradient = index > 0 || input_->is_learned();
        layer.convolution->backward(index > 0 ? reader(index - 1) : input_map_, of_output,
                                    needs_input_gradient ? other : nullptr);
        std::swap(of_output, other);
    }
    if (input_->is_learned()) {
        input_->add_gradient(of_output);
    }
    shared.reduce();
}

template <typename T>
std::string DeepDecoder<T>::describe() const {
    const auto doublings = static_cast<Index>(slabs_.size()) - 1;
    std::string text = fmt::format("deep decoder, {} doublings of {} channels, {} parameters",
                                   doublings, options_.channels, parameters_.shared_size());
    if (doublings < options_.scales) {
        text += fmt::format(" ({} doublings do not fit into {} sites)", options_.scales,
                            slabs_[0].sites().to_string());
    }
    return text;
}

template class DeepDecoder<float>;
template class DeepDecoder<double>;

}  // namespace tessera
