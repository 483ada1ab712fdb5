#include "tessera/network/sine_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host_chunks.hpp"
#include "shared_gradient.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

constexpr Index grain_entries = 1024;

Index longest(const Extents& sites) {
    const std::vector<Index> values = sites.to_vector();
    return *std::max_element(values.begin(), values.end());
}

}  // namespace

template <typename T>
SineNetwork<T>::SineNetwork(const GeneratorOptions& options, const Communicator& communicator,
                            const Extents& sites, Range own, Index rank, std::uint64_t seed,
                            const std::string& name)
    : options_(options),
      rank_(rank),
      channels_(options.channels > 0 ? options.channels : longest(sites)),
      slab_(communicator, sites, own, 0),
      workspace_(std::make_shared<LayerWorkspace<T>>()) {
    agree(communicator, [&] { build(seed, name); });
}

template <typename T>
void SineNetwork<T>::build(std::uint64_t seed, const std::string& name) {
    const Index modes = slab_.sites().order();
    const Index sites = slab_.own_sites();
    const auto dense = [&](Index inputs, Index outputs, const std::string& layer) {
        return std::make_unique<Convolution<T>>(
            slab_, slab_, ConvolutionOptions{.inputs = inputs, .outputs = outputs, .taps = 1},
            parameters_, layer, workspace_);
    };
    for (Index i = 0; i < options_.hidden_layers; ++i) {
        const std::string layer = fmt::format("layer{}", i);
        layers_.push_back({dense(i == 0 ? modes : channels_, channels_, layer),
                           allocate_host<T>(layer + " before", sites * channels_),
                           allocate_host<T>(layer + " after", sites * channels_)});
    }
    head_ = dense(options_.hidden_layers == 0 ? modes : channels_, rank_, "head");
    of_output_ = allocate_host<T>(name + ": gradient", sites * channels_);
    of_input_ = allocate_host<T>(name + ": gradient", sites * channels_);
    rows_ = allocate_host<T>(name + ": rows", sites * rank_);
    coordinates_ = allocate_host<T>(name + ": coordinates", sites * modes);
    Extents own_sites = slab_.sites();
    own_sites[0] = slab_.own().size();
    for (Index site = 0; site < sites; ++site) {
        Extents position = row_major_position(site, own_sites);
        position[0] += slab_.own().begin;
        for (int mode = 0; mode < position.order(); ++mode) {
            coordinates_(site * modes + mode) = static_cast<T>(position[mode] + 1);
        }
    }
    parameters_.allocate(name, options_.average);
    for (Layer& layer : layers_) {
        // Weights of sine layers: +- 1 / inputs, so that omega_0 sets the band of frequencies.
        layer.dense->initialise(seed, name,
                                1.0 / static_cast<double>(layer.dense->options().inputs));
    }
    head_->initialise(seed, name);
}

template <typename T>
FactorMatrix<const T> SineNetwork<T>::forward(std::int64_t /*step*/) {
    const Phase phase("network/forward");
    const auto omega = static_cast<T>(options_.sine_frequency);
    MapReader<T> map{coordinates_.data(), slab_.sites().order()};
    for (Layer& layer : layers_) {
        layer.dense->forward(map, layer.before.data(), nullptr);
        const T* before = layer.before.data();
        T* after = layer.after.data();
        host_chunks("tessera::sine", slab_.own_sites() * channels_, grain_entries,
                    [=](Index, Index begin, Index end) {
                        for (Index i = begin; i < end; ++i) {
                            after[i] = std::sin(omega * before[i]);
                        }
                    });
        map = {after, channels_};
    }
    head_->forward(map, rows_.data(), nullptr);
    return FactorMatrix<const T>(rows_.data(), static_cast<std::size_t>(slab_.own_sites()),
                                 static_cast<std::size_t>(rank_));
}

template <typename T>
void SineNetwork<T>::backward(FactorMatrix<const T> gradient) {
    const Phase phase("network/backward");
    TESSERA_ASSERT(gradient.size() == rows_.size(), "gradient of other rows");
    SharedGradient<T> shared(slab_.communicator(), parameters_);
    const auto omega = static_cast<T>(options_.sine_frequency);
    const MapReader<T> coordinates{coordinates_.data(), slab_.sites().order()};
    const auto reader = [&](std::size_t count) {  // of what `count` layers make
        return count == 0 ? coordinates : MapReader<T>{layers_[count - 1].after.data(), channels_};
    };
    head_->backward(reader(layers_.size()), gradient.data(),
                    layers_.empty() ? nullptr : of_output_.data());
    for (std::size_t index = layers_.size(); index-- > 0;) {
        const T* before = layers_[index].before.data();
        T* of_output = of_output_.data();
        host_chunks("tessera::sine_backward", slab_.own_sites() * channels_, grain_entries,
                    [=](Index, Index begin, Index end) {
                        for (Index i = begin; i < end; ++i) {
                            of_output[i] *= omega * std::cos(omega * before[i]);
                        }
                    });
        layers_[index].dense->backward(reader(index), of_output,
                                       index > 0 ? of_input_.data() : nullptr);
        std::swap(of_output_, of_input_);
    }
    shared.reduce();
}

template <typename T>
std::string SineNetwork<T>::describe() const {
    return fmt::format("sine network, {} hidden layers of {} channels, {} parameters",
                       options_.hidden_layers, channels_, parameters_.shared_size());
}

template class SineNetwork<float>;
template class SineNetwork<double>;

}  // namespace tessera
