#include "tessera/sampling/right_spectrum.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "tessera/linalg/batched.hpp"
#include "tessera/linalg/blas.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/linalg/slab_kernels.hpp"
#include "tessera/linalg/tall_qr.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

// What the batched kernels are made for.
constexpr Index most_batched_columns = 256;
constexpr Index most_batched_entries = most_batched_columns * most_batched_columns;

bool suits_batches(const MatrixBatch& batch) {
    return batch.group.size() == 1 && batch.columns <= most_batched_columns &&
           batch.entries() <= most_batched_entries;
}

// Of larger matrices so many must share the vectors' lanes before LAPACK's blocked code is slower.
bool decomposed_together(const MatrixBatch& batch, const std::vector<Index>& which) {
    constexpr Index small_columns = 64;
    return suits_batches(batch) && (batch.columns <= small_columns ||
                                    2 * static_cast<Index>(which.size()) >= batch_group<double>());
}

// The matrices named in `which`, one after the other (`to_batch`: the other way round).
void move_matrices(const DeviceView<double>& batch, const DeviceView<double>& chosen,
                   const std::vector<Index>& which, Index entries, bool to_batch) {
    const DeviceView<Index> place = to_device(which);
    Kokkos::parallel_for(
        "tessera::move_matrices",
        Kokkos::RangePolicy<>(0, static_cast<Index>(which.size()) * entries),
        KOKKOS_LAMBDA(Index work) {
            const Index there = place(work / entries) * entries + work % entries;
            if (to_batch) {
                batch(there) = chosen(work);
            } else {
                chosen(work) = batch(there);
            }
        });
}

// A row-major matrix is its transpose column-major: the left vectors of that are our right ones.
void decompose_together(const MatrixBatch& batch, const DeviceView<double>& a,
                        const std::vector<Index>& which, RightSpectrum& spectrum) {
    const auto chosen = static_cast<Index>(which.size());
    const bool all = chosen == batch.count;
    const Index square = batch.columns * batch.columns;
    DeviceView<double> input = a;
    DeviceView<double> vectors = spectrum.vectors;
    if (!all) {
        input = allocate<double>("chosen matrices", chosen * batch.entries());
        vectors = allocate<double>("chosen vectors", chosen * square);
        move_matrices(a, input, which, batch.entries(), false);
    }
    const DeviceView<double> values = allocate<double>("singular values", chosen * batch.columns);
    batched_svd<double>({chosen, batch.columns, batch.rows}, input, values, vectors, {});
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), values);
    for (Index position = 0; position < chosen; ++position) {
        std::copy_n(host.data() + position * batch.columns, batch.columns,
                    spectrum.values(which[static_cast<std::size_t>(position)]));
    }
    if (!all) {
        move_matrices(spectrum.vectors, vectors, which, square, true);
    }
}

// Eigenvalues of the Gram matrix, found by the group's first rank and handed on, so that all have
// the same bits.
TallSvd gram_svd(SlabMatrix<const double> rows, const Communicator& group) {
    Matrix product = gram(rows);
    group.sum_in_place(product.data(), static_cast<Index>(product.values.size()));
    TallSvd svd;
    svd.singular_values.resize(static_cast<std::size_t>(rows.columns));
    svd.v = Matrix(rows.columns, rows.columns);
    agree_on_rank_0(group, [&] {
        SymmetricEigen eigen = symmetric_eigen(product);
        std::transform(eigen.values.begin(), eigen.values.end(), svd.singular_values.begin(),
                       [](double value) { return std::sqrt(std::max(0.0, value)); });
        svd.v = std::move(eigen.vectors);
    });
    if (group.size() > 1) {
        group.broadcast(svd.singular_values.data(), rows.columns);
        group.broadcast(svd.v.data(), rows.columns * rows.columns);
    }
    return svd;
}

void decompose_one_by_one(const MatrixBatch& batch, const DeviceView<double>& a,
                          const std::vector<Index>& which, RightSpectrum& spectrum,
                          SpectrumAccuracy accuracy) {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), a);
    const auto vectors = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), spectrum.vectors);
    for (const Index matrix : which) {
        const SlabMatrix<const double> rows{host.data() + matrix * batch.local_entries(),
                                            batch.own_rows.size(), batch.columns, 1};
        const TallSvd svd = accuracy == SpectrumAccuracy::full ? tall_svd(rows, batch.group)
                                                               : gram_svd(rows, batch.group);
        std::copy_n(svd.singular_values.data(), batch.columns, spectrum.values(matrix));
        std::copy_n(svd.v.data(), batch.columns * batch.columns,
                    vectors.data() + matrix * batch.columns * batch.columns);
    }
    Kokkos::deep_copy(spectrum.vectors, vectors);
}

// Large matrices: products by the vendor's library, on the host. Row-major is column-major
// transposed, and the projectors are symmetric.
void apply_large(const MatrixBatch& batch, const DeviceView<double>& a,
                 const RightSpectrum& spectrum, const std::vector<double>& weights,
                 const std::vector<Index>& which, Target target, const DeviceView<double>& out) {
    using blas::Transpose;
    const Index n = batch.columns;
    const double beta = target == Target::added_to ? 1.0 : 0.0;
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), a);
    const auto vectors = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), spectrum.vectors);
    const auto to = Kokkos::create_mirror_view(Kokkos::HostSpace(), out);
    Kokkos::deep_copy(to, out);
    std::vector<double> scaled(static_cast<std::size_t>(n * n));
    std::vector<double> projector(scaled.size());
    for (const Index matrix : which) {
        const double* const v = vectors.data() + matrix * n * n;
        for (Index vector = 0; vector < n; ++vector) {
            const double weight = weights[static_cast<std::size_t>(matrix * n + vector)];
            std::transform(v + vector * n, v + (vector + 1) * n, scaled.data() + vector * n,
                           [weight](double entry) { return weight * entry; });
        }
        blas::gemm(Transpose::no, Transpose::yes, n, n, n, 1.0, scaled.data(), n, v, n, 0.0,
                   projector.data(), n);
        const Index offset = matrix * batch.local_entries();
        blas::gemm(Transpose::no, Transpose::no, n, batch.own_rows.size(), n, 1.0, projector.data(),
                   n, host.data() + offset, n, beta, to.data() + offset, n);
    }
    Kokkos::deep_copy(out, to);
}

}  // namespace

RightSpectrum::RightSpectrum(const MatrixBatch& batch)
    : columns(batch.columns),
      singular_values(static_cast<std::size_t>(batch.count * batch.columns), 0.0),
      vectors(allocate<double>("right singular vectors",
                               batch.count * batch.columns * batch.columns)) {}

double RightSpectrum::norm(Index matrix, const std::vector<double>& weights) const {
    return std::inner_product(values(matrix), values(matrix) + columns, weights.begin(), 0.0);
}

void RightSpectrum::scale(Index matrix, double factor) {
    std::for_each(values(matrix), values(matrix) + columns,
                  [factor](double& value) { value *= factor; });
}

void RightSpectrum::copy_from(const RightSpectrum& other, Index matrix) {
    std::copy_n(other.values(matrix), columns, values(matrix));
    const auto square = static_cast<std::size_t>(columns * columns);
    const std::pair<std::size_t, std::size_t> range{static_cast<std::size_t>(matrix) * square,
                                                    static_cast<std::size_t>(matrix + 1) * square};
    Kokkos::deep_copy(Kokkos::subview(vectors, range), Kokkos::subview(other.vectors, range));
}

void decompose(const MatrixBatch& batch, const DeviceView<double>& a,
               const std::vector<Index>& which, RightSpectrum& spectrum,
               SpectrumAccuracy accuracy) {
    if (which.empty()) {
        return;
    }
    if (decomposed_together(batch, which)) {
        decompose_together(batch, a, which, spectrum);
    } else {
        decompose_one_by_one(batch, a, which, spectrum, accuracy);
    }
}

void apply_weights(const MatrixBatch& batch, const DeviceView<double>& a,
                   const RightSpectrum& spectrum, const std::vector<double>& weights,
                   const std::vector<Index>& which, Target target, const DeviceView<double>& out) {
    if (which.empty() || batch.local_entries() == 0) {
        return;
    }
    if (suits_batches(batch)) {
        batched_reweight({batch.rows, batch.columns, a, spectrum.vectors, to_device(weights)},
                         to_device(which), target, out);
    } else {
        apply_large(batch, a, spectrum, weights, which, target, out);
    }
}

std::vector<Index> all_matrices(const MatrixBatch& batch) {
    std::vector<Index> which(static_cast<std::size_t>(batch.count));
    std::iota(which.begin(), which.end(), Index{0});
    return which;
}

std::vector<double> shrinkage_weights(const RightSpectrum& spectrum,
                                      const std::vector<double>& thresholds) {
    std::vector<double> weights(spectrum.singular_values.size(), 0.0);
    for (std::size_t index = 0; index < weights.size(); ++index) {
        const double value = spectrum.singular_values[index];
        weights[index] = value > thresholds[index] ? 1.0 - thresholds[index] / value : 0.0;
    }
    return weights;
}

}  // namespace tessera
