#include "tessera/method/nuclear_norm/patch_exchange.hpp"

#include <utility>

#include "tessera/parallel/agree.hpp"
#include "tessera/parallel/box_exchange.hpp"

namespace tessera {
namespace {

Box empty_box(int order) {
    const Extents zero = Extents::filled(order, 0);
    return {zero, zero};
}

// A part of a matrix in the order of its rows, and in the order of the tensor.
template <typename T>
void fold(const MatrixLayout::Unfolding& unfolding, const DeviceView<T>& rows, Index offset,
          const DeviceView<T>& box, bool into_rows) {
    Kokkos::parallel_for(
        "tessera::fold_matrix", Kokkos::RangePolicy<>(0, unfolding.box_shape.product()),
        KOKKOS_LAMBDA(Index entry) {
            const Index there = unfolding(entry);
            if (into_rows) {
                rows(offset + entry) = box(there);
            } else {
                box(there) = rows(offset + entry);
            }
        });
}

}  // namespace

PatchExchange::PatchExchange(Partition partition, MatrixLayout layout, ChainGroups groups)
    : partition_(std::move(partition)), layout_(std::move(layout)), groups_(std::move(groups)) {}

Range PatchExchange::own_rows() const {
    return layout_.part_rows(groups_.group().size(), groups_.group().rank());
}

Box PatchExchange::own_part(Index matrix, int group) const {
    const Range held = groups_.matrices(group);
    return group == groups_.own_number() && held.begin <= matrix && matrix < held.end
               ? layout_.part_box(matrix, groups_.group().size(), groups_.group().rank())
               : empty_box(layout_.shape().order());
}

template <typename T>
DeviceView<T> PatchExchange::gather(const DenseTensor<T>& tensor) const {
    const Communicator& group = groups_.group();
    const Range held = groups_.own_matrices();
    const MatrixLayout::Unfolding unfolding = layout_.unfolding(group.size(), group.rank());
    const Index entries = local_entries();
    DeviceView<T> result;
    DeviceView<T> box;
    agree(tensor.communicator(), [&] {
        result = allocate<T>("matrices", held.size() * entries);
        box = allocate<T>("matrix", entries);
    });
    for (Index matrix = 0; matrix < layout_.count(); ++matrix) {
        const Box wanted = own_part(matrix, groups_.own_number());
        const BoxExchange exchange(tensor.communicator(), tensor.box(), wanted);
        exchange.run<T>(tensor.block(), wanted.size() > 0 ? box : DeviceView<T>{});
        if (wanted.size() > 0) {
            fold(unfolding, result, (matrix - held.begin) * entries, box, true);
        }
    }
    return result;
}

Box PatchExchange::meeting(Index matrix) const {
    return intersection(partition_.box(), layout_.box(matrix));
}

void PatchExchange::collect(Index matrix, int group, const std::vector<DeviceView<double>>& fields,
                            const std::vector<DeviceView<double>>& targets) const {
    const Box held = own_part(matrix, group);
    const Communicator& ranks = groups_.group();
    const MatrixLayout::Unfolding unfolding = layout_.unfolding(ranks.size(), ranks.rank());
    const DeviceView<double> box = allocate<double>("matrix", held.size());
    const BoxExchange exchange(partition_.communicator(), held, meeting(matrix));
    for (std::size_t field = 0; field < fields.size(); ++field) {
        if (held.size() > 0) {
            const Index offset = (matrix - groups_.own_matrices().begin) * local_entries();
            fold(unfolding, fields[field], offset, box, false);
        }
        exchange.run<double>(box, targets[field]);
    }
}

template DeviceView<float> PatchExchange::gather(const DenseTensor<float>&) const;
template DeviceView<double> PatchExchange::gather(const DenseTensor<double>&) const;
template DeviceView<std::uint8_t> PatchExchange::gather(const DenseTensor<std::uint8_t>&) const;

}  // namespace tessera
