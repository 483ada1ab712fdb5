#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/base/types.hpp"
#include "tessera/io/number_type.hpp"

struct tiff;

namespace tessera {

/// How the pixels of a page are kept; pages of one tensor agree in it.
struct TiffLayout {
    Index rows = 0;
    Index columns = 0;
    Index samples = 1;                    ///< numbers per pixel
    int bits = 8;                         ///< per number in the file
    NumberType type = NumberType::uint8;  ///< in memory
    bool operator==(const TiffLayout&) const = default;

    [[nodiscard]] Index row_bytes() const {
        return columns * samples * static_cast<Index>(size_of(type));
    }
};

/// One page (an image file directory).
struct TiffPage {
    Index directory = 0;  ///< place in the file
    TiffLayout layout;
};

/// A TIFF file open through libtiff. Errors are IoError with the file's name and libtiff's reason.
class TiffFile {
  public:
    explicit TiffFile(const std::string& path);
    ~TiffFile();
    TiffFile(const TiffFile&) = delete;
    TiffFile& operator=(const TiffFile&) = delete;

    /// All pages but thumbnails, each checked against the file's size. Throws IoError when pixels
    /// are of a kind that cannot be read as numbers.
    [[nodiscard]] std::vector<TiffPage> pages();
    /// Of the first page: compression ("none", "LZW", ...), description, positions per millimetre.
    [[nodiscard]] std::string compression();
    [[nodiscard]] std::string description();
    [[nodiscard]] std::vector<double> resolution();
    [[nodiscard]] bool in_centimetres();
    [[nodiscard]] bool big_endian() const;

    /// Decodes the rows that belong together with row `row` of a page (a strip, or a row of tiles)
    /// and returns the first of them; `band` gets whole rows, columns x samples.
    Index read_band(const TiffPage& page, Index row, std::vector<std::byte>& band);

  private:
    [[noreturn]] void fail(const std::string& what) const;
    void select(const TiffPage& page);
    [[nodiscard]] TiffLayout read_layout();
    void check_size(const TiffLayout& layout) const;
    void read_strips(const TiffLayout& layout, Index first, Index rows, std::byte* band);
    void read_tiles(const TiffLayout& layout, Index first, Index rows, std::byte* band);

    std::string path_;
    Index size_ = 0;
    std::unique_ptr<std::string> reason_;  ///< libtiff's last words
    tiff* file_ = nullptr;
    Index selected_ = -1;
    std::vector<std::byte> unit_;  ///< a strip or tile as libtiff gives it
};

}  // namespace tessera
