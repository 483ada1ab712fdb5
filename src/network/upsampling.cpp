#include "tessera/network/upsampling.hpp"

#include <algorithm>

#include "tessera/base/error.hpp"

namespace tessera {

template <typename T>
Upsampling<T>::Upsampling(const SiteSlab& coarse, const SiteSlab& fine, Index channels,
                          Index skip_channels)
    : coarse_(coarse), fine_(fine), channels_(channels), skip_channels_(skip_channels) {
    const int order = fine.sites().order();
    Index stride = coarse.sites().product();
    blend_[0] = blend_[1] = {{0, 0, T{0}}};
    for (int mode = 0; mode < order; ++mode) {
        const Index extent = coarse.sites()[mode];
        stride /= extent;
        const Range own = mode == 0 ? fine.own() : Range{0, fine.sites()[mode]};
        const Index begin = mode == 0 ? coarse.held().begin : 0;
        std::vector<Blend> blends;
        for (Index position = own.begin; position < own.end; ++position) {
            // Fine position p lies at p / 2 - 1 / 4 of the coarse sites.
            const Index lower = (position + 1) / 2 - 1;
            const T weight = position % 2 == 0 ? T(0.75) : T(0.25);
            blends.push_back({(std::max(lower, Index{0}) - begin) * stride,
                              (std::min(lower + 1, extent - 1) - begin) * stride, weight});
        }
        // Modes in front of the last one are blended by whole lines.
        if (mode + 1 == order) {
            last_ = std::move(blends);
            coarse_line_ = order == 1 ? coarse.held().size() : extent;
        } else {
            lines_in_[mode] = static_cast<Index>(blends.size());
            blend_[mode] = std::move(blends);
        }
    }
    blended_.resize(static_cast<std::size_t>(coarse_line_ * channels));
    line_.resize(static_cast<std::size_t>(channels));
}

// Blends the (up to four) coarse lines around a fine line, with weights from the modes in front.
template <typename T>
void Upsampling<T>::blend_line(const MapReader<T>& input, Index line, T* blended) {
    const Blend& a = blend_[0][static_cast<std::size_t>(line / lines_in_[1])];
    const Blend& b = blend_[1][static_cast<std::size_t>(line % lines_in_[1])];
    std::fill_n(blended, coarse_line_ * channels_, T{0});
    for (int i = 0; i < 4; ++i) {
        const T weight =
            (i < 2 ? T{1} - a.weight : a.weight) * (i % 2 == 0 ? T{1} - b.weight : b.weight);
        if (weight == T{0}) {
            continue;
        }
        const Index from = (i < 2 ? a.first : a.second) + (i % 2 == 0 ? b.first : b.second);
        for (Index site = 0; site < coarse_line_; ++site) {
            input.read(from + site, line_.data());
            T* to = blended + site * channels_;
            for (Index c = 0; c < channels_; ++c) {
                to[c] += weight * line_[static_cast<std::size_t>(c)];
            }
        }
    }
}

template <typename T>
void Upsampling<T>::forward(const MapReader<T>& input, const MapReader<T>& skip, T slope, T* output,
                            Normalisation<T>* statistics) {
    const Index lines = lines_in_[0] * lines_in_[1];
    const auto width = static_cast<Index>(last_.size());
    T* own = output + fine_.own_offset() * channels();
    for (Index line = 0; line < lines; ++line) {
        blend_line(input, line, blended_.data());
        T* rows = own + line * width * channels();
        for (Index site = 0; site < width; ++site) {
            const Blend& blend = last_[static_cast<std::size_t>(site)];
            T* to = rows + site * channels();
            if (skip_channels_ > 0) {
                skip.read(fine_.own_offset() + line * width + site, to);
            }
            to += skip_channels_;
            const T* first = blended_.data() + blend.first * channels_;
            const T* second = blended_.data() + blend.second * channels_;
            for (Index c = 0; c < channels_; ++c) {
                const T value = (T{1} - blend.weight) * first[c] + blend.weight * second[c];
                to[c] = value > T{0} ? value : slope * value;
            }
        }
        if (statistics != nullptr) {
            statistics->accumulate(rows, width);
        }
    }
}

template <typename T>
void Upsampling<T>::backward(const T* gradient, T* input_gradient, T* skip_gradient) {
    const Index lines = lines_in_[0] * lines_in_[1];
    const auto width = static_cast<Index>(last_.size());
    const T* own = gradient + fine_.own_offset() * channels();
    std::fill_n(input_gradient, coarse_.held_sites() * channels_, T{0});
    for (Index line = 0; line < lines; ++line) {
        std::fill(blended_.begin(), blended_.end(), T{0});
        for (Index site = 0; site < width; ++site) {
            const Blend& blend = last_[static_cast<std::size_t>(site)];
            const T* from = own + (line * width + site) * channels();
            if (skip_channels_ > 0) {
                std::copy_n(
                    from, skip_channels_,
                    skip_gradient + (fine_.own_offset() + line * width + site) * skip_channels_);
            }
            from += skip_channels_;
            T* first = blended_.data() + blend.first * channels_;
            T* second = blended_.data() + blend.second * channels_;
            // One after the other: at the border both are the same site.
            for (Index c = 0; c < channels_; ++c) {
                first[c] += (T{1} - blend.weight) * from[c];
            }
            for (Index c = 0; c < channels_; ++c) {
                second[c] += blend.weight * from[c];
            }
        }
        const Blend& a = blend_[0][static_cast<std::size_t>(line / lines_in_[1])];
        const Blend& b = blend_[1][static_cast<std::size_t>(line % lines_in_[1])];
        for (int i = 0; i < 4; ++i) {
            const T weight =
                (i < 2 ? T{1} - a.weight : a.weight) * (i % 2 == 0 ? T{1} - b.weight : b.weight);
            T* to = input_gradient +
                    ((i < 2 ? a.first : a.second) + (i % 2 == 0 ? b.first : b.second)) * channels_;
            for (Index k = 0; weight != T{0} && k < coarse_line_ * channels_; ++k) {
                to[k] += weight * blended_[static_cast<std::size_t>(k)];
            }
        }
    }
    coarse_.add_halo(input_gradient, channels_);
}

template class Upsampling<float>;
template class Upsampling<double>;

}  // namespace tessera
