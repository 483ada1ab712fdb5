#include "singular_components.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tessera/linalg/blas.hpp"
#include "tessera/linalg/dense_svd.hpp"

namespace tessera {
namespace {

using blas::Transpose;

DenseSvd svd_with_signs(const Matrix& a) {
    DenseSvd svd = dense_svd(a);
    fix_signs(svd.u, &svd.v);
    return svd;
}

/// a diag(1 / values). Singular vectors of one side follow so from those of the other, without the
/// inverse of a triangle, which may not exist.
Matrix over(Matrix a, std::vector<double> values) {
    for (double& value : values) {
        value = value > 0.0 ? 1.0 / value : 0.0;
    }
    return scale_columns(std::move(a), values);
}

/// A small row-major tensor.
struct Core {
    Extents shape;
    std::vector<double> values;

    [[nodiscard]] Index left(int mode) const { return shape.product(0, mode); }
    [[nodiscard]] Index right(int mode) const { return shape.product(mode + 1, shape.order()); }
};

/// The core times op(matrix) along one mode.
Core multiply(const Core& core, int mode, Transpose transpose, const Matrix& matrix) {
    const Index old_length = core.shape[mode];
    const Index length = transpose == Transpose::yes ? matrix.columns : matrix.rows;
    const Index right = core.right(mode);
    Core result{core.shape, {}};
    result.shape[mode] = length;
    result.values.resize(static_cast<std::size_t>(result.shape.product()));
    // Slabs are row-major, so they are the library's transposed ones.
    const Transpose other = transpose == Transpose::yes ? Transpose::no : Transpose::yes;
    for (Index slab = 0; slab < core.left(mode); ++slab) {
        blas::gemm<double>(Transpose::no, other, right, length, old_length, 1.0,
                           core.values.data() + slab * old_length * right, right, matrix.data(),
                           matrix.rows, 0.0, result.values.data() + slab * length * right, right);
    }
    return result;
}

/// The core times the triangles of all factors but one.
Core times_others(Core core, const std::vector<Matrix>& triangles, int but_mode) {
    for (int mode = 0; mode < core.shape.order(); ++mode) {
        if (mode != but_mode) {
            core = multiply(core, mode, Transpose::no, triangles[static_cast<std::size_t>(mode)]);
        }
    }
    return core;
}

/// The matrix whose rows are the slices of one mode.
Matrix unfold(const Core& core, int mode) {
    const Index length = core.shape[mode];
    const Index right = core.right(mode);
    Matrix result(length, core.left(mode) * right);
    auto entry = core.values.begin();
    for (Index slab = 0; slab < core.left(mode); ++slab) {
        for (Index row = 0; row < length; ++row) {
            for (Index column = 0; column < right; ++column) {
                result(row, slab * right + column) = *entry++;
            }
        }
    }
    return result;
}

/// A core at the beginning of a larger one, the rest of which is 0.
std::vector<double> fill_up(const Core& core, const Extents& shape) {
    std::vector<double> result(static_cast<std::size_t>(shape.product()), 0.0);
    for (Index offset = 0; offset < core.shape.product(); ++offset) {
        const Extents at = row_major_position(offset, core.shape);
        result[static_cast<std::size_t>(row_major_offset(at, shape))] =
            core.values[static_cast<std::size_t>(offset)];
    }
    return result;
}

}  // namespace

std::vector<double> tails_of(const std::vector<double>& values) {
    std::vector<double> tails(values.size() + 1, 0.0);
    for (std::size_t place = values.size(); place-- > 0;) {
        tails[place] = std::hypot(values[place], tails[place + 1]);
    }
    return tails;
}

Index fewest_leading(const std::vector<double>& tails, double tolerance) {
    return std::find_if(tails.begin(), tails.end(),
                        [&](double tail) { return tail <= tolerance * tails.front(); }) -
           tails.begin();
}

double share_left(const std::vector<double>& tails, Index kept) {
    return tails.front() > 0.0 ? tails[static_cast<std::size_t>(kept)] / tails.front() : 0.0;
}

AnalysedModel singular_triplets(const std::vector<Matrix>& triangles,
                                const std::vector<double>& weights, double tolerance) {
    const Matrix left = scale_columns(triangles.front(), weights);
    const Matrix right = scale_columns(triangles.back(), weights);
    const DenseSvd svd =
        svd_with_signs(product(Transpose::no, Transpose::yes, left, triangles.back()));
    const std::vector<double>& values = svd.singular_values;
    const std::vector<double> tails = tails_of(values);
    const Index needed = fewest_leading(tails, tolerance);
    const Index kept = std::max<Index>(1, needed);
    AnalysedModel result;
    result.spectrum = {{values}, {needed}, share_left(tails, kept)};
    // A diag(w) B^T V = U diag(values), and its transpose.
    result.mixing.push_back(
        over(product(Transpose::yes, Transpose::no, right, first_columns(svd.v, kept)), values));
    if (triangles.size() > 1) {
        result.mixing.push_back(
            over(product(Transpose::yes, Transpose::no, left, first_columns(svd.u, kept)), values));
    }
    result.centre.assign(weights.size(), 0.0);
    std::copy(values.begin(), values.begin() + kept, result.centre.begin());
    return result;
}

AnalysedModel unfolding_triplets(const std::vector<Matrix>& triangles,
                                 const std::vector<double>& core, double tolerance) {
    const auto order = static_cast<int>(triangles.size());
    std::vector<Index> widths;
    for (const Matrix& triangle : triangles) {
        widths.push_back(triangle.columns);
    }
    const Core given{Extents(widths), core};
    AnalysedModel result;
    Core reduced = times_others(given, triangles, -1);
    double squared_loss = 0.0;
    for (int mode = 0; mode < order; ++mode) {
        const Matrix partner = unfold(times_others(given, triangles, mode), mode);
        const Matrix& triangle = triangles[static_cast<std::size_t>(mode)];
        DenseSvd svd = svd_with_signs(product(Transpose::no, Transpose::no, triangle, partner));
        const std::vector<double> tails = tails_of(svd.singular_values);
        const Index needed =
            fewest_leading(tails, tolerance / std::sqrt(static_cast<double>(order)));
        const Index kept = std::max<Index>(1, needed);
        squared_loss += std::pow(share_left(tails, kept), 2);
        result.mixing.push_back(
            over(product(Transpose::no, Transpose::no, partner, first_columns(svd.v, kept)),
                 svd.singular_values));
        reduced = multiply(reduced, mode, Transpose::yes, first_columns(svd.u, kept));
        // More columns than the others have together make no more singular values.
        svd.singular_values.resize(static_cast<std::size_t>(triangle.columns), 0.0);
        result.spectrum.sizes.push_back(std::move(svd.singular_values));
        result.spectrum.needed.push_back(needed);
    }
    result.spectrum.lost = std::sqrt(squared_loss);
    result.centre = fill_up(reduced, given.shape);
    return result;
}

}  // namespace tessera
