#include "tessera/method/factor_networks/moving_variance.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "tessera/base/random.hpp"

namespace tessera {
namespace {

constexpr Index sample_size = Index{1} << 16;
/// Of the newest state in the running mean, as Wang et al. have it.
constexpr double newest = 0.1;
// Of random numbers, away from the streams of corruptions and starts.
constexpr std::uint32_t sample_stream = 0x464E4D56U;

}  // namespace

MovingVariance::MovingVariance(const UnevenPartition& partition, std::uint64_t seed)
    : communicator_(partition.communicator()) {
    const Index entries = partition.shape().product();
    const bool all = entries <= sample_size;
    count_ = all ? entries : sample_size;
    const Random random(seed, sample_stream);
    const Box box = partition.box();
    const Extents block = box.shape();
    std::vector<std::pair<Index, Index>> places;
    for (Index number = 0; number < count_; ++number) {
        const Index global =
            all ? number
                : std::min(entries - 1, static_cast<Index>(random.uniform(number) *
                                                           static_cast<double>(entries)));
        Extents position = row_major_position(global, partition.shape());
        bool own = true;
        for (int mode = 0; mode < partition.order(); ++mode) {
            own = own && position[mode] >= box.begin[mode] && position[mode] < box.end[mode];
            position[mode] -= box.begin[mode];
        }
        if (own) {
            places.emplace_back(row_major_offset(position, block), number);
        }
    }
    std::sort(places.begin(), places.end());
    for (const auto& [offset, number] : places) {
        offsets_.push_back(offset);
        numbers_.push_back(number);
    }
    mean_.assign(offsets_.size(), 0.0);
}

template <typename T>
double MovingVariance::distance(const std::vector<T>& values) const {
    return std::transform_reduce(mean_.begin(), mean_.end(), values.begin(), 0.0, std::plus<>(),
                                 [](double mean, T value) {
                                     const double step = static_cast<double>(value) - mean;
                                     return step * step;
                                 });
}

template <typename T>
double MovingVariance::update(const std::vector<T>& values, double distance) {
    const double share = started_ ? newest : 1.0;
    std::transform(mean_.begin(), mean_.end(), values.begin(), mean_.begin(),
                   [share](double mean, T value) {
                       return mean + share * (static_cast<double>(value) - mean);
                   });
    variance_ = started_
                    ? (1.0 - newest) * (variance_ + newest * distance / static_cast<double>(count_))
                    : 0.0;
    started_ = true;
    return variance_;
}

void MovingVariance::restart() {
    std::fill(mean_.begin(), mean_.end(), 0.0);
    variance_ = 0.0;
    started_ = false;
}

void MovingVariance::serialise(Archive& archive) {
    archive.value("started", started_);
    archive.value("variance", variance_);
    std::vector<double> all(static_cast<std::size_t>(count_), 0.0);
    for (std::size_t i = 0; i < mean_.size(); ++i) {
        all[static_cast<std::size_t>(numbers_[i])] = mean_[i];
    }
    communicator_.sum_in_place(all.data(), count_);
    archive.value("mean", all);
    for (std::size_t i = 0; i < mean_.size(); ++i) {
        mean_[i] = all[static_cast<std::size_t>(numbers_[i])];
    }
}

template double MovingVariance::distance(const std::vector<float>&) const;
template double MovingVariance::distance(const std::vector<double>&) const;
template double MovingVariance::update(const std::vector<float>&, double);
template double MovingVariance::update(const std::vector<double>&, double);

}  // namespace tessera
