#include "frame_region.hpp"

#include <algorithm>
#include <cstring>

namespace tessera {

void FrameRegion::read(Index offset, void* target, Index bytes) {
    auto* place = static_cast<std::byte*>(target);
    while (bytes > 0) {
        const Index frame = offset / frame_bytes_;
        const Index within = offset % frame_bytes_;
        const Index count = std::min(bytes, frame_bytes_ - within);
        if (frame != loaded_) {
            loaded_ = -1;
            frame_.resize(static_cast<std::size_t>(frame_bytes_));
            load(frame, frame_.data());
            loaded_ = frame;
        }
        std::memcpy(place, frame_.data() + within, static_cast<std::size_t>(count));
        place += count;
        offset += count;
        bytes -= count;
    }
}

}  // namespace tessera
