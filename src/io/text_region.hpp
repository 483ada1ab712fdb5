#pragma once

#include <string_view>

#include "byte_region.hpp"
#include "tessera/io/number_type.hpp"

namespace tessera {

/// Numbers in decimal text with blanks between them, as if they were in binary, in this machine's
/// byte order. Where a number lies is only known by counting: every rank goes through the text in
/// pieces and keeps its own part, as with a compressed stream.
class TextRegion : public ByteRegion {
  public:
    /// The characters `begin` to `end` of the file.
    TextRegion(InputFile file, Index begin, Index end, NumberType type)
        : file_(std::move(file)),
          next_(begin),
          end_(end),
          type_(type),
          entry_bytes_(static_cast<Index>(size_of(type))) {}

    void read(Index offset, void* target, Index bytes) override;

  private:
    /// The next number's characters, or nothing at the end.
    std::string_view token();
    /// Has a whole token at `place_`, unless the text ends before.
    void fill();

    InputFile file_;
    Index next_;  ///< of the file, behind what is in `window_`
    Index end_;
    NumberType type_;
    Index entry_bytes_;
    std::string window_;
    std::size_t place_ = 0;
    Index entry_ = 0;  ///< that the next token is
};

}  // namespace tessera
