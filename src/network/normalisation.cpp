#include "tessera/network/normalisation.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "host_chunks.hpp"

namespace tessera {
namespace {

constexpr double variance_floor = 1e-5;
constexpr Index block = 128;      // channels whose sums stay in the first-level cache
constexpr Index piece_sites = 8;  // read in the order of memory, block by block
constexpr Index grain_sites = 256;

// Calls work(site, sites, channel, width) for pieces and blocks of channels.
template <typename Work>
void in_blocks(Index begin, Index end, Index channels, const Work& work) {
    for (Index site = begin; site < end; site += piece_sites) {
        const Index sites = std::min(piece_sites, end - site);
        for (Index channel = 0; channel < channels; channel += block) {
            work(site, sites, channel, std::min(block, channels - channel));
        }
    }
}

// Adds sums over a piece's sites of the values and of their squares. Of so few sites T sums as
// exactly as it holds them, and squares are those of distances from the piece's mean, so that what
// T rounds is relative to the spread however large the mean. In float64 the second sum is
//     sum u^2 = sum (u - m)^2 + m (2 sum u - n m),    for any m.
// The first pass brings the piece into the first-level cache, with next to no work between its
// misses; one pass that also squares and converts waits for each of them. A constant width keeps
// the sums in registers.
template <typename T, typename Width>
void sum_values(const T* values, Index sites, Index channels, Width width, double* __restrict first,
                double* __restrict second) {
    alignas(64) T sums[block] = {};
    for (Index s = 0; s < sites; ++s) {
        const T* __restrict u = values + s * channels;
#pragma omp simd
        for (Index c = 0; c < width; ++c) {
            sums[c] += u[c];
        }
    }
    alignas(64) T means[block];
    const T share = T{1} / static_cast<T>(sites);
#pragma omp simd
    for (Index c = 0; c < width; ++c) {
        means[c] = share * sums[c];
    }
    alignas(64) T squares[block] = {};
    for (Index s = 0; s < sites; ++s) {
        const T* __restrict u = values + s * channels;
#pragma omp simd
        for (Index c = 0; c < width; ++c) {
            const T distance = u[c] - means[c];
            squares[c] += distance * distance;
        }
    }
    const auto count = static_cast<double>(sites);
#pragma omp simd
    for (Index c = 0; c < width; ++c) {
        const auto sum = static_cast<double>(sums[c]);
        const auto mean = static_cast<double>(means[c]);
        first[c] += sum;
        second[c] += mean * (2.0 * sum - count * mean) + static_cast<double>(squares[c]);
    }
}

template <typename T>
struct ChannelNumbers {
    const T* scale;
    const T* shift;
    const T* mean;
    const T* inverse_deviation;
    T slope;
};

// Takes the gradient back through the activation, in place, and adds its sums over a piece's sites
// and those of its products with the normalised values.
template <typename T>
void sum_gradients(const ChannelNumbers<T>& numbers, const T* values, T* gradients, Index sites,
                   Index channels, Index width, double* __restrict first,
                   double* __restrict second) {
    const T* __restrict scale = numbers.scale;
    const T* __restrict shift = numbers.shift;
    const T* __restrict mean = numbers.mean;
    const T* __restrict inverse = numbers.inverse_deviation;
    const T slope = numbers.slope;
    for (Index s = 0; s < sites; ++s) {
        const T* __restrict u = values + s * channels;
        T* __restrict g = gradients + s * channels;
#pragma omp simd
        for (Index c = 0; c < width; ++c) {
            const T v = scale[c] * u[c] + shift[c];
            const T own = g[c] * (v > T{0} ? T{1} : slope);
            g[c] = own;
            first[c] += static_cast<double>(own);
            second[c] +=
                static_cast<double>(own) * static_cast<double>((u[c] - mean[c]) * inverse[c]);
        }
    }
}

}  // namespace

template <typename T>
Normalisation<T>::Normalisation(const SiteSlab& slab, Index channels, T slope,
                                ParameterStore<T>& parameters, const std::string& name)
    : slab_(slab),
      channels_(channels),
      slope_(slope),
      parameters_(&parameters),
      gamma_(parameters.add(name + ".gamma", channels)),
      beta_(parameters.add(name + ".beta", channels)),
      sums_(static_cast<std::size_t>(2 * channels *
                                     Kokkos::DefaultHostExecutionSpace().concurrency())),
      total_(static_cast<std::size_t>(2 * channels)) {
    for (std::vector<T>* each :
         {&scale_, &shift_, &mean_, &inverse_deviation_, &mean_gradient_, &mean_product_}) {
        each->resize(static_cast<std::size_t>(channels));
    }
}

template <typename T>
void Normalisation<T>::initialise() {
    std::fill_n(parameters_->value().data() + gamma_, channels_, T{1});
    std::fill_n(parameters_->value().data() + beta_, channels_, T{0});
}

template <typename T>
void Normalisation<T>::begin() {
    std::fill(sums_.begin(), sums_.end(), 0.0);
}

template <typename T>
void Normalisation<T>::accumulate(const T* rows, Index count) {
    host_chunks("tessera::channel_sums", count, grain_sites,
                [&](Index worker, Index begin, Index end) {
                    double* own = sums_.data() + 2 * channels_ * worker;
                    in_blocks(begin, end, channels_,
                              [&](Index site, Index sites, Index channel, Index width) {
                                  const T* values = rows + site * channels_ + channel;
                                  double* first = own + channel;
                                  double* second = own + channels_ + channel;
                                  if (width == block) {
                                      constexpr std::integral_constant<Index, block> whole;
                                      sum_values(values, sites, channels_, whole, first, second);
                                  } else {
                                      sum_values(values, sites, channels_, width, first, second);
                                  }
                              });
                });
}

template <typename T>
void Normalisation<T>::finish() {
    std::fill(total_.begin(), total_.end(), 0.0);
    for (std::size_t i = 0; i < sums_.size(); ++i) {
        total_[i % total_.size()] += sums_[i];
    }
    if (slab_.communicator().size() > 1) {
        slab_.communicator().sum_in_place(total_.data(), 2 * channels_);
    }
    const auto sites = static_cast<double>(slab_.sites().product());
    const T* gamma = parameters_->value().data() + gamma_;
    const T* beta = parameters_->value().data() + beta_;
    for (std::size_t c = 0; c < scale_.size(); ++c) {
        const double mean = total_[c] / sites;
        const double variance = std::max(0.0, total_[c + scale_.size()] / sites - mean * mean);
        const double inverse = 1.0 / std::sqrt(variance + variance_floor);
        const double scale = static_cast<double>(gamma[c]) * inverse;
        mean_[c] = static_cast<T>(mean);
        inverse_deviation_[c] = static_cast<T>(inverse);
        scale_[c] = static_cast<T>(scale);
        shift_[c] = static_cast<T>(static_cast<double>(beta[c]) - scale * mean);
    }
}

template <typename T>
MapReader<T> Normalisation<T>::reader(const T* data) const {
    return {data, channels_, scale_.data(), shift_.data(), slope_};
}

template <typename T>
void Normalisation<T>::backward(const T* map, T* gradient) {
    const Index sites = slab_.own_sites();
    const T* values = map + slab_.own_offset() * channels_;
    T* gradients = gradient + slab_.own_offset() * channels_;

    begin();
    host_chunks(
        "tessera::normalisation_sums", sites, grain_sites,
        [&](Index worker, Index begin, Index end) {
            double* own = sums_.data() + 2 * channels_ * worker;
            in_blocks(
                begin, end, channels_, [&](Index site, Index count, Index channel, Index width) {
                    const Index at = site * channels_ + channel;
                    const ChannelNumbers<T> numbers{scale_.data() + channel,
                                                    shift_.data() + channel, mean_.data() + channel,
                                                    inverse_deviation_.data() + channel, slope_};
                    sum_gradients(numbers, values + at, gradients + at, count, channels_, width,
                                  own + channel, own + channels_ + channel);
                });
        });
    std::fill(total_.begin(), total_.end(), 0.0);
    for (std::size_t i = 0; i < sums_.size(); ++i) {
        total_[i % total_.size()] += sums_[i];
    }
    const auto channels = static_cast<std::size_t>(channels_);
    for (std::size_t c = 0; c < channels; ++c) {
        parameters_->gradient().data()[static_cast<std::size_t>(beta_) + c] +=
            static_cast<T>(total_[c]);
        parameters_->gradient().data()[static_cast<std::size_t>(gamma_) + c] +=
            static_cast<T>(total_[channels + c]);
    }
    if (slab_.communicator().size() > 1) {
        slab_.communicator().sum_in_place(total_.data(), 2 * channels_);
    }
    const auto all = static_cast<double>(slab_.sites().product());
    for (std::size_t c = 0; c < channels; ++c) {
        mean_gradient_[c] = static_cast<T>(total_[c] / all);
        mean_product_[c] = static_cast<T>(total_[channels + c] / all);
    }
    host_chunks("tessera::normalisation_backward", sites, grain_sites,
                [&](Index, Index begin, Index end) {
                    const T* scale = scale_.data();
                    const T* mean = mean_.data();
                    const T* inverse = inverse_deviation_.data();
                    const T* mean_gradient = mean_gradient_.data();
                    const T* mean_product = mean_product_.data();
                    for (Index site = begin; site < end; ++site) {
                        const T* u = values + site * channels_;
                        T* g = gradients + site * channels_;
                        for (Index c = 0; c < channels_; ++c) {
                            const T normal = (u[c] - mean[c]) * inverse[c];
                            g[c] = scale[c] * (g[c] - mean_gradient[c] - normal * mean_product[c]);
                        }
                    }
                });
}

template class Normalisation<float>;
template class Normalisation<double>;

}  // namespace tessera
