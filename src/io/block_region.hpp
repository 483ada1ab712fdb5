#pragma once

#include <vector>

#include "byte_region.hpp"

namespace tessera {

/// Bytes that were compressed by zlib in blocks of their own, so that each rank unpacks only the
/// blocks that it needs. The last one is kept: neighbouring reads often share it.
class BlockRegion : public ByteRegion {
  public:
    /// Where the blocks lie in the packed region, and what is in them.
    struct Table {
        std::vector<Index> begin;  ///< of each block, and the end of the last
        Index block_bytes = 0;     ///< unpacked, of all but the last
        Index total_bytes = 0;     ///< unpacked, of all
    };

    /// `name` is the array's, for messages.
    BlockRegion(std::unique_ptr<ByteRegion> packed, Table table, std::string name)
        : packed_(std::move(packed)), table_(std::move(table)), name_(std::move(name)) {}

    void read(Index offset, void* target, Index bytes) override;

  private:
    void unpack(Index block);

    std::unique_ptr<ByteRegion> packed_;
    Table table_;
    std::string name_;
    Index unpacked_ = -1;  ///< number of the block in `block_`
    std::vector<unsigned char> block_;
    std::vector<unsigned char> input_;
};

}  // namespace tessera
