#include "tessera/network/network_input.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "host_chunks.hpp"
#include "random_stream.hpp"
#include "spread_place.hpp"

namespace tessera {
namespace {

Box slab_box(const SiteSlab& slab) {
    Box box{slab.sites(), slab.sites()};
    for (int mode = 0; mode < slab.sites().order(); ++mode) {
        box.begin[mode] = 0;
    }
    box.begin[0] = slab.own().begin;
    box.end[0] = slab.own().end;
    return box;
}

struct FourNormals {
    float values[4];
};

// Box-Muller in float32: jitter needs no more, and this is called for every entry at every step.
FourNormals four_normals(const Random& random, Index group, std::uint32_t step) {
    constexpr float two_pi = 6.2831853F;
    const auto words = random.words(group, step);
    FourNormals result{};
    for (std::size_t pair = 0; pair < 4; pair += 2) {
        const float uniform = (static_cast<float>(words[pair] >> 8U) + 0.5F) * 0x1p-24F;
        const float angle = two_pi * static_cast<float>(words[pair + 1] >> 8U) * 0x1p-24F;
        const float radius = std::sqrt(-2.0F * std::log(uniform));
        result.values[pair] = radius * std::cos(angle);
        result.values[pair + 1] = radius * std::sin(angle);
    }
    return result;
}

}  // namespace

template <typename T>
NetworkInput<T>::NetworkInput(const GeneratorOptions& options, const SiteSlab& slab, Index channels,
                              ParameterStore<T>& parameters)
    : options_(options),
      slab_(slab),
      channels_(channels),
      place_(spread_place(slab.sites(), slab_box(slab), channels)),
      parameters_(&parameters),
      map_(allocate_host<T>("network input with halo", slab.held_sites() * channels)) {
    if (options.learn_input) {
        offset_ = parameters.add_spread("input", place_);
    } else {
        fixed_ = allocate_host<T>("network input", place_.box.size());
    }
}

template <typename T>
T* NetworkInput<T>::values() const {
    return options_.learn_input ? parameters_->value().data() + offset_ : fixed_.data();
}

template <typename T>
void NetworkInput<T>::initialise(std::uint64_t seed, const std::string& prefix) {
    seed_ = seed;
    prefix_ = prefix;
    if (options_.input == InputKind::fourier) {
        fill_fourier(seed, prefix, values());
    } else {
        fill_uniform(seed, prefix, values());
    }
}

template <typename T>
void NetworkInput<T>::fill_uniform(std::uint64_t seed, const std::string& prefix, T* values) const {
    const Random random = random_stream(seed, prefix + "/input");
    fill_spread(place_, values, [&](Index index) {
        return static_cast<T>(options_.input_scale * random.uniform(index));
    });
}

// Channel 2 k is sin(2 pi f . t), channel 2 k + 1 the cosine, at t = 10 i / n in each mode.
template <typename T>
void NetworkInput<T>::fill_fourier(std::uint64_t seed, const std::string& prefix, T* values) const {
    const Random random = random_stream(seed, prefix + "/frequencies");
    const Extents& sites = slab_.sites();
    fill_spread(place_, values, [&](Index index) {
        const Index channel = index % channels_;
        const Extents position = row_major_position(index / channels_, sites);
        double turns = 0.0;
        for (int mode = 0; mode < sites.order(); ++mode) {
            const double coordinate =
                10.0 * static_cast<double>(position[mode]) / static_cast<double>(sites[mode]);
            turns += coordinate * random.normal(channel / 2 * max_order + mode);
        }
        const double angle = 2.0 * std::numbers::pi * turns;
        return static_cast<T>(channel % 2 == 0 ? std::sin(angle) : std::cos(angle));
    });
}

template <typename T>
void NetworkInput<T>::add_jitter(std::int64_t step, T* own) const {
    const Random random = random_stream(seed_, prefix_ + "/jitter");
    const auto deviation = static_cast<float>(options_.jitter);
    const Index first = slab_.own().begin * slab_.row_sites() * channels_;
    constexpr Index grain = 4096;
    host_chunks("tessera::jitter", place_.box.size(), grain, [&](Index, Index begin, Index end) {
        // Four numbers at a time, in groups that are the same on any number of ranks.
        for (Index group = (first + begin) / 4; 4 * group < first + end; ++group) {
            const FourNormals normals =
                four_normals(random, group, static_cast<std::uint32_t>(step));
            for (Index lane = 0; lane < 4; ++lane) {
                const Index at = 4 * group + lane - first;
                if (at >= begin && at < end) {
                    own[at] += static_cast<T>(deviation * normals.values[lane]);
                }
            }
        }
    });
}

template <typename T>
MapReader<T> NetworkInput<T>::read(std::int64_t step) {
    T* own = map_.data() + slab_.own_offset() * channels_;
    std::copy_n(values(), place_.box.size(), own);
    if (options_.jitter > 0.0) {
        add_jitter(step, own);
    }
    slab_.fill_halo(map_.data(), channels_);
    return {map_.data(), channels_};
}

template <typename T>
void NetworkInput<T>::add_gradient(const T* gradient) {
    const T* own = gradient + slab_.own_offset() * channels_;
    T* to = parameters_->gradient().data() + offset_;
    std::transform(own, own + place_.box.size(), to, to, std::plus<>());
}

template class NetworkInput<float>;
template class NetworkInput<double>;

}  // namespace tessera
