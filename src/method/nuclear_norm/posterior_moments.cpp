#include "tessera/method/nuclear_norm/posterior_moments.hpp"

#include "tessera/sampling/running_quantile.hpp"

namespace tessera {
namespace {

constexpr int state_size = RunningQuantile::state_size;

// A device array that is saved through host memory, as the archive wants it.
template <typename T>
void archive_block(Archive& archive, const std::string& name, const BlockPlace& place,
                   const DeviceView<T>& values) {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), values);
    archive.block(name, place, host.data());
    if (archive.loading()) {
        Kokkos::deep_copy(values, host);
    }
}

BlockPlace with_mode(const BlockPlace& place, Index extent) {
    const auto longer = [](const Extents& extents, Index last) {
        std::vector<Index> values = extents.to_vector();
        values.push_back(last);
        return Extents(values);
    };
    return {longer(place.shape, extent),
            {longer(place.box.begin, 0), longer(place.box.end, extent)}};
}

}  // namespace

PosteriorMoments::PosteriorMoments(const MatrixBatch& batch, double interval)
    : batch_(batch),
      quantiles_(interval > 0.0),
      low_share_(0.5 * (1.0 - interval)),
      mean_(allocate<double>("posterior means", batch.local_size())),
      squares_(allocate<double>("posterior squares", batch.local_size())) {
    Kokkos::deep_copy(mean_, 0.0);
    Kokkos::deep_copy(squares_, 0.0);
    if (quantiles_) {
        low_ = allocate<float>("lower quantiles", batch.local_size() * state_size);
        high_ = allocate<float>("upper quantiles", batch.local_size() * state_size);
        Kokkos::deep_copy(low_, 0.0F);
        Kokkos::deep_copy(high_, 0.0F);
    }
}

void PosteriorMoments::add(const MatrixChains& chains) {
    const Index entries = batch_.local_entries();
    const Index before = draws_++;
    const double share = low_share_;
    const bool quantiles = quantiles_;
    const DeviceView<double> phi = chains.phi;
    const MatrixLikelihood likelihood = chains.likelihood();
    const DeviceView<double> mean = mean_;
    const DeviceView<double> squares = squares_;
    const DeviceView<float> low = low_;
    const DeviceView<float> high = high_;
    for_each_entry(
        "tessera::posterior_moments", batch_, KOKKOS_LAMBDA(Index matrix, Index local) {
            const Index entry = matrix * entries + local;
            const double x = likelihood.mean(matrix, phi(entry));
            // Welford 1962.
            const double away = x - mean(entry);
            mean(entry) += away / static_cast<double>(before + 1);
            squares(entry) += away * (x - mean(entry));
            if (quantiles) {
                const auto number = static_cast<float>(x);
                RunningQuantile(share, &low(entry * state_size)).add(number, before);
                RunningQuantile(1.0 - share, &high(entry * state_size)).add(number, before);
            }
        });
}

std::vector<DeviceView<double>> PosteriorMoments::sums(const MatrixObservations& measured,
                                                       Index measurements, Fields wanted) const {
    const Index entries = batch_.local_entries();
    const bool spread = wanted == Fields::all;
    const bool quantiles = spread && quantiles_;
    std::vector<DeviceView<double>> result;
    for (int field = 0; field < (quantiles ? 4 : spread ? 2 : 1); ++field) {
        result.push_back(allocate<double>("sums over chains", measurements * entries));
        Kokkos::deep_copy(result.back(), 0.0);
    }
    const DeviceView<Index> of_matrix = measured.of_matrix;
    const Index draws = draws_;
    const double share = low_share_;
    const DeviceView<double> mean = mean_;
    const DeviceView<double> squares = squares_;
    const DeviceView<float> low = low_;
    const DeviceView<float> high = high_;
    const DeviceView<double> means = result[0];
    const DeviceView<double> moments = spread ? result[1] : DeviceView<double>{};
    const DeviceView<double> lows = quantiles ? result[2] : DeviceView<double>{};
    const DeviceView<double> highs = quantiles ? result[3] : DeviceView<double>{};
    const Index count = batch_.count;
    // An entry's chains one after the other: a sum whose order is always the same.
    Kokkos::parallel_for(
        "tessera::sum_chains", Kokkos::RangePolicy<>(0, entries), KOKKOS_LAMBDA(Index local) {
            for (Index matrix = 0; matrix < count; ++matrix) {
                const Index entry = matrix * entries + local;
                const Index target = of_matrix(matrix) * entries + local;
                means(target) += mean(entry);
                if (spread) {
                    moments(target) +=
                        squares(entry) / static_cast<double>(draws) + mean(entry) * mean(entry);
                }
                if (quantiles) {
                    lows(target) += RunningQuantile(share, &low(entry * state_size)).value(draws);
                    highs(target) +=
                        RunningQuantile(1.0 - share, &high(entry * state_size)).value(draws);
                }
            }
        });
    return result;
}

void PosteriorMoments::serialise(Archive& archive, const BlockPlace& place) {
    archive.value("draws", draws_);
    archive_block(archive, "mean", place, mean_);
    archive_block(archive, "squares", place, squares_);
    if (quantiles_) {
        archive_block(archive, "lower_quantile", with_mode(place, state_size), low_);
        archive_block(archive, "upper_quantile", with_mode(place, state_size), high_);
    }
}

}  // namespace tessera
