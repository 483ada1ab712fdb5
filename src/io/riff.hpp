#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "input_file.hpp"

/// RIFF, the container of WAV and AVI: chunks of a four-letter name, a length and bytes; those
/// named RIFF and LIST hold chunks themselves. All numbers are little-endian.
namespace tessera {

struct RiffChunk {
    std::string name;
    std::string kind;  ///< four letters that lead the chunks in a RIFF or LIST; else empty
    Index begin = 0;   ///< of its bytes (of the first chunk in it)
    Index bytes = 0;
    [[nodiscard]] Index end() const { return begin + bytes; }
};

/// The chunks of a part of a file. Throws the IoError of a truncated file for one that goes beyond
/// `end`.
[[nodiscard]] std::vector<RiffChunk> riff_chunks(const InputFile& file, Index begin, Index end);

/// The first chunk of that name (and kind), nullptr when there is none.
[[nodiscard]] const RiffChunk* find_chunk(const std::vector<RiffChunk>& chunks,
                                          const std::string& name, const std::string& kind = "");

/// Numbers in the bytes of a chunk that was read; 0 beyond its end.
[[nodiscard]] std::uint32_t riff_word(const std::string& bytes, std::size_t offset);
[[nodiscard]] std::uint16_t riff_half_word(const std::string& bytes, std::size_t offset);

}  // namespace tessera
