#include "tessera/network/normalisation.hpp"

#include <algorithm>
#include <cmath>

#include "host_chunks.hpp"

namespace tessera {
namespace {

constexpr double variance_floor = 1e-5;
constexpr Index block = 16;       // channels whose sums stay in registers
constexpr Index piece_sites = 8;  // a piece is one run of memory of a few cache lines
constexpr Index grain_sites = 256;

// Calls work(site, sites, channel, width) for pieces of cache size and blocks of channels.
template <typename Work>
void in_blocks(Index begin, Index end, Index channels, const Work& work) {
    for (Index site = begin; site < end; site += piece_sites) {
        const Index sites = std::min(piece_sites, end - site);
        for (Index channel = 0; channel < channels; channel += block) {
            work(site, sites, channel, std::min(block, channels - channel));
        }
    }
}

// Adds sums over sites of term(pointer offset, channel in block) to first and second.
template <typename Term>
void sum_block(Index sites, Index channels, Index width, double* first, double* second,
               const Term& term) {
    double a[block] = {};
    double b[block] = {};
    if (width == block) {
        for (Index s = 0; s < sites; ++s) {
            for (Index c = 0; c < block; ++c) {
                const auto [value, product] = term(s * channels + c, c);
                a[c] += value;
                b[c] += product;
            }
        }
    } else {
        for (Index s = 0; s < sites; ++s) {
            for (Index c = 0; c < width; ++c) {
                const auto [value, product] = term(s * channels + c, c);
                a[c] += value;
                b[c] += product;
            }
        }
    }
    for (Index c = 0; c < width; ++c) {
        first[c] += a[c];
        second[c] += b[c];
    }
}

struct Pair {
    double value;
    double product;
};

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
                                  const T* from = rows + site * channels_ + channel;
                                  sum_block(sites, channels_, width, own + channel,
                                            own + channels_ + channel, [=](Index i, Index) {
                                                const auto v = static_cast<double>(from[i]);
                                                return Pair{v, v * v};
                                            });
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
    const T slope = slope_;

    begin();
    host_chunks("tessera::normalisation_sums", sites, grain_sites,
                [&](Index worker, Index begin, Index end) {
                    double* own = sums_.data() + 2 * channels_ * worker;
                    in_blocks(begin, end, channels_,
                              [&](Index site, Index count, Index channel, Index width) {
                                  const T* u = values + site * channels_ + channel;
                                  T* g = gradients + site * channels_ + channel;
                                  const T* scale = scale_.data() + channel;
                                  const T* shift = shift_.data() + channel;
                                  const T* mean = mean_.data() + channel;
                                  const T* inverse = inverse_deviation_.data() + channel;
                                  sum_block(
                                      count, channels_, width, own + channel,
                                      own + channels_ + channel, [=](Index i, Index c) {
                                          const T v = scale[c] * u[i] + shift[c];
                                          g[i] = v > T{0} ? g[i] : slope * g[i];
                                          const T normal = (u[i] - mean[c]) * inverse[c];
                                          const auto wide = static_cast<double>(g[i]);
                                          return Pair{wide, wide * static_cast<double>(normal)};
                                      });
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
