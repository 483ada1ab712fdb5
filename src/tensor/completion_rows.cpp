#include "tessera/tensor/completion_rows.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>

#include "fibre_kernels.hpp"

namespace tessera {
namespace {

using detail::FibreForest;
using detail::load_pack;
using detail::Pack;
using detail::pack_width;
using detail::store_pack;
using Teams = Kokkos::TeamPolicy<Kokkos::DefaultExecutionSpace, Kokkos::Schedule<Kokkos::Dynamic>>;
using Scratch = Kokkos::View<double*, Kokkos::DefaultExecutionSpace::scratch_memory_space,
                             Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

/// Hadamard rows are collected and added to the Gram matrix so many at a time: they stay in the
/// first cache, and the matrix is read and written once per batch.
constexpr int batch = 64;

/// A task's Hadamard rows, and its normal equations with the full square matrix, in scratch memory.
struct Workspace {
    double* prefix;  ///< one row per height, the product of the rows above
    double* rows;    ///< batch x stride
    double* values;  ///< batch
    double* gram;    ///< stride x stride; the blocks of packs on and below the diagonal count
    double* right;   ///< stride
    Index stride;
    int collected;

    [[nodiscard]] static std::size_t size(Index stride) {
        return static_cast<std::size_t>(max_order * stride + batch * stride + batch +
                                        stride * stride + stride);
    }
    KOKKOS_INLINE_FUNCTION Workspace(double* memory, Index row_stride)
        : prefix(memory),
          rows(prefix + max_order * row_stride),
          values(rows + batch * row_stride),
          gram(values + batch),
          right(gram + row_stride * row_stride),
          stride(row_stride),
          collected(0) {}
};

/// gram(8 a .., 8 b ..) += the collected rows' products.
KOKKOS_INLINE_FUNCTION void add_block(const Workspace& work, Index a, Index b) {
    Pack sums[pack_width] = {};
    for (int entry = 0; entry < work.collected; ++entry) {
        const double* row = work.rows + entry * work.stride;
        const Pack columns = load_pack(row + b);
        for (int i = 0; i < pack_width; ++i) {
            sums[i] += row[a + i] * columns;
        }
    }
    for (int i = 0; i < pack_width; ++i) {
        double* to = work.gram + (a + i) * work.stride + b;
        Pack sum = load_pack(to);
        sum += sums[i];
        store_pack(to, sum);
    }
}

KOKKOS_INLINE_FUNCTION void add_collected(Workspace& work) {
    for (Index a = 0; a < work.stride; a += pack_width) {
        for (Index b = 0; b <= a; b += pack_width) {
            add_block(work, a, b);
        }
        Pack right = load_pack(work.right + a);
        for (int entry = 0; entry < work.collected; ++entry) {
            right += work.values[entry] * load_pack(work.rows + entry * work.stride + a);
        }
        store_pack(work.right + a, right);
    }
    work.collected = 0;
}

/// Collects the Hadamard rows of all entries below nodes first..last-1 of a height; `above` is the
/// product of the rows above them.
template <int height, typename T>
KOKKOS_INLINE_FUNCTION void collect(const FibreForest<T>& forest, std::uint32_t first,
                                    std::uint32_t last, const double* above, Workspace& work) {
    for (std::uint32_t node = first; node < last; ++node) {
        const double* row = forest.row(height, node);
        double* product = height > 0 ? work.prefix + height * work.stride
                                     : work.rows + work.collected * work.stride;
        for (Index column = 0; column < work.stride; column += pack_width) {
            store_pack(product + column, load_pack(above + column) * load_pack(row + column));
        }
        if constexpr (height > 0) {
            collect<height - 1>(forest, forest.begin[height][node], forest.begin[height][node + 1],
                                product, work);
        } else {
            work.values[work.collected++] = static_cast<double>(forest.values[node]);
            if (work.collected == batch) {
                add_collected(work);
            }
        }
    }
}

KOKKOS_INLINE_FUNCTION void write_packed(const Workspace& work, Index rank, double* to) {
    for (Index i = 0; i < rank; ++i) {
        for (Index j = 0; j <= i; ++j) {
            *to++ = work.gram[i * work.stride + j];
        }
    }
    for (Index i = 0; i < rank; ++i) {
        *to++ = work.right[i];
    }
}

/// The normal equations of tasks first..first + count - 1, packed, one after the other.
template <int height, typename T>
void run_tasks(const FibreForest<T>& forest, Index first, Index count, Index rank,
               double* partial) {
    const Index stride = forest.stride;
    const std::size_t size = Workspace::size(stride);
    const Index packed_size = normal_equations_size(rank);
    const auto policy = Teams(static_cast<int>(count), 1)
                            .set_scratch_size(1, Kokkos::PerTeam(Scratch::shmem_size(size)));
    Kokkos::parallel_for(
        "tessera::normal_equations", policy, KOKKOS_LAMBDA(const Teams::member_type& team) {
            const Scratch memory(team.team_scratch(1), size);
            Workspace work(memory.data(), stride);
            double* ones = work.prefix + (height + 1) * stride;
            for (Index i = 0; i < stride; ++i) {
                ones[i] = 1.0;
            }
            for (Index i = 0; i < stride * stride + stride; ++i) {
                work.gram[i] = 0.0;  // and the right-hand side behind it
            }
            const auto task = forest.tasks[first + team.league_rank()];
            collect<height>(forest, task.first, task.last, ones, work);
            add_collected(work);
            write_packed(work, rank,
                         partial + static_cast<Index>(team.league_rank()) * packed_size);
        });
}

/// In-place L L^T of a packed matrix. Rows of L whose pivot vanishes are set to 0, with a pivot of
/// 0.
void factorise(double* matrix, Index rank, double least_pivot) {
    for (Index i = 0; i < rank; ++i) {
        double* row = matrix + i * (i + 1) / 2;
        for (Index j = 0; j <= i; ++j) {
            const double* other = matrix + j * (j + 1) / 2;
            double sum = row[j];
            for (Index k = 0; k < j; ++k) {
                sum -= row[k] * other[k];
            }
            if (j < i) {
                row[j] = other[j] > 0.0 ? sum / other[j] : 0.0;
            } else {
                row[i] = sum > least_pivot ? std::sqrt(sum) : 0.0;
            }
        }
    }
}

/// x = (L L^T)^-1 b, with 0 where a pivot is 0.
void substitute(const double* factor, Index rank, const double* b, double* x) {
    for (Index i = 0; i < rank; ++i) {
        const double* row = factor + i * (i + 1) / 2;
        double sum = b[i];
        for (Index k = 0; k < i; ++k) {
            sum -= row[k] * x[k];
        }
        x[i] = row[i] > 0.0 ? sum / row[i] : 0.0;
    }
    for (Index i = rank - 1; i >= 0; --i) {
        const double pivot = factor[i * (i + 1) / 2 + i];
        x[i] = pivot > 0.0 ? x[i] / pivot : 0.0;
        for (Index k = 0; k < i; ++k) {
            x[k] -= factor[i * (i + 1) / 2 + k] * x[i];
        }
    }
}

Explained solve_row(double* equations, Index rank, double ridge, double* x) {
    constexpr double relative_pivot = 1e-13;
    double largest = 0.0;
    for (Index i = 0; i < rank; ++i) {
        double& diagonal = equations[i * (i + 1) / 2 + i];
        diagonal += ridge;
        largest = std::max(largest, diagonal);
    }
    const double* right = equations + rank * (rank + 1) / 2;
    factorise(equations, rank, relative_pivot * largest);
    substitute(equations, rank, right, x);
    Explained explained;
    double product = 0.0;
    for (Index i = 0; i < rank; ++i) {
        product += x[i] * right[i];
        explained.ridge += x[i] * x[i];
    }
    // (G + ridge I) x = b, so x^T G x = x^T b - ridge x^T x.
    explained.fitted = product + ridge * explained.ridge;
    return explained;
}

}  // namespace

template <typename T>
void normal_equations(const CompressedFibres<T>& fibres, const std::vector<const double*>& factors,
                      Index rank, Index first, Index last, double* out) {
    std::vector<const double*> others = factors;
    others[static_cast<std::size_t>(fibres.mode())] = nullptr;
    const detail::PaddedFactors padded(others, fibres.block_shape, rank);
    const FibreForest<T> forest = detail::forest_of(fibres, padded);
    const auto root_at = [&](Index row) {
        return static_cast<std::size_t>(
            std::lower_bound(fibres.root_rows.begin(), fibres.root_rows.end(), row) -
            fibres.root_rows.begin());
    };
    const std::size_t first_root = root_at(first);
    const std::size_t last_root = root_at(last);
    const Index first_task = fibres.task_begin[first_root];
    const Index tasks = static_cast<Index>(fibres.task_begin[last_root]) - first_task;
    const Index size = normal_equations_size(rank);
    const DeviceView<double> partial = allocate<double>("normal equations of tasks", tasks * size);
    if (tasks > 0) {
        detail::with_constant(fibres.order() - 1, [&](auto order_below) {
            run_tasks<decltype(order_below)::value - 1>(forest, first_task, tasks, rank,
                                                        partial.data());
        });
    }
    const auto sums = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), partial);
    std::fill_n(out, (last - first) * size, 0.0);
    for (std::size_t root = first_root; root < last_root; ++root) {
        double* to = out + (static_cast<Index>(fibres.root_rows[root]) - first) * size;
        for (Index task = fibres.task_begin[root]; task < fibres.task_begin[root + 1]; ++task) {
            const double* from = sums.data() + (task - first_task) * size;
            for (Index i = 0; i < size; ++i) {
                to[i] += from[i];
            }
        }
    }
}

Explained solve_rows(double* equations, Index rows, Index rank, double ridge, double* x) {
    Explained total;
    using Rows = Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace, Kokkos::IndexType<Index>>;
    Kokkos::parallel_reduce(
        "tessera::solve_rows", Rows(0, rows),
        [=](const Index row, double& fitted, double& squares) {
            const Explained own = solve_row(equations + row * normal_equations_size(rank), rank,
                                            ridge, x + row * rank);
            fitted += own.fitted;
            squares += own.ridge;
        },
        total.fitted, total.ridge);
    return total;
}

#define TESSERA_INSTANTIATE(T)                                                                    \
    template void normal_equations(const CompressedFibres<T>&, const std::vector<const double*>&, \
                                   Index, Index, Index, double*);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
