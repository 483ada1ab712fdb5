#pragma once

#include <string>
#include <vector>

#include "byte_region.hpp"

namespace tessera {

/// Frames of a size that follow one another, as though they were one array; each is brought into
/// order as a whole when something of it is wanted, and the last one is kept.
class FrameRegion : public ByteRegion {
  public:
    explicit FrameRegion(Index frame_bytes) : frame_bytes_(frame_bytes) {}

    void read(Index offset, void* target, Index bytes) override;

  protected:
    [[nodiscard]] Index frame_bytes() const { return frame_bytes_; }
    /// Fills `target` with all bytes of a frame.
    virtual void load(Index frame, std::byte* target) = 0;

  private:
    Index frame_bytes_;
    Index loaded_ = -1;
    std::vector<std::byte> frame_;
};

}  // namespace tessera
