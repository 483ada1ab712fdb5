#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../tensor/test_tensors.hpp"
#include "tessera/problem/corruption.hpp"
#include "tessera/problem/line_corruptions.hpp"
#include "tessera/problem/missing_corruption.hpp"
#include "tessera/problem/noise_corruptions.hpp"
#include "tessera/problem/sparse_corruptions.hpp"

/// Corrupted tensors whole in host memory, for tests of what the corruptions do to them.

namespace tessera::test_support {

using Corruptions = std::vector<std::shared_ptr<Corruption>>;

/// A corruption with its options set: make<GaussianCorruption>([](auto& c) { c.sigma = ...; }).
template <class Kind, class Set>
std::shared_ptr<Corruption> make(const Set& set) {
    auto corruption = std::make_shared<Kind>();
    set(*corruption);
    return corruption;
}

inline const Communicator& self() {
    static const Communicator alone(MPI_COMM_SELF);
    return alone;
}

/// What came out of a list of corruptions, on this rank's block.
template <typename T>
struct Corrupted {
    std::vector<T> values;
    std::vector<std::uint8_t> mask;  ///< empty: no mask
    NoiseModel noise;
    std::vector<std::string> remarks;
};

template <typename T>
Corrupted<T> corrupt_entries(const Corruptions& list, const std::vector<T>& clean,
                             const Partition& partition, const std::vector<std::string>& axes,
                             std::uint64_t seed = 7) {
    DenseTensor<T> tensor = tensor_of(clean, partition);
    std::optional<Mask> mask;
    Corrupted<T> result;
    result.remarks = corrupt(list, tensor, mask, result.noise, seed, axes);
    result.values = to_host(tensor.block());
    if (mask) {
        result.mask = to_host(mask->block());
    }
    return result;
}

/// The whole tensor, on this rank alone.
template <typename T>
Corrupted<T> corrupt_alone(const Corruptions& list, const std::vector<T>& clean,
                           const Extents& shape, const std::vector<std::string>& axes,
                           std::uint64_t seed = 7) {
    const Partition whole(shape, ProcessGrid(self(), Extents::filled(shape.order(), 1)));
    return corrupt_entries(list, clean, whole, axes, seed);
}

/// Mean of the centred powers of samples: what a law is recognised by.
struct SampleMoments {
    double mean = 0.0;
    double variance = 0.0;
    double skewness = 0.0;
    double kurtosis = 0.0;  ///< 3 for a normal law
};

inline SampleMoments sample_moments(const std::vector<double>& samples) {
    const auto count = static_cast<double>(samples.size());
    SampleMoments moments;
    for (const double x : samples) {
        moments.mean += x / count;
    }
    double third = 0.0;
    double fourth = 0.0;
    for (const double x : samples) {
        const double d = x - moments.mean;
        moments.variance += d * d / count;
        third += d * d * d / count;
        fourth += d * d * d * d / count;
    }
    moments.skewness = third / std::pow(moments.variance, 1.5);
    moments.kurtosis = fourth / (moments.variance * moments.variance);
    return moments;
}

}  // namespace tessera::test_support
