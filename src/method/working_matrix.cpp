#include "tessera/method/working_matrix.hpp"

#include <utility>

#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/redistribute.hpp"
#include "tessera/tensor/reductions.hpp"
#include "tessera/tensor/transform.hpp"

namespace tessera {
namespace {

Extents permuted_shape(const Extents& shape, const std::vector<int>& order) {
    Extents result = shape;
    for (int mode = 0; mode < shape.order(); ++mode) {
        result[mode] = shape[order[static_cast<std::size_t>(mode)]];
    }
    return result;
}

// Keeps the observation's own grid when that leaves the column modes whole; else a grid that does.
Partition working_partition(const Partition& original, const ColumnModes& modes) {
    const Extents shape = permuted_shape(original.shape(), modes.mode_order);
    const Extents dims = permuted_shape(original.grid().dims(), modes.mode_order);
    if (dims.product(modes.first, modes.last) == 1) {
        return {shape, ProcessGrid(original.communicator(), dims)};
    }
    return {shape, ProcessGrid::automatic(original.communicator(), shape, modes.row_modes())};
}

template <typename T>
DenseTensor<T> into_layout(const DenseTensor<T>& tensor, const std::vector<int>& order,
                           const Partition& target, bool permuted) {
    return permuted ? permute(tensor, order, target) : redistribute(tensor, target);
}

template <typename T>
DenseTensor<T> writable_copy(const DenseTensor<T>& tensor) {
    std::optional<DenseTensor<T>> result;
    agree(tensor.communicator(), [&] { result.emplace("working matrix", tensor.partition()); });
    copy(tensor, *result);
    return *result;
}

}  // namespace

template <typename T>
WorkingMatrix<T>::WorkingMatrix(const Problem<T>& problem, ColumnModes modes, bool writable)
    : original_(problem.observation.partition()),
      modes_(std::move(modes)),
      tensor_(into_layout(problem.observation, modes_.mode_order,
                          working_partition(original_, modes_), modes_.permuted())) {
    if (writable && tensor_.block().data() == problem.observation.block().data()) {
        tensor_ = writable_copy(tensor_);
    }
    if (problem.mask) {
        mask_ =
            into_layout(*problem.mask, modes_.mode_order, tensor_.partition(), modes_.permuted());
        host_mask_ = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), mask_->block());
    }
    host_ = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), tensor_.block());
}

template <typename T>
BlockPlace WorkingMatrix<T>::place(Index columns) const {
    // The column modes become one mode; the order of the array stays below 6 that way.
    const auto merged = [&](const Extents& extents, Index middle) {
        std::vector<Index> values;
        for (int mode = 0; mode < extents.order(); ++mode) {
            if (mode == modes_.first) {
                values.push_back(middle);
            } else if (mode < modes_.first || mode >= modes_.last) {
                values.push_back(extents[mode]);
            }
        }
        return Extents(values);
    };
    const Box& box = tensor_.box();
    return {merged(tensor_.shape(), columns), {merged(box.begin, 0), merged(box.end, columns)}};
}

template <typename T>
DenseTensor<T> WorkingMatrix<T>::like(const std::string& label) const {
    std::optional<DenseTensor<T>> result;
    agree(communicator(), [&] { result.emplace(label, tensor_.partition()); });
    return *result;
}

template <typename T>
DenseTensor<T> WorkingMatrix<T>::back(const DenseTensor<T>& tensor) const {
    if (!modes_.permuted()) {
        return redistribute(tensor, original_);
    }
    std::vector<int> inverse(modes_.mode_order.size());
    for (std::size_t place = 0; place < inverse.size(); ++place) {
        inverse[static_cast<std::size_t>(modes_.mode_order[place])] = static_cast<int>(place);
    }
    return permute(tensor, inverse, original_);
}

template class WorkingMatrix<float>;
template class WorkingMatrix<double>;

}  // namespace tessera
