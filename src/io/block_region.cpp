#include "block_region.hpp"

#include <algorithm>
#include <cstring>

#include "tessera/base/error.hpp"

namespace tessera {

void BlockRegion::unpack(Index block) {
    if (block == unpacked_) {
        return;
    }
    unpacked_ = -1;
    const auto place = static_cast<std::size_t>(block);
    const Index packed_bytes = table_.begin[place + 1] - table_.begin[place];
    const Index bytes =
        std::min(table_.block_bytes, table_.total_bytes - block * table_.block_bytes);
    input_.resize(static_cast<std::size_t>(packed_bytes));
    block_.resize(static_cast<std::size_t>(bytes));
    packed_->read(table_.begin[place], input_.data(), packed_bytes);
    uLongf got = block_.size();
    if (uncompress(block_.data(), &got, input_.data(), input_.size()) != Z_OK ||
        got != block_.size()) {
        throw IoError(name_ + " is damaged: its compressed block " + std::to_string(block) +
                      " cannot be unpacked; copy it again");
    }
    unpacked_ = block;
}

void BlockRegion::read(Index offset, void* target, Index bytes) {
    auto* place = static_cast<unsigned char*>(target);
    const Index end = offset + bytes;
    while (offset < end) {
        const Index block = offset / table_.block_bytes;
        unpack(block);
        const Index first = offset - block * table_.block_bytes;
        const Index count = std::min(end - offset, static_cast<Index>(block_.size()) - first);
        std::memcpy(place, block_.data() + first, static_cast<std::size_t>(count));
        place += count;
        offset += count;
    }
}

}  // namespace tessera
