#include "cholesky_qr.hpp"

#include <lapacke.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <vector>

#include "narrow.hpp"
#include "slab_panel.hpp"
#include "tall_qr_errors.hpp"
#include "tessera/linalg/blas.hpp"
#include "tessera/linalg/cholesky.hpp"
#include "tessera/linalg/slab_kernels.hpp"
#include "tessera/parallel/agree.hpp"
#include "tile_solve.hpp"

namespace tessera {
namespace {

enum class Verdict : int { usable, unusable, not_finite };

double reciprocal_condition(const Matrix& upper) {
    const int n = narrow(upper.rows);
    double result = 0.0;
    std::vector<double> reals(static_cast<std::size_t>(3 * n));
    std::vector<int> integers(static_cast<std::size_t>(n));
    LAPACKE_dtrcon_work(LAPACK_COL_MAJOR, '1', 'U', 'N', n, upper.data(), n, &result, reals.data(),
                        integers.data());
    return result;
}

// Turns a Gram matrix into its Cholesky factor where that is trustworthy. Columns are scaled to
// norm 1 first (van der Sluis 1969: nearly the best scaling), so that only true near-dependence
// counts.
Verdict first_factor(Matrix& gram) {
    // Half of the exponent range is lost by squaring; beyond, sums overflow or lose digits.
    constexpr double smallest = 1e-250;
    constexpr double largest = 1e250;
    constexpr double max_condition = 1e7;
    std::vector<double> norms;
    for (Index j = 0; j < gram.columns; ++j) {
        const double square = gram(j, j);
        if (std::isnan(square)) {
            return Verdict::not_finite;
        }
        if (!(square > smallest && square < largest)) {
            return Verdict::unusable;
        }
        norms.push_back(std::sqrt(square));
    }
    const auto scale = [&](auto&& factor) {
        for (Index j = 0; j < gram.columns; ++j) {
            for (Index i = 0; i <= j; ++i) {
                gram(i, j) *=
                    factor(norms[static_cast<std::size_t>(i)], norms[static_cast<std::size_t>(j)]);
            }
        }
    };
    scale([](double row, double column) { return 1.0 / row / column; });
    if (!cholesky(gram) || reciprocal_condition(gram) * max_condition < 1.0) {
        return Verdict::unusable;
    }
    scale([](double /*row*/, double column) { return column; });
    return Verdict::usable;
}

// R = R2 R1 with R2 the Cholesky factor of the second Gram matrix, which is near the identity when
// the first pass did its work.
Verdict second_factor(Matrix& gram, const Matrix& first) {
    const Index n = gram.columns;
    double square = 0.0;
    for (Index j = 0; j < n; ++j) {
        for (Index i = 0; i < n; ++i) {
            const double difference = gram(i, j) - (i == j ? 1.0 : 0.0);
            square += difference * difference;
        }
    }
    if (!(square < 0.25) || !cholesky(gram)) {
        return Verdict::unusable;
    }
    Matrix product(n, n);
    blas::gemm(blas::Transpose::no, blas::Transpose::no, n, n, n, 1.0, gram.data(), n, first.data(),
               n, 0.0, product.data(), n);
    clear_below_diagonal(product);
    gram = product;
    return Verdict::usable;
}

void add(const Matrix& part, Matrix& sum) {
    std::transform(part.values.begin(), part.values.end(), sum.values.begin(), sum.values.begin(),
                   std::plus<>());
}

// Gram matrix of A R^-1 over this rank's rows, a few panels at a time, never more of A R^-1 than
// those. A panel becomes one slab, columns of consecutive rows, filled up with zero rows.
template <typename T>
Matrix gram_of_quotient_by_tiles(SlabMatrix<const T> a, const Matrix& r) {
    using Host = Kokkos::DefaultHostExecutionSpace;
    constexpr Index unit = tile::max_width<double>;
    constexpr Index panels_per_thread = 4;
    const Index n = a.columns;
    const PanelCut cut(a, 240);
    const Index slab_rows = (cut.max_rows() + unit - 1) / unit * unit;
    const Index slab_size = slab_rows * n;
    const Index batch = std::min<Index>(panels_per_thread * Host().concurrency(), cut.count());
    std::vector<double> slabs(static_cast<std::size_t>(batch * slab_size));
    Matrix result(n, n);
    for (Index first = 0; first < cut.count(); first += batch) {
        const Index count = std::min(batch, cut.count() - first);
        Kokkos::parallel_for("tessera::quotient", Kokkos::RangePolicy<Host>(0, count),
                             [&](Index own) {
                                 double* slab = slabs.data() + own * slab_size;
                                 const Panel<const T> panel = cut.panel(a, first + own);
                                 if (panel.rows() < slab_rows) {
                                     std::fill_n(slab, slab_size, 0.0);
                                 }
                                 gather(panel, n, slab, 1, slab_rows);
                                 tile::solve_upper(r, slab, slab_rows, slab_rows);
                             });
        Host().fence("tessera::quotient");
        add(gram(SlabMatrix<const double>{slabs.data(), count, n, slab_rows}), result);
    }
    return result;
}

// The same by the library for triangles beyond the cache.
template <typename T>
Matrix gram_of_quotient_by_blas(SlabMatrix<const T> a, const Matrix& r) {
    const Index n = a.columns;
    const PanelCut cut(a, std::max<Index>(1024, n));
    std::vector<double> panel(static_cast<std::size_t>(cut.max_rows() * n));
    Matrix result(n, n);
    for (Index index = 0; index < cut.count(); ++index) {
        const Panel<const T> rows = cut.panel(a, index);
        gather(rows, n, panel.data(), n, 1);
        // The row-major panel is the library's transposed one: R^-T A^T.
        blas::trsm(blas::Side::left, blas::Triangle::upper, blas::Transpose::yes, n, rows.rows(),
                   1.0, r.data(), n, panel.data(), n);
        add(gram(SlabMatrix<const double>{panel.data(), rows.rows(), n, 1}), result);
    }
    return result;
}

template <typename T>
Matrix gram_of_quotient(SlabMatrix<const T> a, const Matrix& r) {
    return a.columns <= tile::max_square ? gram_of_quotient_by_tiles(a, r)
                                         : gram_of_quotient_by_blas(a, r);
}

// Rank 0 turns `matrix` into something by `work`, all ranks get its verdict and, where usable, the
// matrix. Ranks on unlike processors could round differently; what follows must be the same for
// all.
template <typename Work>
Verdict on_rank_0(const Communicator& communicator, Matrix& matrix, Work work) {
    int verdict = 0;
    agree_on_rank_0(communicator, [&] { verdict = static_cast<int>(work()); });
    communicator.broadcast(&verdict, 1);
    if (static_cast<Verdict>(verdict) == Verdict::usable) {
        communicator.broadcast(matrix.data(), static_cast<Index>(matrix.values.size()));
    }
    return static_cast<Verdict>(verdict);
}

}  // namespace

template <typename T>
std::optional<Matrix> cholesky_qr2(SlabMatrix<const T> a, const Communicator& communicator) {
    Matrix first;
    agree(communicator, [&] { first = gram(a); });
    communicator.sum_in_place(first.data(), static_cast<Index>(first.values.size()));
    const Verdict verdict = on_rank_0(communicator, first, [&] { return first_factor(first); });
    if (verdict == Verdict::not_finite) {
        throw_not_finite(a.columns);
    }
    if (verdict == Verdict::unusable) {
        return std::nullopt;
    }
    Matrix second;
    agree(communicator, [&] { second = gram_of_quotient(a, first); });
    communicator.sum_in_place(second.data(), static_cast<Index>(second.values.size()));
    if (on_rank_0(communicator, second, [&] { return second_factor(second, first); }) !=
        Verdict::usable) {
        return std::nullopt;
    }
    return second;
}

template std::optional<Matrix> cholesky_qr2<float>(SlabMatrix<const float>, const Communicator&);
template std::optional<Matrix> cholesky_qr2<double>(SlabMatrix<const double>, const Communicator&);

}  // namespace tessera
