#include "tessera/tensor/reductions.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

#include "moments.hpp"
#include "tessera/base/error.hpp"
#include "tile_reduction.hpp"

namespace tessera {

namespace {

/// Number and first position of entries that are NaN or infinite.
struct Found {
    Index count = 0;
    Index first = std::numeric_limits<Index>::max();

    KOKKOS_INLINE_FUNCTION Found& operator+=(const Found& other) {
        count += other.count;
        first = Kokkos::min(first, other.first);
        return *this;
    }
};

}  // namespace

// Both copy what they captured to local variables: a uint8_t may alias anything, and a compiler
// that has to read a captured pointer again after each store cannot write whole vectors.
template <typename T>
void fill(const DenseTensor<T>& tensor, T value) {
    T* entries = tensor.block().data();
    const auto fill_tile = KOKKOS_LAMBDA(const Index begin, const Index end) {
        T* const to = entries;
        const T constant = value;
        for (Index i = begin; i < end; ++i) {
            to[i] = constant;
        }
    };
    detail::for_each_tile("tessera::fill", tensor.box().size(), fill_tile);
}

template <typename T>
void copy(const DenseTensor<T>& source, const DenseTensor<T>& target) {
    TESSERA_ASSERT(source.partition() == target.partition(), "a copy has its source's partition");
    const T* from_entries = source.block().data();
    T* to_entries = target.block().data();
    const auto copy_tile = KOKKOS_LAMBDA(const Index begin, const Index end) {
        const T* const from = from_entries;
        T* const to = to_entries;
        for (Index i = begin; i < end; ++i) {
            to[i] = from[i];
        }
    };
    detail::for_each_tile("tessera::copy", source.box().size(), copy_tile);
}

template <typename T>
double inner_product(const DenseTensor<T>& a, const DenseTensor<T>& b) {
    TESSERA_ASSERT(a.partition() == b.partition(), "an inner product needs one partition");
    const T* x = a.block().data();
    const T* y = b.block().data();
    const auto product = KOKKOS_LAMBDA(const Index i) {
        return static_cast<double>(x[i]) * static_cast<double>(y[i]);
    };
    const auto of_tile = KOKKOS_LAMBDA(const Index begin, const Index end) {
        return detail::fold(begin, end, 0.0, product, detail::Add{});
    };
    return a.communicator().sum(
        detail::reduce_tiles<double>("tessera::inner_product", a.box().size(), of_tile));
}

template <typename T>
double squared_norm(const DenseTensor<T>& tensor) {
    return inner_product(tensor, tensor);
}

template <typename T>
double norm(const DenseTensor<T>& tensor) {
    return std::sqrt(squared_norm(tensor));
}

template <typename T>
Summary summary(const DenseTensor<T>& tensor) {
    const T* entries = tensor.block().data();
    const auto of_tile = KOKKOS_LAMBDA(const Index begin, const Index end) {
        return detail::moments_of(entries, begin, end);
    };
    const auto own =
        detail::reduce_tiles<detail::Moments>("tessera::summary", tensor.box().size(), of_tile);
    const Communicator& communicator = tensor.communicator();
    double extremes[] = {own.maximum, -own.minimum};
    double sums[] = {own.sum, own.sum_of_squares};
    communicator.max_in_place(extremes, 2);
    communicator.sum_in_place(sums, 2);
    return {-extremes[1], extremes[0], sums[0], sums[1]};
}

template <typename T>
NonFinite find_non_finite(const DenseTensor<T>& tensor) {
    const T* entries = tensor.block().data();
    const auto of_tile = KOKKOS_LAMBDA(const Index begin, const Index end) {
        Found found;
        for (Index i = begin; i < end; ++i) {
            const double x = static_cast<double>(entries[i]);
            if (x - x != 0.0) {  // 0 for every finite number, NaN for the others
                found += Found{1, i};
            }
        }
        return found;
    };
    const auto own =
        detail::reduce_tiles<Found>("tessera::find_non_finite", tensor.box().size(), of_tile);
    // Within a block the row-major order is that of the whole tensor, so the first one stays first.
    constexpr Index none = std::numeric_limits<Index>::max();
    const Index first = own.count > 0 ? global_index(tensor)(own.first) : none;
    const Communicator& communicator = tensor.communicator();
    const Index earliest = communicator.min(first);
    return {communicator.sum(own.count), earliest == none ? -1 : earliest};
}

#define TESSERA_INSTANTIATE(T)                                                   \
    template void fill(const DenseTensor<T>&, T);                                \
    template void copy(const DenseTensor<T>&, const DenseTensor<T>&);            \
    template double inner_product(const DenseTensor<T>&, const DenseTensor<T>&); \
    template double squared_norm(const DenseTensor<T>&);                         \
    template double norm(const DenseTensor<T>&);                                 \
    template Summary summary(const DenseTensor<T>&);                             \
    template NonFinite find_non_finite(const DenseTensor<T>&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
TESSERA_INSTANTIATE(std::uint8_t)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
