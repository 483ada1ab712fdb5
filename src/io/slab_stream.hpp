#pragma once

#include <cstdint>
#include <vector>

#include "box_pieces.hpp"
#include "tessera/io/number_type.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// A part of a tensor that lies in one run in a file.
struct Slab {
    Index number = 0;  ///< slabs are counted from the beginning of the file
    Box stored;        ///< its box, modes in the file's order; empty when the rank has none
    Index first = 0;   ///< entries of the file before it
    Index entries = 0;
    const std::byte* values = nullptr;  ///< host memory, until the next slab
    [[nodiscard]] Index bytes(NumberType type) const {
        return entries * static_cast<Index>(size_of(type));
    }
};

/// Cuts a distributed tensor into slabs that do not depend on the ranks, and deals them out: in
/// each round every rank gets the next one, so what the ranks write in a round follows on in the
/// file. Beside the tensor each rank holds one slab.
template <typename T>
class SlabStream {
  public:
    static constexpr Index default_slab_entries = Index{4} << 20;

    /// `modes` of the tensor in the file's order, slowest first. With `one_writer` rank 0 gets all
    /// slabs.
    SlabStream(const DenseTensor<T>& tensor, std::vector<int> modes, NumberType type,
               bool one_writer = false, Index slab_entries = default_slab_entries);

    /// How often `next` is to be called, the same on all ranks.
    [[nodiscard]] Index rounds() const;

    /// This rank's slab of the next round, in the file's order and type (collective; throws
    /// MemoryError on all ranks).
    [[nodiscard]] Slab next();

  private:
    [[nodiscard]] Box tensor_box(const Box& stored) const;

    const DenseTensor<T>& tensor_;
    std::vector<int> modes_;
    NumberType type_;
    bool one_writer_;
    Extents stored_shape_;
    BoxPieces pieces_;
    Index round_ = 0;
    DeviceView<T> fetched_;
    DeviceView<std::uint8_t> packed_;
    HostView<std::uint8_t> host_;
};

}  // namespace tessera
