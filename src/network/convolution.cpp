#include "tessera/network/convolution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host_chunks.hpp"
#include "random_stream.hpp"
#include "tessera/base/error.hpp"
#include "tessera/linalg/blas.hpp"
#include "winograd.hpp"

namespace tessera {
namespace {

using blas::Transpose;

// Panels of this size stay in the second-level cache while they are multiplied.
constexpr Index panel_bytes = Index{512} * 1024;
constexpr Index grain_sites = 16;

// Position -1 is 1, position n is n - 2, and so on, without repeating the border.
Index reflected(Index position, Index extent) {
    return position < 0 ? -position : position >= extent ? 2 * (extent - 1) - position : position;
}

}  // namespace

template <typename T>
T* LayerWorkspace<T>::buffer(int which, Index count) {
    HostView<T>& view = buffers_[which];
    if (static_cast<Index>(view.extent(0)) < count) {
        view = HostView<T>();
        view = allocate_host<T>("layer workspace", count);
    }
    return view.data();
}

template <typename T>
Convolution<T>::Convolution(const SiteSlab& input, const SiteSlab& output,
                            const ConvolutionOptions& options, ParameterStore<T>& parameters,
                            const std::string& name, std::shared_ptr<LayerWorkspace<T>> workspace)
    : input_(input),
      output_(output),
      options_(options),
      parameters_(&parameters),
      name_(name),
      workspace_(std::move(workspace)) {
    const int order = input.sites().order();
    for (int mode = 0; mode < order; ++mode) {
        taps_in_[mode] = options.taps;
        taps_ *= options.taps;
        if (options.padding == Padding::reflection && input.sites()[mode] <= options.taps / 2) {
            throw UsageError(fmt::format(
                "a network cannot convolve {} sites with {} taps and reflection: use fewer scales",
                input.sites().to_string(), options.taps));
        }
    }
    make_tables();
    weight_ = parameters.add(name + ".weight", depth() * options.outputs);
    if (options.has_bias) {
        bias_ = parameters.add(name + ".bias", options.outputs);
    }
}

template <typename T>
void Convolution<T>::make_tables() {
    const Extents& sites = input_.sites();
    const Index pad = (options_.taps - 1) / 2;
    Index stride = sites.product();
    for (int mode = 0; mode < 3; ++mode) {
        if (mode >= sites.order()) {
            source_[mode] = {0};
            continue;
        }
        stride /= sites[mode];
        const Range out = mode == 0 ? output_.own() : Range{0, output_.sites()[mode]};
        const Index begin = mode == 0 ? input_.held().begin : 0;
        sites_in_[mode] = out.size();
        for (Index o = out.begin; o < out.end; ++o) {
            for (Index t = 0; t < options_.taps; ++t) {
                const Index raw = options_.stride * o + t - pad;
                const bool inside = raw >= 0 && raw < sites[mode];
                const bool is_zero = !inside && options_.padding == Padding::zero;
                source_[mode].push_back(is_zero ? -1
                                                : (reflected(raw, sites[mode]) - begin) * stride);
            }
        }
    }
}

template <typename T>
void Convolution<T>::initialise(std::uint64_t seed, const std::string& prefix,
                                std::optional<double> weight_bound) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(depth()));
    const auto fill = [&](const std::string& what, double limit, Index offset, Index count) {
        const Random random = random_stream(seed, prefix + "/" + name_ + what);
        T* values = parameters_->value().data() + offset;
        for (Index i = 0; i < count; ++i) {
            values[i] = static_cast<T>(limit * (2.0 * random.uniform(i) - 1.0));
        }
    };
    fill(".weight", weight_bound.value_or(bound), weight_, depth() * options_.outputs);
    if (options_.has_bias) {
        fill(".bias", bound, bias_, options_.outputs);
    }
}

template <typename T>
const T* Convolution<T>::weight() const {
    return parameters_->value().data() + weight_;
}

template <typename T>
double Convolution<T>::flops() const {
    return 2.0 * static_cast<double>(output_.own_sites()) * static_cast<double>(depth()) *
           static_cast<double>(options_.outputs);
}

// By the whole map, so that the choice does not depend on the number of ranks.
template <typename T>
bool Convolution<T>::suits_winograd() const {
    constexpr Index least_channels = 16;
    constexpr Index least_sites = 1024;
    return input_.sites().order() == 2 && options_.taps == 3 && options_.stride == 1 &&
           std::min(options_.inputs, options_.outputs) >= least_channels &&
           input_.sites().product() >= least_sites;
}

template <typename T>
WinogradLayer<T> Convolution<T>::winograd() const {
    return {&source_[0],     &source_[1],      sites_in_[0],    sites_in_[1],
            options_.inputs, options_.outputs, workspace_.get()};
}

template <typename T>
Index Convolution<T>::strip_sites() const {
    const Index site_bytes = depth() * static_cast<Index>(sizeof(T));
    return std::clamp(panel_bytes / site_bytes, Index{32}, Index{1024});
}

template <typename T>
void Convolution<T>::gather(const MapReader<T>& input, Index first, Index count, T* panel) const {
    const Index channels = options_.inputs;
    host_chunks("tessera::gather_taps", count, grain_sites, [&](Index, Index begin, Index end) {
        T* to = panel + begin * depth();
        for (Index site = first + begin; site < first + end; ++site) {
            const Index* a = source_[0].data() + site / (sites_in_[1] * sites_in_[2]) * taps_in_[0];
            const Index* b = source_[1].data() + site / sites_in_[2] % sites_in_[1] * taps_in_[1];
            const Index* c = source_[2].data() + site % sites_in_[2] * taps_in_[2];
            for (Index i = 0; i < taps_in_[0]; ++i) {
                for (Index j = 0; j < taps_in_[1]; ++j) {
                    for (Index k = 0; k < taps_in_[2]; ++k, to += channels) {
                        if (a[i] < 0 || b[j] < 0 || c[k] < 0) {
                            std::fill_n(to, channels, T{0});
                        } else {
                            input.read(a[i] + b[j] + c[k], to);
                        }
                    }
                }
            }
        }
    });
}

template <typename T>
void Convolution<T>::scatter(const T* panel, Index first, Index count, T* input_gradient) const {
    const Index channels = options_.inputs;
    // Neighbouring sites add to the same inputs: workers share the channels, not the sites.
    constexpr Index grain_channels = 32;
    host_chunks("tessera::scatter_taps", channels, grain_channels,
                [&](Index, Index begin, Index end) {
                    const T* from = panel;
                    for (Index site = first; site < first + count; ++site) {
                        const Index* a =
                            source_[0].data() + site / (sites_in_[1] * sites_in_[2]) * taps_in_[0];
                        const Index* b =
                            source_[1].data() + site / sites_in_[2] % sites_in_[1] * taps_in_[1];
                        const Index* c = source_[2].data() + site % sites_in_[2] * taps_in_[2];
                        for (Index i = 0; i < taps_in_[0]; ++i) {
                            for (Index j = 0; j < taps_in_[1]; ++j) {
                                for (Index k = 0; k < taps_in_[2]; ++k, from += channels) {
                                    if (a[i] < 0 || b[j] < 0 || c[k] < 0) {
                                        continue;
                                    }
                                    T* to = input_gradient + (a[i] + b[j] + c[k]) * channels;
                                    for (Index channel = begin; channel < end; ++channel) {
                                        to[channel] += from[channel];
                                    }
                                }
                            }
                        }
                    }
                });
}

template <typename T>
void Convolution<T>::forward(const MapReader<T>& input, T* output, Normalisation<T>* statistics) {
    const Index sites = output_.own_sites();
    const Index outputs = options_.outputs;
    const Index strip = strip_sites();
    const bool with_bias = options_.has_bias && !options_.normalised;
    const T* bias = parameters_->value().data() + bias_;
    T* own = output + output_.own_offset() * outputs;
    if (suits_winograd()) {
        winograd().forward(input, weight(), with_bias ? bias : nullptr, own, statistics);
        return;
    }
    const bool direct = is_pointwise() && input.scale == nullptr;
    for (Index first = 0; first < sites; first += strip) {
        const Index count = std::min(strip, sites - first);
        const T* panel = input.data + (input_.own_offset() + first) * options_.inputs;
        if (!direct) {
            T* gathered = workspace_->buffer(0, strip * depth());
            gather(input, first, count, gathered);
            panel = gathered;
        }
        T* rows = own + first * outputs;
        for (Index site = 0; with_bias && site < count; ++site) {
            std::copy_n(bias, outputs, rows + site * outputs);
        }
        // Row-major matrices are the library's transposed ones.
        blas::gemm<T>(Transpose::no, Transpose::no, outputs, count, depth(), T{1}, weight(),
                      outputs, panel, depth(), with_bias ? T{1} : T{0}, rows, outputs);
        if (statistics != nullptr) {
            statistics->accumulate(rows, count);
        }
    }
}

template <typename T>
void Convolution<T>::add_bias_gradient(const T* output_gradient) const {
    const Index outputs = options_.outputs;
    std::vector<double> sums(static_cast<std::size_t>(outputs), 0.0);
    for (Index site = 0; site < output_.own_sites(); ++site) {
        for (Index c = 0; c < outputs; ++c) {
            sums[static_cast<std::size_t>(c)] +=
                static_cast<double>(output_gradient[site * outputs + c]);
        }
    }
    T* gradient = parameters_->gradient().data() + bias_;
    for (Index c = 0; c < outputs; ++c) {
        gradient[c] += static_cast<T>(sums[static_cast<std::size_t>(c)]);
    }
}

template <typename T>
void Convolution<T>::backward(const MapReader<T>& input, const T* output_gradient,
                              T* input_gradient, bool add) {
    const Index sites = output_.own_sites();
    const Index outputs = options_.outputs;
    const Index inputs = options_.inputs;
    const Index strip = strip_sites();
    const T* own = output_gradient + output_.own_offset() * outputs;
    T* weight_gradient = parameters_->gradient().data() + weight_;
    if (options_.has_bias && !options_.normalised) {
        add_bias_gradient(own);
    }
    const bool scatters = input_gradient != nullptr && !is_pointwise();
    if (scatters && !add) {
        std::fill_n(input_gradient, input_.held_sites() * inputs, T{0});
    }
    if (suits_winograd()) {
        winograd().backward(input, weight(), own, weight_gradient, input_gradient);
        if (scatters) {
            input_.add_halo(input_gradient, inputs);
        }
        return;
    }
    const bool direct = is_pointwise() && input.scale == nullptr;
    for (Index first = 0; first < sites; first += strip) {
        const Index count = std::min(strip, sites - first);
        const T* rows = own + first * outputs;
        const T* panel = input.data + (input_.own_offset() + first) * inputs;
        if (!direct) {
            T* gathered = workspace_->buffer(0, strip * depth());
            gather(input, first, count, gathered);
            panel = gathered;
        }
        blas::gemm<T>(Transpose::no, Transpose::yes, outputs, depth(), count, T{1}, rows, outputs,
                      panel, depth(), T{1}, weight_gradient, outputs);
        if (input_gradient == nullptr) {
            continue;
        }
        T* target = scatters ? workspace_->buffer(1, strip * depth())
                             : input_gradient + (input_.own_offset() + first) * inputs;
        blas::gemm<T>(Transpose::yes, Transpose::no, depth(), count, outputs, T{1}, weight(),
                      outputs, rows, outputs, add && !scatters ? T{1} : T{0}, target, depth());
        if (scatters) {
            scatter(target, first, count, input_gradient);
        }
    }
    if (scatters) {
        input_.add_halo(input_gradient, inputs);
    }
}

template class LayerWorkspace<float>;
template class LayerWorkspace<double>;
template class Convolution<float>;
template class Convolution<double>;

}  // namespace tessera
