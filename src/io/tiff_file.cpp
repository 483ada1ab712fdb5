#include "tiff_file.hpp"

#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <optional>

#include "input_file.hpp"
#include "tessera/base/error.hpp"

namespace tessera {

namespace {

/// More in one strip or tile is taken for damage.
constexpr tmsize_t most_allocation = tmsize_t{4} << 30;
constexpr std::size_t most_pages = std::size_t{1} << 24;

template <typename T>
T tag(TIFF* file, std::uint32_t name, T fallback) {
    T value = fallback;
    return TIFFGetFieldDefaulted(file, name, &value) == 1 ? value : fallback;
}

std::string text_tag(TIFF* file, std::uint32_t name) {
    const char* text = nullptr;
    return TIFFGetField(file, name, &text) == 1 && text != nullptr ? text : "";
}

std::optional<NumberType> number_type(std::uint16_t format, int bits) {
    struct Kind {
        std::uint16_t format;
        int bits;
        NumberType type;
    };
    static constexpr Kind kinds[] = {{SAMPLEFORMAT_UINT, 1, NumberType::uint8},
                                     {SAMPLEFORMAT_UINT, 2, NumberType::uint8},
                                     {SAMPLEFORMAT_UINT, 4, NumberType::uint8},
                                     {SAMPLEFORMAT_UINT, 8, NumberType::uint8},
                                     {SAMPLEFORMAT_UINT, 10, NumberType::uint16},
                                     {SAMPLEFORMAT_UINT, 12, NumberType::uint16},
                                     {SAMPLEFORMAT_UINT, 14, NumberType::uint16},
                                     {SAMPLEFORMAT_UINT, 16, NumberType::uint16},
                                     {SAMPLEFORMAT_UINT, 32, NumberType::uint32},
                                     {SAMPLEFORMAT_UINT, 64, NumberType::uint64},
                                     {SAMPLEFORMAT_INT, 8, NumberType::int8},
                                     {SAMPLEFORMAT_INT, 16, NumberType::int16},
                                     {SAMPLEFORMAT_INT, 32, NumberType::int32},
                                     {SAMPLEFORMAT_INT, 64, NumberType::int64},
                                     {SAMPLEFORMAT_IEEEFP, 32, NumberType::float32},
                                     {SAMPLEFORMAT_IEEEFP, 64, NumberType::float64}};
    for (const Kind& kind : kinds) {
        if ((kind.format == format ||
             (format == SAMPLEFORMAT_VOID && kind.format == SAMPLEFORMAT_UINT)) &&
            kind.bits == bits) {
            return kind.type;
        }
    }
    return std::nullopt;
}

/// One row of numbers of `bits` bits, the first in the highest ones, as bytes or 16 bit numbers.
void unpack_row(const std::byte* packed, Index count, int bits, NumberType type,
                std::byte* target) {
    Index place = 0;
    for (Index i = 0; i < count; ++i, place += bits) {
        std::uint32_t value = 0;
        for (Index bit = place; bit < place + bits; ++bit) {
            value = (value << 1) |
                    ((std::to_integer<std::uint32_t>(packed[bit / 8]) >> (7 - bit % 8)) & 1u);
        }
        if (type == NumberType::uint8) {
            target[i] = static_cast<std::byte>(value);
        } else {
            const auto number = static_cast<std::uint16_t>(value);
            std::memcpy(target + 2 * i, &number, 2);
        }
    }
}

int keep_reason(TIFF*, void* reason, const char*, const char* format, va_list values) {
    char text[512];
    std::vsnprintf(text, sizeof text, format, values);
    *static_cast<std::string*>(reason) = text;
    return 1;
}

int ignore_warning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

/// Whole rows of a strip or tile, which may hold packed bits, side by side into wider ones.
struct UnitCopy {
    const TiffLayout& layout;
    Index samples;       ///< in the unit: all of a pixel's, or one of a plane
    Index plane = 0;     ///< which, where they lie in planes
    Index unit_columns;  ///< of the unit
    Index columns;       ///< of these, in the picture
    Index first_column = 0;

    void operator()(const std::byte* unit, Index rows, std::byte* band) const {
        const auto entry = static_cast<Index>(size_of(layout.type));
        const bool packed = layout.bits != 8 * static_cast<int>(entry);
        const Index numbers = unit_columns * samples;
        const Index unit_row_bytes = (numbers * layout.bits + 7) / 8;
        std::vector<std::byte> row(packed ? static_cast<std::size_t>(numbers * entry) : 0);
        for (Index i = 0; i < rows; ++i) {
            const std::byte* source = unit + i * unit_row_bytes;
            if (packed) {
                unpack_row(source, numbers, layout.bits, layout.type, row.data());
                source = row.data();
            }
            std::byte* target =
                band + i * layout.row_bytes() + (first_column * layout.samples + plane) * entry;
            if (samples == layout.samples) {
                std::memcpy(target, source, static_cast<std::size_t>(columns * samples * entry));
                continue;
            }
            for (Index column = 0; column < columns; ++column) {
                std::memcpy(target + column * layout.samples * entry, source + column * entry,
                            static_cast<std::size_t>(entry));
            }
        }
    }
};

}  // namespace

TiffFile::TiffFile(const std::string& path)
    : path_(path), size_(InputFile(path).size()), reason_(std::make_unique<std::string>()) {
    TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, most_allocation);
    TIFFOpenOptionsSetErrorHandlerExtR(options, keep_reason, reason_.get());
    TIFFOpenOptionsSetWarningHandlerExtR(options, ignore_warning, nullptr);
    // Without memory mapping: a file that is cut while it is read is an error, not a signal.
    file_ = TIFFOpenExt(path.c_str(), "rm", options);
    TIFFOpenOptionsFree(options);
    if (file_ == nullptr) {
        fail("cannot be read as TIFF");
    }
}

TiffFile::~TiffFile() {
    if (file_ != nullptr) {
        TIFFClose(file_);
    }
}

void TiffFile::fail(const std::string& what) const {
    throw IoError(path_ + " " + what + (reason_->empty() ? "" : " (" + *reason_ + ")") +
                  "; copy it again");
}

void TiffFile::select(const TiffPage& page) {
    if (selected_ != page.directory) {
        selected_ = -1;
        if (TIFFSetSubDirectory(file_, static_cast<std::uint64_t>(page.directory)) != 1) {
            fail("is damaged: a page cannot be read");
        }
        selected_ = page.directory;
    }
    // Old JPEG colours are converted by libtiff on request only.
    if (tag<std::uint16_t>(file_, TIFFTAG_COMPRESSION, COMPRESSION_NONE) == COMPRESSION_JPEG) {
        TIFFSetField(file_, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    }
}

TiffLayout TiffFile::read_layout() {
    TiffLayout layout;
    layout.rows = tag<std::uint32_t>(file_, TIFFTAG_IMAGELENGTH, 0);
    layout.columns = tag<std::uint32_t>(file_, TIFFTAG_IMAGEWIDTH, 0);
    layout.samples = tag<std::uint16_t>(file_, TIFFTAG_SAMPLESPERPIXEL, 1);
    layout.bits = tag<std::uint16_t>(file_, TIFFTAG_BITSPERSAMPLE, 1);
    const auto format = tag<std::uint16_t>(file_, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    const std::optional<NumberType> type = number_type(format, layout.bits);
    if (!type) {
        throw IoError(path_ + " has pixels of " + std::to_string(layout.bits) +
                      " bits in the TIFF sample format " + std::to_string(format) +
                      ", expected integers of 1 to 64 bits or floats of 32 or 64");
    }
    layout.type = *type;
    const auto compression = tag<std::uint16_t>(file_, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    if (TIFFIsCODECConfigured(compression) != 1) {
        throw IoError(path_ + " is compressed by TIFF method " + std::to_string(compression) +
                      ", which this libtiff lacks: save it with deflate");
    }
    const auto colours = tag<std::uint16_t>(file_, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    if (colours == PHOTOMETRIC_YCBCR && compression != COMPRESSION_JPEG) {
        throw IoError(path_ + " has pixels in YCbCr, save it as RGB or grey");
    }
    constexpr Index most_side = Index{1} << 31;
    if (layout.rows < 1 || layout.columns < 1 || layout.samples < 1 || layout.rows > most_side ||
        layout.columns > most_side) {
        fail("is no proper TIFF file: a page has no pixels");
    }
    check_size(layout);
    return layout;
}

void TiffFile::check_size(const TiffLayout& layout) const {
    const auto compression = tag<std::uint16_t>(file_, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    const bool tiled = TIFFIsTiled(file_) != 0;
    const std::uint32_t units = tiled ? TIFFNumberOfTiles(file_) : TIFFNumberOfStrips(file_);
    double bytes = 0.0;
    for (std::uint32_t unit = 0; unit < units; ++unit) {
        const auto begin = static_cast<double>(TIFFGetStrileOffset(file_, unit));
        const auto length = static_cast<double>(TIFFGetStrileByteCount(file_, unit));
        bytes += length;
        if (begin + length > static_cast<double>(size_)) {
            throw_truncated(path_, begin + length, static_cast<double>(size_));
        }
    }
    // Tiles may stand out over the edge; strips of plain numbers hold at least these.
    const double row_bits =
        static_cast<double>(layout.columns) * static_cast<double>(layout.samples) * layout.bits;
    if (units == 0 || (compression == COMPRESSION_NONE &&
                       8.0 * bytes < row_bits * static_cast<double>(layout.rows))) {
        fail("is damaged: a page has fewer bytes than pixels");
    }
}

std::vector<TiffPage> TiffFile::pages() {
    std::vector<TiffPage> pages;
    do {
        if ((tag<std::uint32_t>(file_, TIFFTAG_SUBFILETYPE, 0) & FILETYPE_REDUCEDIMAGE) != 0) {
            continue;
        }
        TiffPage page;
        page.directory = static_cast<Index>(TIFFCurrentDirOffset(file_));
        page.layout = read_layout();
        pages.push_back(page);
        if (pages.size() > most_pages) {
            fail("is no proper TIFF file: it has pages without end");
        }
        reason_->clear();
    } while (TIFFReadDirectory(file_) == 1);
    // At the last page libtiff says nothing.
    if (!reason_->empty()) {
        fail("is damaged: a page behind page " + std::to_string(pages.size()) + " cannot be read");
    }
    if (pages.empty()) {
        fail("is no proper TIFF file: it has no page");
    }
    select(pages.front());
    return pages;
}

std::string TiffFile::compression() {
    const auto code = tag<std::uint16_t>(file_, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    const TIFFCodec* codec = TIFFFindCODEC(code);
    return code == COMPRESSION_NONE ? "" : codec == nullptr ? std::to_string(code) : codec->name;
}

std::string TiffFile::description() { return text_tag(file_, TIFFTAG_IMAGEDESCRIPTION); }

std::vector<double> TiffFile::resolution() {
    return {static_cast<double>(tag<float>(file_, TIFFTAG_YRESOLUTION, 0.0F)),
            static_cast<double>(tag<float>(file_, TIFFTAG_XRESOLUTION, 0.0F))};
}

bool TiffFile::in_centimetres() {
    return tag<std::uint16_t>(file_, TIFFTAG_RESOLUTIONUNIT, RESUNIT_NONE) == RESUNIT_CENTIMETER;
}

bool TiffFile::big_endian() const { return TIFFIsBigEndian(file_) != 0; }

Index TiffFile::read_band(const TiffPage& page, Index row, std::vector<std::byte>& band) {
    select(page);
    const TiffLayout& layout = page.layout;
    const bool tiled = TIFFIsTiled(file_) != 0;
    const auto unit_rows =
        tiled ? static_cast<Index>(tag<std::uint32_t>(file_, TIFFTAG_TILELENGTH, 0))
              : static_cast<Index>(tag<std::uint32_t>(file_, TIFFTAG_ROWSPERSTRIP, 0));
    if (unit_rows < 1) {
        fail("is damaged: a page has strips without rows");
    }
    const Index first = row / unit_rows * unit_rows;
    const Index rows = std::min(unit_rows, layout.rows - first);
    band.resize(static_cast<std::size_t>(rows * layout.row_bytes()));
    if (tiled) {
        read_tiles(layout, first, rows, band.data());
    } else {
        read_strips(layout, first, rows, band.data());
    }
    return first;
}

void TiffFile::read_strips(const TiffLayout& layout, Index first, Index rows, std::byte* band) {
    const bool planes = tag<std::uint16_t>(file_, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) ==
                        PLANARCONFIG_SEPARATE;
    const Index samples = planes ? 1 : layout.samples;
    const Index row_bytes = (layout.columns * samples * layout.bits + 7) / 8;
    unit_.resize(static_cast<std::size_t>(rows * row_bytes));
    for (Index plane = 0; plane < (planes ? layout.samples : 1); ++plane) {
        const std::uint32_t strip = TIFFComputeStrip(file_, static_cast<std::uint32_t>(first),
                                                     static_cast<std::uint16_t>(plane));
        const auto wanted = static_cast<tmsize_t>(unit_.size());
        if (TIFFReadEncodedStrip(file_, strip, unit_.data(), wanted) != wanted) {
            fail("is damaged: strip " + std::to_string(strip) + " of a page cannot be read");
        }
        UnitCopy{layout, samples, plane, layout.columns, layout.columns}(unit_.data(), rows, band);
    }
}

void TiffFile::read_tiles(const TiffLayout& layout, Index first, Index rows, std::byte* band) {
    const bool planes = tag<std::uint16_t>(file_, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) ==
                        PLANARCONFIG_SEPARATE;
    const Index samples = planes ? 1 : layout.samples;
    const auto width = static_cast<Index>(tag<std::uint32_t>(file_, TIFFTAG_TILEWIDTH, 0));
    const auto length = static_cast<Index>(tag<std::uint32_t>(file_, TIFFTAG_TILELENGTH, 0));
    const tmsize_t bytes = TIFFTileSize(file_);
    if (width < 1 || bytes < (width * samples * layout.bits + 7) / 8 * length) {
        fail("is damaged: a page has tiles without pixels");
    }
    unit_.resize(static_cast<std::size_t>(bytes));
    for (Index plane = 0; plane < (planes ? layout.samples : 1); ++plane) {
        for (Index column = 0; column < layout.columns; column += width) {
            const std::uint32_t tile = TIFFComputeTile(file_, static_cast<std::uint32_t>(column),
                                                       static_cast<std::uint32_t>(first), 0,
                                                       static_cast<std::uint16_t>(plane));
            if (TIFFReadEncodedTile(file_, tile, unit_.data(), bytes) != bytes) {
                fail("is damaged: tile " + std::to_string(tile) + " of a page cannot be read");
            }
            UnitCopy{layout, samples, plane, width, std::min(width, layout.columns - column),
                     column}(unit_.data(), rows, band);
        }
    }
}

}  // namespace tessera
