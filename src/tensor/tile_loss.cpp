#include "tile_loss.hpp"

#include <Kokkos_Core.hpp>

namespace tessera::detail {
namespace {

using Rows = Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace, Kokkos::IndexType<Index>>;

/// Sums in several lanes, which the compiler may put side by side into registers.
constexpr int lanes = 16;

/// What judges an entry that is a part of a split observation.
SquaredLoss judge_of(const auto& /*loss*/) { return {}; }
PoissonLoss judge_of(const PoissonLoss& loss) { return loss; }

/// The plain case, all entries for training: in lanes.
template <typename T, typename Loss>
double derive_row(const Loss& loss, const T* __restrict values, Index columns,
                  T* __restrict model) {
    double sums[lanes] = {};
    Index column = 0;
    for (; column + lanes <= columns; column += lanes) {
        // Otherwise the compiler unrolls this loop before it looks for vectors.
#pragma omp simd
        for (int lane = 0; lane < lanes; ++lane) {
            double cost = 0.0;
            T slope{};
            loss(model[column + lane], values[column + lane], cost, slope);
            sums[lane] += cost;
            model[column + lane] = slope;
        }
    }
    double sum = 0.0;
    for (; column < columns; ++column) {
        double cost = 0.0;
        loss(model[column], values[column], cost, model[column]);
        sum += cost;
    }
    for (int half = lanes / 2; half > 0; half /= 2) {
        for (int lane = 0; lane < half; ++lane) {
            sums[lane] += sums[lane + half];
        }
    }
    return sum + sums[0];
}

/// Any case.
template <typename T, typename Loss>
FitSums derive_row(const Loss& loss, const FitData<T>& data, const OutlierTerm<T>& outliers,
                   Index offset, Index columns, T* model) {
    FitSums sums;
    const auto judge = judge_of(loss);
    for (Index column = 0; column < columns; ++column) {
        const Index at = offset + column;
        const auto role =
            data.roles == nullptr ? EntryRole::training : static_cast<EntryRole>(data.roles[at]);
        const T x = model[column];
        if (role != EntryRole::training) {
            if (role == EntryRole::held_out) {
                double cost = 0.0;
                T unused{};
                if (outliers.grown != nullptr) {
                    // It has no term of its own, and may be a gross error.
                    AbsoluteLoss{}(x, data.values[at], cost, unused);
                } else {
                    loss(x, data.values[at], cost, unused);
                }
                sums.validation += cost;
            }
            model[column] = T{0};
            continue;
        }
        T outlier{0};
        if (outliers.grown != nullptr) {
            outlier =
                outliers.grown[at] * outliers.grown[at] - outliers.shrunk[at] * outliers.shrunk[at];
        }
        double cost = 0.0;
        T slope{};
        loss(x + outlier, data.values[at], cost, slope);
        sums.training += cost;
        model[column] = slope;
        if (outliers.grown != nullptr) {
            const T step = static_cast<T>(outliers.step) * (slope + slope);
            outliers.grown[at] -= step * outliers.grown[at];
            outliers.shrunk[at] += step * outliers.shrunk[at];
        }
        if (data.observation != nullptr) {
            const auto share = static_cast<T>(data.share);
            const T other = (data.observation[at] - share * data.values[at]) / (T{1} - share);
            T unused{};
            judge(x, other, cost, unused);
            sums.validation += cost;
        }
    }
    return sums;
}

}  // namespace

template <typename T>
FitSums derive_tile(const TileEntries<T>& tile, const FitData<T>& data, const EntryLoss& loss,
                    const OutlierTerm<T>& outliers) {
    const bool plain =
        data.roles == nullptr && data.observation == nullptr && outliers.grown == nullptr;
    FitSums sums;
    with_loss(loss, [&](const auto& callable) {
        Kokkos::parallel_reduce(
            "tessera::tile_loss", Rows(0, tile.rows),
            [=](Index row, double& training, double& validation) {
                const Index offset = tile.offset + row * tile.stride;
                T* model = tile.model + row * tile.columns;
                if (plain) {
                    training += derive_row(callable, data.values + offset, tile.columns, model);
                    return;
                }
                const FitSums own =
                    derive_row(callable, data, outliers, offset, tile.columns, model);
                training += own.training;
                validation += own.validation;
            },
            sums.training, sums.validation);
    });
    return sums;
}

template <typename T>
FitSums derive_entry(const FitData<T>& data, const EntryLoss& loss, const OutlierTerm<T>& outliers,
                     Index at, T& model) {
    FitSums sums;
    with_loss(loss, [&](const auto& callable) {
        sums = derive_row(callable, data, outliers, at, Index{1}, &model);
    });
    return sums;
}

#define TESSERA_INSTANTIATE(T)                                                                   \
    template FitSums derive_tile<T>(const TileEntries<T>&, const FitData<T>&, const EntryLoss&,  \
                                    const OutlierTerm<T>&);                                      \
    template FitSums derive_entry<T>(const FitData<T>&, const EntryLoss&, const OutlierTerm<T>&, \
                                     Index, T&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera::detail
