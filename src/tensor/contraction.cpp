#include "tessera/tensor/contraction.hpp"

#include <algorithm>
#include <functional>

#include "fetch_box.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/linalg/slab_kernels.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/parallel/part_collectives.hpp"
#include "tessera/tensor/unfolding.hpp"

namespace tessera {
namespace {

void check_mode(const Extents& shape, int mode) {
    if (mode < 0 || mode >= shape.order()) {
        throw UsageError("Mode " + std::to_string(mode) +
                         " was asked for of a tensor with modes 0 to " +
                         std::to_string(shape.order() - 1) + ".");
    }
}

Communicator along_mode(const ProcessGrid& grid, int mode) {
    std::vector<bool> modes(static_cast<std::size_t>(grid.order()), false);
    modes[static_cast<std::size_t>(mode)] = true;
    return grid.along(modes);
}

template <typename T>
auto on_host(const DeviceView<T>& device) {
    return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), device);
}

/// Columns `columns` and rows `rows` of w, transposed: what `multiply` takes.
Matrix transposed_part(const Matrix& w, Range rows, Range columns) {
    Matrix part(columns.size(), rows.size());
    for (Index j = 0; j < rows.size(); ++j) {
        for (Index m = 0; m < columns.size(); ++m) {
            part(m, j) = w(rows.begin + j, columns.begin + m);
        }
    }
    return part;
}

/// out = block times w along the mode, of any size, also 0.
template <typename T>
void multiply_block(SlabMatrix<const T> block, const Matrix& w, SlabMatrix<T> out) {
    if (block.columns == 0) {
        std::fill_n(out.data, out.rows() * out.columns, T{0});
    } else if (out.rows() > 0 && out.columns > 0) {
        multiply(block, w, out);
    }
}

/// Adds up symmetric matrices of all ranks. Only one triangle travels: MPI may add up different
/// entries in different orders, and the sum would not be quite symmetric.
void sum_symmetric(const Communicator& communicator, Matrix& matrix) {
    std::vector<double> triangle;
    for (Index j = 0; j < matrix.columns; ++j) {
        for (Index i = 0; i <= j; ++i) {
            triangle.push_back(matrix(i, j));
        }
    }
    communicator.sum_in_place(triangle.data(), static_cast<Index>(triangle.size()));
    auto entry = triangle.begin();
    for (Index j = 0; j < matrix.columns; ++j) {
        for (Index i = 0; i <= j; ++i) {
            matrix(i, j) = *entry;
            matrix(j, i) = *entry++;
        }
    }
}

/// Packs rows begin..end-1 of a block's unfolding, column by column.
template <typename T>
void pack_rows(const Unfolding& shape, const DeviceView<T>& block, Range rows, T* target) {
    const Index count = rows.size();
    const Index begin = rows.begin;
    const Index middle = shape.middle;
    const Index right = shape.right;
    Kokkos::parallel_for(
        "tessera::pack_rows", Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace>(0, middle * count),
        KOKKOS_LAMBDA(Index entry) {
            const Index m = entry / count;
            const Index row = begin + entry % count;
            target[entry] = block(((row / right) * middle + m) * right + row % right);
        });
}

/// Gram matrix where the ranks of `along` hold different columns of the same rows. The rows are
/// shared out among them and fetched, part by part: each entry travels at most once, whereas blocks
/// going round in a ring would travel (ranks / 2) times; and the flops are shared out evenly.
template <typename T>
class SplitGram {
  public:
    SplitGram(const DenseTensor<T>& tensor, int mode, const Communicator& along,
              Index fetched_entries)
        : tensor_(tensor),
          along_(along),
          block_(tensor.block_shape(), mode, mode + 1),
          rows_(even_parts(along, block_.rows())),
          columns_(even_parts(along, tensor.shape()[mode])),
          step_(std::max<Index>(1, fetched_entries / tensor.shape()[mode])) {
        // Every part has as many rows to fetch as the first one, or one less.
        largest_part_ = rows_[1];
        const Index step = std::min(step_, largest_part_);
        agree(tensor.communicator(), [&] {
            packed_ = allocate<T>("tessera packed rows", block_.middle * step * along_.size());
            fetched_ = allocate_host<T>("tessera fetched rows", columns_.back() * step);
        });
        staged_ = Kokkos::create_mirror_view(packed_);
    }

    Matrix operator()() {
        Matrix sum(columns_.back(), columns_.back());
        for (Index begin = 0; begin < largest_part_; begin += step_) {
            const Index count = exchange(begin);
            if (count > 0) {
                const Matrix part =
                    gram(SlabMatrix<const T>{fetched_.data(), 1, columns_.back(), count});
                std::transform(part.values.begin(), part.values.end(), sum.values.begin(),
                               sum.values.begin(), std::plus<>());
            }
        }
        return sum;
    }

  private:
    /// Rows begin..begin+step-1 of a rank's part, as far as they go.
    [[nodiscard]] Range step_of(int rank, Index begin) const {
        const auto part = static_cast<std::size_t>(rank);
        const Index first = std::min(rows_[part] + begin, rows_[part + 1]);
        return {first, std::min(first + step_, rows_[part + 1])};
    }

    /// Fetches this step's rows, all columns one after the other; returns how many rows.
    Index exchange(Index begin) {
        std::vector<int> send_counts, send_offsets, receive_counts, receive_offsets;
        const Index own_count = step_of(along_.rank(), begin).size();
        Index sent = 0;
        for (int rank = 0; rank < along_.size(); ++rank) {
            const Range rows = step_of(rank, begin);
            pack_rows(block_, tensor_.block(), rows, packed_.data() + sent);
            send_offsets.push_back(static_cast<int>(sent));
            send_counts.push_back(static_cast<int>(rows.size() * block_.middle));
            sent += rows.size() * block_.middle;
            const auto part = static_cast<std::size_t>(rank);
            receive_offsets.push_back(static_cast<int>(columns_[part] * own_count));
            receive_counts.push_back(
                static_cast<int>((columns_[part + 1] - columns_[part]) * own_count));
        }
        Kokkos::fence("tessera: packed rows before messages");
        Kokkos::deep_copy(staged_, packed_);
        check_mpi(MPI_Alltoallv(staged_.data(), send_counts.data(), send_offsets.data(),
                                mpi_type<T>(), fetched_.data(), receive_counts.data(),
                                receive_offsets.data(), mpi_type<T>(), along_.handle()),
                  "MPI_Alltoallv");
        return own_count;
    }

    const DenseTensor<T>& tensor_;
    const Communicator& along_;
    Unfolding block_;
    PartOffsets rows_;     ///< of the block's rows, over the ranks of `along`
    PartOffsets columns_;  ///< of all columns, likewise
    Index step_;
    Index largest_part_ = 0;
    DeviceView<T> packed_;
    HostView<T> staged_;  ///< packed_ where MPI can read it
    HostView<T> fetched_;
};

/// The result has more slices than the tensor, and the mode is split: the tensor's slices travel,
/// not the result's.
template <typename T>
DenseTensor<T> expand_split_mode(const DenseTensor<T>& tensor, int mode, const Matrix& w,
                                 const Partition& partition, const std::string& label) {
    std::vector<DenseTensor<T>> result;
    agree(tensor.communicator(), [&] { result.emplace_back(label, partition); });
    const Box& own = result.front().box();
    Box needed = own;
    if (own.size() > 0) {
        needed.begin[mode] = 0;
        needed.end[mode] = w.columns;
    }
    const auto source = on_host(detail::fetch_box(tensor, needed, "tessera fetched slices"));
    const auto target = Kokkos::create_mirror_view(result.front().block());
    const Unfolding block(needed.shape(), mode, mode + 1);
    if (own.size() > 0) {
        const Range rows{own.begin[mode], own.end[mode]};
        multiply_block(SlabMatrix<const T>{source.data(), block.left, block.middle, block.right},
                       transposed_part(w, rows, {0, w.columns}),
                       SlabMatrix<T>{target.data(), block.left, rows.size(), block.right});
    }
    Kokkos::deep_copy(result.front().block(), target);
    return result.front();
}

}  // namespace

template <typename T>
DenseTensor<T> tensor_times_matrix(const DenseTensor<T>& tensor, int mode, const Matrix& w,
                                   const std::string& label) {
    Phase phase("tensor/times_matrix");
    check_mode(tensor.shape(), mode);
    if (w.columns != tensor.shape()[mode] || w.rows < 1) {
        throw UsageError("A " + std::to_string(w.rows) + " x " + std::to_string(w.columns) +
                         " matrix cannot multiply mode " + std::to_string(mode) + " of a " +
                         tensor.shape().to_string() + " tensor: it needs " +
                         std::to_string(tensor.shape()[mode]) + " columns.");
    }
    Extents shape = tensor.shape();
    shape[mode] = w.rows;
    const Partition partition(shape, tensor.partition().grid());
    const Communicator along = along_mode(partition.grid(), mode);
    if (along.size() > 1 && w.rows > w.columns) {
        return expand_split_mode(tensor, mode, w, partition, label);
    }
    const Unfolding block(tensor.block_shape(), mode, mode + 1);
    const PartOffsets slices = even_parts(along, w.rows);
    PartOffsets offsets;
    for (const Index slice : slices) {
        offsets.push_back(slice * block.rows());
    }

    std::vector<DenseTensor<T>> result;
    HostView<T> parts;
    agree(tensor.communicator(), [&] {
        result.emplace_back(label, partition);
        if (along.size() > 1) {
            parts = allocate_host<T>("tessera partial products", offsets.back());
        }
    });
    const auto target = Kokkos::create_mirror_view(result.front().block());
    const auto source = on_host(tensor.block());
    const SlabMatrix<const T> slabs{source.data(), block.left, block.middle, block.right};
    const Range columns{tensor.box().begin[mode], tensor.box().end[mode]};
    const auto form = [&](std::size_t rank, T* out) {
        const Range rows{slices[rank], slices[rank + 1]};
        multiply_block(slabs, transposed_part(w, rows, columns),
                       SlabMatrix<T>{out, block.left, rows.size(), block.right});
    };
    if (along.size() == 1) {
        form(0, target.data());
    } else {
        for (std::size_t rank = 0; rank + 1 < slices.size(); ++rank) {
            form(rank, parts.data() + offsets[rank]);
        }
        reduce_scatter_parts(along, offsets, static_cast<const T*>(parts.data()), target.data());
    }
    Kokkos::deep_copy(result.front().block(), target);
    return result.front();
}

template <typename T>
Matrix unfolding_gram(const DenseTensor<T>& tensor, int mode, Index fetched_entries) {
    Phase phase("tensor/gram");
    check_mode(tensor.shape(), mode);
    const Communicator along = along_mode(tensor.partition().grid(), mode);
    const Unfolding block(tensor.block_shape(), mode, mode + 1);
    Matrix sum(tensor.shape()[mode], tensor.shape()[mode]);
    if (along.size() > 1) {
        sum = SplitGram<T>(tensor, mode, along, fetched_entries)();
    } else if (block.rows() > 0) {
        const auto source = on_host(tensor.block());
        sum = gram(SlabMatrix<const T>{source.data(), block.left, block.middle, block.right});
    }
    sum_symmetric(tensor.communicator(), sum);
    return sum;
}

#define TESSERA_INSTANTIATE(T)                                                                \
    template DenseTensor<T> tensor_times_matrix<T>(const DenseTensor<T>&, int, const Matrix&, \
                                                   const std::string&);                       \
    template Matrix unfolding_gram<T>(const DenseTensor<T>&, int, Index);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
