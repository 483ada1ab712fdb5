#include "tessera/linalg/khatri_rao.hpp"

#include <algorithm>
#include <utility>

#include "tessera/base/extents.hpp"
#include "tessera/linalg/blas.hpp"

namespace tessera {

KhatriRao::KhatriRao(std::vector<FactorView> factors, Index rank)
    : factors_(std::move(factors)), rank_(rank) {
    for (const FactorView& factor : factors_) {
        rows_ *= factor.rows;
    }
}

template <typename T>
void KhatriRao::panel(Index begin, Index end, Index stride, T* out) const {
    const std::size_t count = factors_.size();
    // The product of all factors but the last is formed once per run of the last one's rows.
    std::vector<double> lead(static_cast<std::size_t>(rank_), 1.0);
    const Index run = count == 0 ? 1 : factors_.back().rows;
    Index row = begin;
    while (row < end) {
        std::fill(lead.begin(), lead.end(), 1.0);
        Index left_over = row / run;
        for (std::size_t f = count < 2 ? 0 : count - 1; f-- > 0;) {
            const double* own = factors_[f].data + left_over % factors_[f].rows * rank_;
            left_over /= factors_[f].rows;
            for (Index r = 0; r < rank_; ++r) {
                lead[static_cast<std::size_t>(r)] *= own[r];
            }
        }
        const Index run_end = std::min(end, (row / run + 1) * run);
        for (; row < run_end; ++row, out += stride) {
            const double* last = count == 0 ? nullptr : factors_.back().data + row % run * rank_;
            for (Index r = 0; r < rank_; ++r) {
                const double factor = last == nullptr ? 1.0 : last[r];
                out[r] = static_cast<T>(lead[static_cast<std::size_t>(r)] * factor);
            }
            std::fill(out + rank_, out + stride, T{0});
        }
    }
}

template <typename T>
void reconstruct(const KhatriRao& left, const std::vector<double>& weights, const KhatriRao& right,
                 T* out) {
    // Tiles of the result of 2 MiB of float64, and both panels beside it in cache.
    constexpr Index tile_side = 512;
    const Index rank = left.rank();
    std::vector<T> rows(static_cast<std::size_t>(tile_side * rank));
    std::vector<T> columns(static_cast<std::size_t>(tile_side * rank));
    for (Index column = 0; column < right.rows(); column += tile_side) {
        const Index width = std::min(tile_side, right.rows() - column);
        right.panel(column, column + width, rank, columns.data());
        for (Index row = 0; row < left.rows(); row += tile_side) {
            const Index height = std::min(tile_side, left.rows() - row);
            left.panel(row, row + height, rank, rows.data());
            for (Index i = 0; i < height; ++i) {
                for (Index r = 0; r < rank; ++r) {
                    rows[static_cast<std::size_t>(i * rank + r)] *=
                        static_cast<T>(weights[static_cast<std::size_t>(r)]);
                }
            }
            blas::gemm<T>(blas::Transpose::yes, blas::Transpose::no, width, height, rank, T{1},
                          columns.data(), rank, rows.data(), rank, T{0},
                          out + row * right.rows() + column, right.rows());
        }
    }
}

#define TESSERA_INSTANTIATE(T)                                                                   \
    template void KhatriRao::panel<T>(Index, Index, Index, T*) const;                            \
    template void reconstruct<T>(const KhatriRao&, const std::vector<double>&, const KhatriRao&, \
                                 T*);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
