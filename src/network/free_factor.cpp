#include "tessera/network/free_factor.hpp"

#include <fmt/format.h>

#include "random_stream.hpp"
#include "spread_place.hpp"
#include "tessera/base/error.hpp"

namespace tessera {

template <typename T>
FreeFactor<T>::FreeFactor(const GeneratorOptions& options, const Extents& sites, const Box& local,
                          Index rank, std::uint64_t seed, const std::string& name)
    : rows_(local.size()), rank_(rank) {
    const BlockPlace place = spread_place(sites, local, rank);
    parameters_.add_spread("rows", place);
    parameters_.allocate(name, options.average);
    const Random random = random_stream(seed, name + "/rows");
    fill_spread(place, parameters_.value().data(), [&](Index index) {
        return static_cast<T>(options.free_scale * random.normal(index));
    });
}

template <typename T>
FactorMatrix<const T> FreeFactor<T>::forward(std::int64_t /*step*/) {
    return FactorMatrix<const T>(parameters_.value().data(), static_cast<std::size_t>(rows_),
                                 static_cast<std::size_t>(rank_));
}

template <typename T>
void FreeFactor<T>::backward(FactorMatrix<const T> gradient) {
    TESSERA_ASSERT(static_cast<Index>(gradient.size()) == rows_ * rank_, "gradient of other rows");
    const T* from = gradient.data();
    T* to = parameters_.gradient().data();
    for (Index i = 0; i < rows_ * rank_; ++i) {
        to[i] += from[i];
    }
}

template <typename T>
std::string FreeFactor<T>::describe() const {
    return fmt::format("free factor, {} parameters", parameters_.total_size());
}

template class FreeFactor<float>;
template class FreeFactor<double>;

}  // namespace tessera
