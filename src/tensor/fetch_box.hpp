#pragma once

#include <string>

#include "tessera/parallel/agree.hpp"
#include "tessera/parallel/box_exchange.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera::detail {

/// The entries of the box that each rank wants, row-major (collective). Throws MemoryError on all
/// ranks when one has no room for its own.
template <typename T>
DeviceView<T> fetch_box(const DenseTensor<T>& tensor, const Box& wanted, const std::string& label) {
    DeviceView<T> values;
    agree(tensor.communicator(), [&] { values = allocate<T>(label, wanted.size()); });
    const BoxExchange exchange(tensor.communicator(), tensor.box(), wanted);
    exchange.run<T>(tensor.block(), values);
    return values;
}

/// Whether a box lies within a tensor of that shape.
inline bool lies_within(const Box& box, const Extents& shape) {
    return intersection(box, {Extents::filled(shape.order(), 0), shape}) == box;
}

}  // namespace tessera::detail
