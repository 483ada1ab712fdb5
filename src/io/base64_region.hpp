#pragma once

#include "byte_region.hpp"

namespace tessera {

/// Bytes in base64 (RFC 4648), without line breaks, so that any of them is found at once: three in
/// four characters.
class Base64Region : public ByteRegion {
  public:
    /// The characters `begin` to `end` of the file.
    Base64Region(InputFile file, Index begin, Index end)
        : file_(std::move(file)), begin_(begin), end_(end) {}

    void read(Index offset, void* target, Index bytes) override;

  private:
    [[noreturn]] void damaged(const std::string& what) const;

    InputFile file_;
    Index begin_;
    Index end_;
    std::string text_;
};

}  // namespace tessera
