#include "slab_stream.hpp"

#include <Kokkos_Core.hpp>
#include <utility>

#include "stored_number.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/parallel/box_exchange.hpp"
#include "tessera/parallel/strided_copy.hpp"

namespace tessera {
namespace {

Extents permuted(const Extents& shape, const std::vector<int>& modes) {
    Extents result = shape;
    for (int place = 0; place < shape.order(); ++place) {
        result[place] = shape[modes[static_cast<std::size_t>(place)]];
    }
    return result;
}

/// `stride[place]`: distance in the source of neighbours along that mode of the file.
template <typename Stored, typename T>
void pack(const DeviceView<T>& source, const Extents& shape, const Extents& stride,
          Stored* target) {
    Kokkos::parallel_for(
        "tessera::io::pack_slab",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>(
            0, shape.product()),
        KOKKOS_LAMBDA(const Index entry) {
            const Extents at = row_major_position(entry, shape);
            Index offset = 0;
            for (int place = 0; place < shape.order(); ++place) {
                offset += at[place] * stride[place];
            }
            target[entry] = stored_number<Stored>(source(offset));
        });
    Kokkos::fence("tessera::io::pack_slab");
}

template <typename View>
void grow(View& view, const char* label, Index entries) {
    if (static_cast<Index>(view.extent(0)) < entries) {
        view = View();
        view = detail::allocate_view<View>(label, entries);
    }
}

}  // namespace

template <typename T>
SlabStream<T>::SlabStream(const DenseTensor<T>& tensor, std::vector<int> modes, NumberType type,
                          bool one_writer, Index slab_entries)
    : tensor_(tensor),
      modes_(std::move(modes)),
      type_(type),
      one_writer_(one_writer),
      stored_shape_(permuted(tensor.shape(), modes_)),
      pieces_({Extents::filled(tensor.order(), 0), stored_shape_}, slab_entries) {}

template <typename T>
Index SlabStream<T>::rounds() const {
    const Index writers = one_writer_ ? 1 : tensor_.communicator().size();
    return (pieces_.count() + writers - 1) / writers;
}

template <typename T>
Box SlabStream<T>::tensor_box(const Box& stored) const {
    Box box = stored;
    for (int place = 0; place < stored.begin.order(); ++place) {
        const int mode = modes_[static_cast<std::size_t>(place)];
        box.begin[mode] = stored.begin[place];
        box.end[mode] = stored.end[place];
    }
    return box;
}

template <typename T>
Slab SlabStream<T>::next() {
    const Communicator& communicator = tensor_.communicator();
    const bool writes = !one_writer_ || communicator.rank() == 0;
    const Index writers = one_writer_ ? 1 : communicator.size();
    Slab slab;
    slab.number = writes ? round_ * writers + communicator.rank() : pieces_.count();
    ++round_;
    slab.stored = pieces_.piece(slab.number);
    slab.entries = slab.stored.size();
    slab.first = slab.entries > 0 ? row_major_offset(slab.stored.begin, stored_shape_) : 0;

    const auto entry_bytes = static_cast<Index>(size_of(type_));
    agree(communicator, [&] {
        grow(fetched_, "tessera::io::slab", slab.entries);
        grow(packed_, "tessera::io::slab, as it is written", slab.entries * entry_bytes);
        if (packed_.extent(0) > host_.extent(0)) {
            host_ = Kokkos::create_mirror_view(Kokkos::WithoutInitializing, packed_);
        }
    });
    const Box wanted = tensor_box(slab.stored);
    const BoxExchange exchange(communicator, tensor_.box(), wanted);
    exchange.template run<T>(
        tensor_.block(), DeviceView<T>(fetched_.data(), static_cast<std::size_t>(slab.entries)));
    if (slab.entries > 0) {
        const Extents stride = permuted(row_major_strides(wanted.shape()), modes_);
        with_type(type_, [&](auto zero) {
            using Stored = decltype(zero);
            pack(fetched_, slab.stored.shape(), stride, reinterpret_cast<Stored*>(packed_.data()));
        });
        Kokkos::deep_copy(host_, packed_);
        slab.values = reinterpret_cast<const std::byte*>(host_.data());
    }
    return slab;
}

template class SlabStream<float>;
template class SlabStream<double>;

}  // namespace tessera
