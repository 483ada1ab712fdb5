#include "tessera/method/nmf/divergence_pass.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/linalg/khatri_rao.hpp"

namespace tessera {
namespace {

using Entries = Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace, Kokkos::IndexType<Index>>;

constexpr Index tile_entries = Index{1} << 16;

// Where the model vanishes beside a value that does not, the ratio is huge but finite.
template <typename T>
constexpr T least_model = std::numeric_limits<T>::min();

}  // namespace

template <typename T>
template <typename Visit>
void DivergencePass<T>::for_each_tile(const Visit& visit) const {
    const Index rows = values_.rows();
    const Index columns = values_.columns;
    const Index right = values_.right;
    const Index most = std::clamp<Index>(tile_entries / columns, 1, std::max<Index>(1, rows));
    std::vector<T> own(static_cast<std::size_t>(most * columns));
    std::vector<T> model(own.size());
    const KhatriRao h({{h_.data(), columns}}, rank_);
    const std::vector<double> ones(static_cast<std::size_t>(rank_), 1.0);
    for (Index first = 0; first < rows; first += most) {
        const Index count = std::min(most, rows - first);
        const T* const data = values_.data;
        T* const out = own.data();
        Kokkos::parallel_for("tessera::nmf_tile", Entries(0, count), [=](Index row) {
            const Index at = first + row;
            const T* const begin = data + at / right * columns * right + at % right;
            for (Index column = 0; column < columns; ++column) {
                out[row * columns + column] = begin[column * right];
            }
        });
        Kokkos::DefaultHostExecutionSpace().fence("tessera::nmf_tile");
        const KhatriRao w({{w_.data() + first * rank_, count}}, rank_);
        reconstruct(w, ones, h, model.data());
        visit({first, count, own, model});
    }
}

template <typename T>
void DivergencePass<T>::divide(const Tile& tile) const {
    const T* const values = tile.values.data();
    T* const model = tile.model.data();
    Kokkos::parallel_for("tessera::nmf_ratios", Entries(0, tile.count * values_.columns),
                         [=](Index entry) {
                             model[entry] = values[entry] / std::max(model[entry], least_model<T>);
                         });
    Kokkos::DefaultHostExecutionSpace().fence("tessera::nmf_ratios");
}

template <typename T>
std::vector<double> DivergencePass<T>::row_products() const {
    std::vector<double> out(w_.size());
    const KhatriRao h({{h_.data(), values_.columns}}, rank_);
    for_each_tile([&](const Tile& tile) {
        divide(tile);
        tessera::row_products(tile.model.data(), tile.count, values_.columns, h,
                              out.data() + tile.first * rank_);
    });
    return out;
}

template <typename T>
std::vector<double> DivergencePass<T>::column_products() const {
    std::vector<double> out(h_.size(), 0.0);
    for_each_tile([&](const Tile& tile) {
        divide(tile);
        const KhatriRao w({{w_.data() + tile.first * rank_, tile.count}}, rank_);
        tessera::column_products(tile.model.data(), tile.count, values_.columns, w, out.data(),
                                 Target::add);
    });
    return out;
}

template <typename T>
double DivergencePass<T>::divergence() const {
    double sum = 0.0;
    for_each_tile([&](const Tile& tile) {
        const T* const values = tile.values.data();
        const T* const model = tile.model.data();
        double part = 0.0;
        Kokkos::parallel_reduce(
            "tessera::nmf_divergence", Entries(0, tile.count * values_.columns),
            [=](Index entry, double& terms) {
                const auto x = static_cast<double>(values[entry]);
                const auto m = static_cast<double>(std::max(model[entry], least_model<T>));
                terms += x > 0.0 ? x * std::log(x / m) - x + m : m;
            },
            part);
        sum += part;
    });
    return sum;
}

template class DivergencePass<float>;
template class DivergencePass<double>;

}  // namespace tessera
