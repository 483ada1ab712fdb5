#include <algorithm>
#include <cctype>

#include "image_file.hpp"
#include "tessera/base/error.hpp"

/// Netpbm's grey pictures (https://netpbm.sourceforge.net/doc/pgm.html).
namespace tessera {
namespace {

/// Reads the blank-separated words of a header, and of a plain picture; '#' begins a comment.
class PgmWords {
  public:
    explicit PgmWords(const InputFile& file) : file_(file) {}

    /// The next whole number, at most `most`. Throws IoError.
    Index number(Index most, const char* what) {
        while (std::isspace(peek()) != 0 || peek() == '#') {
            const bool comment = next() == '#';
            while (comment && peek() >= 0 && next() != '\n') {
            }
        }
        Index value = 0;
        int digits = 0;
        for (; std::isdigit(peek()) != 0 && value <= most; ++digits) {
            value = 10 * value + (next() - '0');
        }
        if (peek() < 0 && digits == 0) {
            throw IoError(file_.path() + " is truncated: it ends before its " + what +
                          "; copy it again");
        }
        if (digits == 0 || value > most) {
            throw IoError(file_.path() + " is not a proper PGM file: its " + what +
                          " before byte " + std::to_string(place_) +
                          " is no whole number from 0 to " + std::to_string(most));
        }
        return value;
    }

    void skip(Index bytes) { place_ += bytes; }
    [[nodiscard]] Index place() const { return place_; }

  private:
    /// The byte at hand, -1 at the end.
    int peek() {
        constexpr Index window_bytes = Index{64} << 10;
        if (place_ >= window_begin_ + static_cast<Index>(window_.size()) ||
            place_ < window_begin_) {
            window_begin_ = place_;
            window_ = file_.text(place_, window_bytes);
        }
        return window_.empty() ? -1
                               : static_cast<unsigned char>(
                                     window_[static_cast<std::size_t>(place_ - window_begin_)]);
    }
    int next() {
        const int byte = peek();
        ++place_;
        return byte;
    }

    const InputFile& file_;
    std::string window_;
    Index window_begin_ = 0;
    Index place_ = 0;
};

struct PgmHeader {
    ImageHeader image;
    bool plain = false;
    Index most = 0;
    Index begin = 0;  ///< of the entries
};

PgmHeader read_header(const InputFile& file) {
    constexpr Index most_pixels_a_side = 1 << 24;
    constexpr Index most_grey = 65535;
    PgmHeader header;
    header.plain = file.text(0, 2) == "P2";
    PgmWords words(file);
    words.skip(2);
    header.image.format = "PGM";
    header.image.cols = words.number(most_pixels_a_side, "width");
    header.image.rows = words.number(most_pixels_a_side, "height");
    header.most = words.number(most_grey, "largest grey");
    header.begin = words.place() + (header.plain ? 0 : 1);
    if (header.image.cols < 1 || header.image.rows < 1 || header.most < 1) {
        throw IoError(file.path() + " is not a proper PGM file: it has " + header.image.text() +
                      " pixels up to " + std::to_string(header.most));
    }
    header.image.type = header.most > 255 ? NumberType::uint16 : NumberType::uint8;
    // A plain pixel takes at least a digit and, but for the last, a blank.
    const Index least =
        header.plain ? 2 * header.image.rows * header.image.cols - 1 : header.image.bytes();
    if (header.begin + least > file.size()) {
        throw_truncated(file.path(), static_cast<double>(header.begin + least),
                        static_cast<double>(file.size()));
    }
    return header;
}

template <typename Grey>
void decode_plain(const InputFile& file, const PgmHeader& header, std::byte* target) {
    auto* const pixels = reinterpret_cast<Grey*>(target);
    PgmWords words(file);
    words.skip(header.begin);
    const Index count = header.image.rows * header.image.cols;
    for (Index i = 0; i < count; ++i) {
        pixels[i] = static_cast<Grey>(words.number(header.most, "pixel"));
    }
}

}  // namespace

bool looks_like_pgm(const std::string& first_bytes) {
    return (first_bytes.starts_with("P2") || first_bytes.starts_with("P5")) &&
           first_bytes.size() > 2 &&
           (std::isspace(static_cast<unsigned char>(first_bytes[2])) != 0 || first_bytes[2] == '#');
}

ImageHeader pgm_header(const InputFile& file) { return read_header(file).image; }

void decode_pgm(const InputFile& file, std::byte* target) {
    const PgmHeader header = read_header(file);
    const bool wide = header.image.type == NumberType::uint16;
    if (header.plain) {
        if (wide) {
            decode_plain<std::uint16_t>(file, header, target);
        } else {
            decode_plain<std::uint8_t>(file, header, target);
        }
        return;
    }
    file.read(header.begin, target, header.image.bytes());
    if (wide) {
        swap_bytes(target, header.image.rows * header.image.cols, 2);  // stored big-endian
    }
}

}  // namespace tessera
