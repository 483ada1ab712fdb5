#include "tessera/tensor/sparse_products.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>

#include "fibre_kernels.hpp"
#include "tessera/base/error.hpp"
#include "tessera/parallel/strided_copy.hpp"
#include "view_copies.hpp"

namespace tessera {
namespace {

using detail::FibreForest;
using detail::load_pack;
using detail::Pack;
using detail::pack_width;
using detail::store_pack;
using Dynamic = Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace,
                                    Kokkos::Schedule<Kokkos::Dynamic>, Kokkos::IndexType<Index>>;
using Items = Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>;

/// sum += for all nodes first..last-1 of a height, their rows times what lies below them; of the
/// columns of `packs` packs from `column` on.
template <int height, int packs, typename T>
KOKKOS_INLINE_FUNCTION void add_subtrees(const FibreForest<T>& forest, std::uint32_t first,
                                         std::uint32_t last, Index column, Pack (&sum)[packs]) {
    for (std::uint32_t node = first; node < last; ++node) {
        const double* row = forest.row(height, node) + column;
        if constexpr (height == 0) {
            const auto value = static_cast<double>(forest.values[node]);
            for (int p = 0; p < packs; ++p) {
                sum[p] += value * load_pack(row + p * pack_width);
            }
        } else {
            Pack below[packs] = {};
            add_subtrees<height - 1, packs>(forest, forest.begin[height][node],
                                            forest.begin[height][node + 1], column, below);
            for (int p = 0; p < packs; ++p) {
                sum[p] += below[p] * load_pack(row + p * pack_width);
            }
        }
    }
}

/// Some packs of a task's result.
template <int height, int packs, typename T>
KOKKOS_INLINE_FUNCTION void run_columns(const FibreForest<T>& forest, Index task, Index column,
                                        double* to) {
    Pack sum[packs] = {};
    add_subtrees<height, packs>(forest, forest.tasks[task].first, forest.tasks[task].last, column,
                                sum);
    for (int p = 0; p < packs; ++p) {
        store_pack(to + column + p * pack_width, sum[p]);
    }
}

/// The tasks' results, a padded row each.
template <int height, typename T>
void run_tasks(const FibreForest<T>& forest, Index tasks, double* partial) {
    const Index stride = forest.stride;
    Kokkos::parallel_for(
        "tessera::sparse_mttkrp", Dynamic(0, tasks), KOKKOS_LAMBDA(const Index task) {
            double* to = partial + task * stride;
            Index column = 0;
            for (; column + 2 * pack_width <= stride; column += 2 * pack_width) {
                run_columns<height, 2>(forest, task, column, to);
            }
            if (column < stride) {
                run_columns<height, 1>(forest, task, column, to);
            }
        });
}

}  // namespace

template <typename T>
void sparse_mttkrp(const CompressedFibres<T>& fibres, const std::vector<const double*>& factors,
                   Index rank, double* out) {
    std::vector<const double*> others = factors;
    others[static_cast<std::size_t>(fibres.mode())] = nullptr;
    const detail::PaddedFactors padded(others, fibres.block_shape, rank);
    const FibreForest<T> forest = detail::forest_of(fibres, padded);
    const auto tasks = static_cast<Index>(fibres.tasks.size());
    const DeviceView<double> partial = allocate<double>("task sums", tasks * padded.stride());
    detail::with_constant(fibres.order() - 1, [&](auto order_below) {
        run_tasks<decltype(order_below)::value - 1>(forest, tasks, partial.data());
    });
    const auto sums = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), partial);
    std::fill_n(out, fibres.rows() * rank, 0.0);
    for (std::size_t root = 0; root < fibres.root_rows.size(); ++root) {
        double* row = out + static_cast<Index>(fibres.root_rows[root]) * rank;
        for (Index task = fibres.task_begin[root]; task < fibres.task_begin[root + 1]; ++task) {
            const double* part = sums.data() + task * padded.stride();
            for (Index r = 0; r < rank; ++r) {
                row[r] += part[r];
            }
        }
    }
}

template <typename T>
void predict_entries(const SparseTensor<T>& tensor, const std::vector<const double*>& factors,
                     Index rank, double* estimates) {
    const detail::PaddedFactors padded(factors, tensor.box().shape(), rank);
    Kokkos::Array<const double*, max_order> rows{};
    for (int mode = 0; mode < tensor.order(); ++mode) {
        rows[static_cast<std::size_t>(mode)] = padded.rows(mode);
    }
    const int order = tensor.order();
    const Index stride = padded.stride();
    const SparseCoordinates coordinates = tensor.coordinates();
    const DeviceView<double> predicted = allocate<double>("predictions", tensor.local_count());
    double* to = predicted.data();
    Kokkos::parallel_for(
        "tessera::predict_entries", Items(0, tensor.local_count()),
        KOKKOS_LAMBDA(const Index entry) {
            Pack sum{};
            for (Index column = 0; column < stride; column += pack_width) {
                Pack product = load_pack(rows[0] + coordinates(0, entry) * stride + column);
                for (int mode = 1; mode < order; ++mode) {
                    product = product * load_pack(rows[static_cast<std::size_t>(mode)] +
                                                  coordinates(mode, entry) * stride + column);
                }
                sum += product;
            }
            double total = 0.0;
            for (int lane = 0; lane < pack_width; ++lane) {
                total += sum[lane];
            }
            to[entry] = total;
        });
    Kokkos::deep_copy(Kokkos::View<double*, Kokkos::HostSpace>(
                          estimates, static_cast<std::size_t>(tensor.local_count())),
                      predicted);
}

template <typename T>
std::vector<double> sample_entries(const DenseTensor<T>& tensor, const SparseTensor<T>& at) {
    TESSERA_ASSERT(tensor.box() == at.box(), "both tensors lie on one partition");
    const Extents strides = row_major_strides(tensor.block_shape());
    const SparseCoordinates coordinates = at.coordinates();
    const T* entries = tensor.block().data();
    const DeviceView<double> sampled = allocate<double>("sampled entries", at.local_count());
    double* to = sampled.data();
    const int order = tensor.order();
    Kokkos::parallel_for(
        "tessera::sample_entries", Items(0, at.local_count()), KOKKOS_LAMBDA(const Index entry) {
            Index offset = 0;
            for (int mode = 0; mode < order; ++mode) {
                offset += coordinates(mode, entry) * strides[mode];
            }
            to[entry] = static_cast<double>(entries[offset]);
        });
    return detail::to_host(sampled);
}

#define TESSERA_INSTANTIATE(T)                                                                 \
    template void sparse_mttkrp(const CompressedFibres<T>&, const std::vector<const double*>&, \
                                Index, double*);                                               \
    template void predict_entries(const SparseTensor<T>&, const std::vector<const double*>&,   \
                                  Index, double*);                                             \
    template std::vector<double> sample_entries(const DenseTensor<T>&, const SparseTensor<T>&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
