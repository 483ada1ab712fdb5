#include "tessera/method/factor_networks/component_norms.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>

#include "tessera/linalg/blas.hpp"
#include "tessera/parallel/partition.hpp"

namespace tessera {
namespace {

/// Columns whose inner products with all others are formed at once, and rows that are in float64 at
/// a time: so that 2000 components need no matrix of 2000 x 2000.
constexpr Index block_columns = 128;
constexpr Index panel_rows = 256;

template <typename T>
std::vector<double> squared_norms(const ModelParts<T>& model, std::size_t width) {
    const std::size_t generators = model.own_rows.size();
    std::vector<double> squares(generators * width, 0.0);
    for (std::size_t g = 0; g < generators; ++g) {
        const SlabMatrix<const T>& rows = model.own_rows[g];
        for (std::size_t i = 0; i < static_cast<std::size_t>(rows.rows()) * width; ++i) {
            const auto value = static_cast<double>(rows.data[i]);
            squares[g * width + i % width] += value * value;
        }
    }
    model.communicator.sum_in_place(squares.data(), static_cast<Index>(squares.size()));
    return squares;
}

/// Inner products of the columns order[begin..end-1] with order[begin..], column-major, of one
/// factor; summed over the ranks.
template <typename T>
Matrix inner_products(const ModelParts<T>& model, std::size_t generator,
                      const std::vector<Index>& order, Range columns) {
    const SlabMatrix<const T>& rows = model.own_rows[generator];
    const auto width = static_cast<Index>(order.size());
    const Index others = width - columns.begin;
    Matrix products(columns.size(), others);
    std::vector<double> panel(static_cast<std::size_t>(panel_rows * others));
    for (Index first = 0; first < rows.rows(); first += panel_rows) {
        const Index count = std::min(panel_rows, rows.rows() - first);
        auto entry = panel.begin();
        for (Index row = first; row < first + count; ++row) {
            for (Index place = columns.begin; place < width; ++place) {
                *entry++ = static_cast<double>(
                    rows.data[row * width + order[static_cast<std::size_t>(place)]]);
            }
        }
        blas::gemm<double>(blas::Transpose::no, blas::Transpose::yes, columns.size(), others, count,
                           1.0, panel.data(), others, panel.data(), others, 1.0, products.data(),
                           products.rows);
    }
    model.communicator.sum_in_place(products.data(), static_cast<Index>(products.values.size()));
    return products;
}

/// A symmetric model has one generator for both factors.
template <typename T>
std::size_t generator_of(const ModelParts<T>& model, std::size_t factor) {
    return std::min(factor, model.own_rows.size() - 1);
}

template <typename T>
std::vector<double> norms_of(const ModelParts<T>& model) {
    const auto width = static_cast<std::size_t>(model.layout.widths.front());
    const std::vector<double> squares = squared_norms(model, width);
    std::vector<double> norms;
    for (std::size_t r = 0; r < width; ++r) {
        double norm = std::abs(model.centre[r]);
        for (std::size_t f = 0; f < model.layout.factors.size(); ++f) {
            norm *= std::sqrt(squares[generator_of(model, f) * width + r]);
        }
        norms.push_back(norm);
    }
    return norms;
}

/// Squared norm of the sum of the components from each one on, and 0 behind the last one.
template <typename T>
std::vector<double> squared_rests(const ModelParts<T>& model, const std::vector<Index>& order) {
    const auto count = static_cast<Index>(order.size());
    const auto weight = [&](Index place) {
        return model.centre[static_cast<std::size_t>(order[static_cast<std::size_t>(place)])];
    };
    std::vector<double> squares(order.size() + 1, 0.0);
    for (Index begin = 0; begin < count; begin += block_columns) {
        const Range columns{begin, std::min(begin + block_columns, count)};
        Matrix products = inner_products(model, 0, order, columns);
        for (std::size_t f = 1; f < model.layout.factors.size(); ++f) {
            const Matrix more = inner_products(model, generator_of(model, f), order, columns);
            std::transform(products.values.begin(), products.values.end(), more.values.begin(),
                           products.values.begin(), std::multiplies<>());
        }
        for (Index place = begin; place < columns.end; ++place) {
            double sum = weight(place) * products(place - begin, place - begin);
            for (Index other = place + 1; other < count; ++other) {
                sum += 2.0 * weight(other) * products(place - begin, other - begin);
            }
            squares[static_cast<std::size_t>(place)] = weight(place) * sum;
        }
    }
    for (std::size_t place = order.size(); place-- > 0;) {
        squares[place] += squares[place + 1];
    }
    return squares;
}

}  // namespace

template <typename T>
ComponentNorms component_norms(const ModelParts<T>& model) {
    const std::vector<double> norms = norms_of(model);
    const auto norm_of = [&](Index r) { return norms[static_cast<std::size_t>(r)]; };
    ComponentNorms result;
    result.order.resize(norms.size());
    std::iota(result.order.begin(), result.order.end(), Index{0});
    std::stable_sort(result.order.begin(), result.order.end(),
                     [&](Index a, Index b) { return norm_of(a) > norm_of(b); });
    std::transform(result.order.begin(), result.order.end(), std::back_inserter(result.norms),
                   norm_of);
    for (const double square : squared_rests(model, result.order)) {
        result.rest.push_back(std::sqrt(std::max(0.0, square)));
    }
    return result;
}

double component_norms_bytes(Index width) {
    return static_cast<double>(width * (2 * std::min(width, block_columns) + panel_rows)) *
           sizeof(double);
}

template ComponentNorms component_norms<float>(const ModelParts<float>&);
template ComponentNorms component_norms<double>(const ModelParts<double>&);

}  // namespace tessera
