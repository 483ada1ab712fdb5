#include "tessera/tensor/dense_tensor.hpp"

#include <cstdint>
#include <utility>

#include "tessera/base/error.hpp"

namespace tessera {

template <typename T>
DenseTensor<T>::DenseTensor(std::string label, Partition partition)
    : label_(std::move(label)),
      partition_(std::move(partition)),
      box_(partition_.box()),
      block_(allocate<T>(label_, box_.size())) {}

template <typename T>
DenseTensor<T>::DenseTensor(std::string label, Partition partition, DeviceView<T> block)
    : label_(std::move(label)),
      partition_(std::move(partition)),
      box_(partition_.box()),
      block_(std::move(block)) {
    TESSERA_ASSERT(static_cast<Index>(block_.size()) == box_.size(),
                   "the block of \"" + label_ + "\" must have " + std::to_string(box_.size()) +
                       " entries, not " + std::to_string(block_.size()));
}

template class DenseTensor<float>;
template class DenseTensor<double>;
template class DenseTensor<std::uint8_t>;

}  // namespace tessera
