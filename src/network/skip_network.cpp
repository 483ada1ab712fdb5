#include "tessera/network/skip_network.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "shared_gradient.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

constexpr double slope = 0.2;
constexpr Index halo = 1;

}  // namespace

template <typename T>
Index SkipNetwork<T>::most_scales(const Extents& sites) {
    Index shortest = sites[0];
    for (int mode = 1; mode < sites.order(); ++mode) {
        shortest = std::min(shortest, sites[mode]);
    }
    Index scales = 0;
    for (shortest = (shortest + 1) / 2; shortest >= 2; shortest = (shortest + 1) / 2) {
        ++scales;
    }
    return scales;
}

template <typename T>
SkipNetwork<T>::SkipNetwork(const GeneratorOptions& options, const Communicator& communicator,
                            const Extents& sites, Range own, Index rank, std::uint64_t seed,
                            const std::string& name)
    : options_(options), rank_(rank), workspace_(std::make_shared<LayerWorkspace<T>>()) {
    const Index count = std::min(options.scales, most_scales(sites));
    if (count < 1) {
        throw UsageError(
            fmt::format("{}: a skip network needs at least 3 sites in each mode and has {}: use "
                        "the sine network "
                        "or a free factor for it",
                        name, sites.to_string()));
    }
    slabs_.emplace_back(communicator, sites, own, halo);
    for (Index scale = 0; scale < count; ++scale) {
        slabs_.push_back(slabs_.back().coarser());
    }
    rows_slab_ = std::make_unique<SiteSlab>(communicator, sites, own, 0);
    agree(communicator, [&] { build(seed, name); });
}

template <typename T>
void SkipNetwork<T>::build(std::uint64_t seed, const std::string& name) {
    const Index inputs = options_.input_channels > 0 ? options_.input_channels : rank_;
    scales_.resize(slabs_.size() - 1);
    for (std::size_t index = 0; index < scales_.size(); ++index) {
        make_scale(index, index == 0 ? inputs : options_.channels);
    }
    head_ = std::make_unique<Convolution<T>>(
        slabs_[0], *rows_slab_,
        ConvolutionOptions{.inputs = options_.channels, .outputs = rank_, .taps = 1}, parameters_,
        "head", workspace_);
    input_ = std::make_unique<NetworkInput<T>>(options_, slabs_[0], inputs, parameters_);
    rows_ = allocate_host<T>(name + ": rows", rows_slab_->own_sites() * rank_);
    arena_ = allocate_host<T>(name + ": gradients of maps", arena_size(0));
    parameters_.allocate(name, options_.average);
    for (Scale& scale : scales_) {
        for (NormalisedLayer* layer : {&scale.skip, &scale.down, &scale.deeper, &scale.joined,
                                       &scale.wide, &scale.pointwise}) {
            if (layer->convolution) {
                layer->convolution->initialise(seed, name);
            }
            layer->normalisation->initialise();
        }
    }
    head_->initialise(seed, name);
    input_->initialise(seed, name);
}

template <typename T>
typename SkipNetwork<T>::NormalisedLayer SkipNetwork<T>::make_layer(
    const SiteSlab& input, const SiteSlab& output, const ConvolutionOptions& options,
    const std::string& name) {
    NormalisedLayer layer;
    layer.convolution =
        std::make_unique<Convolution<T>>(input, output, options, parameters_, name, workspace_);
    layer.normalisation = std::make_unique<Normalisation<T>>(
        output, options.outputs, static_cast<T>(slope), parameters_, name);
    layer.map = allocate_host<T>("map " + name, output.held_sites() * options.outputs);
    return layer;
}

template <typename T>
void SkipNetwork<T>::make_scale(std::size_t index, Index inputs) {
    const SiteSlab& fine = slabs_[index];
    const SiteSlab& coarse = slabs_[index + 1];
    const Index channels = options_.channels;
    const Index joined = options_.skip_channels + channels;
    const auto layer = [&](const SiteSlab& from, const SiteSlab& to, ConvolutionOptions options,
                           const char* name) {
        options.normalised = true;
        return make_layer(from, to, options, fmt::format("scale{}.{}", index, name));
    };
    Scale& scale = scales_[index];
    scale.skip =
        layer(fine, fine, {.inputs = inputs, .outputs = options_.skip_channels, .taps = 1}, "skip");
    scale.down = layer(fine, coarse, {.inputs = inputs, .outputs = channels, .stride = 2}, "down");
    scale.deeper = layer(coarse, coarse, {.inputs = channels, .outputs = channels}, "deeper");
    scale.joined.normalisation = std::make_unique<Normalisation<T>>(
        fine, joined, T{1}, parameters_, fmt::format("scale{}.joined", index));
    scale.joined.map = allocate_host<T>("joined map", fine.held_sites() * joined);
    scale.wide = layer(fine, fine, {.inputs = joined, .outputs = channels}, "wide");
    scale.pointwise =
        layer(fine, fine, {.inputs = channels, .outputs = channels, .taps = 1}, "pointwise");
    scale.upsampling =
        std::make_unique<Upsampling<T>>(coarse, fine, channels, options_.skip_channels);
    scale.skip_gradient =
        allocate_host<T>("gradient of a skip branch", fine.held_sites() * options_.skip_channels);
}

template <typename T>
MapReader<T> SkipNetwork<T>::run(NormalisedLayer& layer, const SiteSlab& output,
                                 const MapReader<T>& input, bool needs_halo) {
    layer.normalisation->begin();
    layer.convolution->forward(input, layer.map.data(), layer.normalisation.get());
    if (needs_halo) {
        output.fill_halo(layer.map.data(), layer.convolution->options().outputs);
    }
    layer.normalisation->finish();
    return layer.normalisation->reader(layer.map.data());
}

template <typename T>
MapReader<T> SkipNetwork<T>::forward_scale(std::size_t index, const MapReader<T>& input) {
    Scale& scale = scales_[index];
    const SiteSlab& fine = slabs_[index];
    const SiteSlab& coarse = slabs_[index + 1];
    const MapReader<T> skip = run(scale.skip, fine, input, false);
    MapReader<T> deeper = run(scale.down, coarse, input, true);
    deeper = run(scale.deeper, coarse, deeper, true);
    if (index + 1 < scales_.size()) {
        deeper = forward_scale(index + 1, deeper);
    }
    Normalisation<T>& joined = *scale.joined.normalisation;
    joined.begin();
    scale.upsampling->forward(deeper, skip, T{1}, scale.joined.map.data(), &joined);
    fine.fill_halo(scale.joined.map.data(), scale.upsampling->channels());
    joined.finish();
    const MapReader<T> wide = run(scale.wide, fine, joined.reader(scale.joined.map.data()), false);
    return run(scale.pointwise, fine, wide, index > 0);
}

template <typename T>
FactorMatrix<const T> SkipNetwork<T>::forward(std::int64_t step) {
    const Phase phase("network/forward");
    input_map_ = input_->read(step);
    const MapReader<T> last = forward_scale(0, input_map_);
    head_->forward(last, rows_.data(), nullptr);
    return FactorMatrix<const T>(rows_.data(), static_cast<std::size_t>(rows_slab_->own_sites()),
                                 static_cast<std::size_t>(rank_));
}

// The arena of a scale: one gradient of a map, then one more or all of the coarser scale's.
template <typename T>
Index SkipNetwork<T>::first_gradient_size(std::size_t index) const {
    const Index widest = std::max(scales_[index].upsampling->channels(),
                                  scales_[index].skip.convolution->options().inputs);
    return slabs_[index].held_sites() * widest;
}

template <typename T>
Index SkipNetwork<T>::arena_size(std::size_t index) const {
    const Index second = slabs_[index].held_sites() * options_.channels;
    const Index coarse = slabs_[index + 1].held_sites() * options_.channels;
    const Index deeper = index + 1 < scales_.size() ? arena_size(index + 1) : 2 * coarse;
    return first_gradient_size(index) + std::max(second, deeper);
}

template <typename T>
void SkipNetwork<T>::backward_scale(std::size_t index, const MapReader<T>& input, T* gradient,
                                    bool needs_input_gradient) {
    Scale& scale = scales_[index];
    T* const second = gradient + first_gradient_size(index);
    const auto reader = [](const NormalisedLayer& layer) {
        return layer.normalisation->reader(layer.map.data());
    };
    const auto backward = [&](NormalisedLayer& layer, const MapReader<T>& from, T* of_output,
                              T* of_input, bool add = false) {
        layer.normalisation->backward(layer.map.data(), of_output);
        layer.convolution->backward(from, of_output, of_input, add);
    };
    backward(scale.pointwise, reader(scale.wide), gradient, second);
    backward(scale.wide, reader(scale.joined), second, gradient);
    scale.joined.normalisation->backward(scale.joined.map.data(), gradient);
    scale.upsampling->backward(gradient, second, scale.skip_gradient.data());

    const bool is_deepest = index + 1 == scales_.size();
    T* const of_down = second + (is_deepest ? slabs_[index + 1].held_sites() * options_.channels
                                            : first_gradient_size(index + 1));
    if (!is_deepest) {
        backward_scale(index + 1, reader(scale.deeper), second, true);
    }
    backward(scale.deeper, reader(scale.down), second, of_down);
    backward(scale.down, input, of_down, needs_input_gradient ? gradient : nullptr);
    backward(scale.skip, input, scale.skip_gradient.data(),
             needs_input_gradient ? gradient : nullptr, true);
}

template <typename T>
void SkipNetwork<T>::backward(FactorMatrix<const T> gradient) {
    const Phase phase("network/backward");
    TESSERA_ASSERT(gradient.size() == rows_.size(), "gradient of other rows");
    SharedGradient<T> shared(slabs_[0].communicator(), parameters_);
    const NormalisedLayer& last = scales_[0].pointwise;
    head_->backward(last.normalisation->reader(last.map.data()), gradient.data(), arena_.data());
    backward_scale(0, input_map_, arena_.data(), input_->is_learned());
    if (input_->is_learned()) {
        input_->add_gradient(arena_.data());
    }
    shared.reduce();
}

template <typename T>
std::string SkipNetwork<T>::describe() const {
    std::string text = fmt::format("skip network, {} scales of {} channels, {} parameters",
                                   scales(), options_.channels, parameters_.shared_size());
    if (scales() < options_.scales) {
        text += fmt::format(" ({} scales do not fit into {} sites)", options_.scales,
                            slabs_[0].sites().to_string());
    }
    return text;
}

template class SkipNetwork<float>;
template class SkipNetwork<double>;

}  // namespace tessera
