#pragma once

#include <string>
#include <vector>

#include "input_file.hpp"
#include "tessera/io/number_type.hpp"

namespace tessera {

/// What the header of a picture says: rows x cols, and channels when there are several.
struct ImageHeader {
    std::string format;  ///< "PGM" or "PNG"
    Index rows = 0;
    Index cols = 0;
    Index channels = 1;
    NumberType type = NumberType::uint8;  ///< or uint16

    [[nodiscard]] Index bytes() const {
        return rows * cols * channels * static_cast<Index>(size_of(type));
    }
    /// "112 x 92 uint8", "32 x 32 x 3 uint8".
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool same_as(const ImageHeader& other) const {
        return rows == other.rows && cols == other.cols && channels == other.channels &&
               type == other.type;
    }
};

/// A kind of picture that can be read.
struct ImageFormat {
    bool (*recognises)(const std::string& first_bytes);
    /// Throws IoError for a malformed or truncated file.
    ImageHeader (*header)(const InputFile& file);
    /// `header().bytes()` bytes in this machine's order, row by row, channels together.
    void (*decode)(const InputFile& file, std::byte* target);
};

/// PGM (plain and raw, grey) and PNG (grey, grey with opacity, colour, colour with opacity;
/// palettes become colours; 1, 2 and 4 bits become 8); nullptr for another file.
[[nodiscard]] const ImageFormat* image_format(const std::string& first_bytes);

[[nodiscard]] bool looks_like_pgm(const std::string& first_bytes);
[[nodiscard]] ImageHeader pgm_header(const InputFile& file);
void decode_pgm(const InputFile& file, std::byte* target);

[[nodiscard]] bool looks_like_png(const std::string& first_bytes);
[[nodiscard]] ImageHeader png_header(const InputFile& file);
void decode_png(const InputFile& file, std::byte* target);

}  // namespace tessera
