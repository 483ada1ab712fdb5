#include <png.h>

#include <csetjmp>
#include <cstring>
#include <vector>

#include "byte_region.hpp"
#include "image_file.hpp"
#include "tessera/base/error.hpp"

namespace tessera {
namespace {

/// Where libpng reads from, and what it complained of.
struct PngInput {
    const std::string* bytes = nullptr;
    std::size_t place = 0;
    char complaint[128] = {};
};

void give_bytes(png_structp png, png_bytep target, std::size_t count) {
    auto* const input = static_cast<PngInput*>(png_get_io_ptr(png));
    if (count > input->bytes->size() - input->place) {
        png_error(png, "it ends early");
    }
    std::memcpy(target, input->bytes->data() + input->place, count);
    input->place += count;
}

void keep_complaint(png_structp png, png_const_charp text) {
    auto* const input = static_cast<PngInput*>(png_get_error_ptr(png));
    std::strncpy(input->complaint, text, sizeof input->complaint - 1);
    png_longjmp(png, 1);
}

void ignore(png_structp, png_const_charp) {}

/// What is to be done with a picture whose header has been read.
struct PngWork {
    ImageHeader* header = nullptr;
    std::byte* target = nullptr;  ///< nullptr: the header is enough
    std::vector<png_bytep>* rows = nullptr;
};

void read_info(png_structp png, png_infop info, ImageHeader& header) {
    png_read_info(png, info);
    if (png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE) {
        png_set_palette_to_rgb(png);
    } else if (png_get_bit_depth(png, info) < 8) {
        png_set_expand_gray_1_2_4_to_8(png);
    }
    png_set_swap(png);  // 16 bits are stored big-endian
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    header.rows = png_get_image_height(png, info);
    header.cols = png_get_image_width(png, info);
    header.channels = png_get_channels(png, info);
    header.type = png_get_bit_depth(png, info) == 16 ? NumberType::uint16 : NumberType::uint8;
}

/// Runs libpng, whose errors jump back to here: nothing with a destructor may live in this
/// function.
bool run(png_structp png, png_infop info, PngInput& input, const PngWork& work) {
    if (setjmp(png_jmpbuf(png)) != 0) {
        return false;
    }
    png_set_read_fn(png, &input, give_bytes);
    read_info(png, info, *work.header);
    if (work.target != nullptr) {
        work.rows->resize(static_cast<std::size_t>(work.header->rows));
        const Index row_bytes = work.header->bytes() / work.header->rows;
        for (Index row = 0; row < work.header->rows; ++row) {
            (*work.rows)[static_cast<std::size_t>(row)] =
                reinterpret_cast<png_bytep>(work.target + row * row_bytes);
        }
        png_read_image(png, work.rows->data());
        png_read_end(png, nullptr);
    }
    return true;
}

ImageHeader read_png(const InputFile& file, Index most_bytes, std::byte* target) {
    const std::string bytes = file.text(0, most_bytes);
    PngInput input;
    input.bytes = &bytes;
    ImageHeader header;
    header.format = "PNG";
    std::vector<png_bytep> rows;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &input, keep_complaint, ignore);
    png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
    if (info == nullptr) {
        png_destroy_read_struct(&png, nullptr, nullptr);
        throw MemoryError("no memory to read " + file.path());
    }
    const bool done = run(png, info, input, {&header, target, &rows});
    png_destroy_read_struct(&png, &info, nullptr);
    if (!done) {
        throw IoError(file.path() + " is not a proper PNG file (" + input.complaint +
                      "); copy it again");
    }
    return header;
}

}  // namespace

bool looks_like_png(const std::string& first_bytes) {
    return first_bytes.starts_with("\x89PNG\r\n\x1a\n");
}

ImageHeader png_header(const InputFile& file) {
    // Everything in front of the pixels; a colour profile may be long.
    constexpr Index most_header_bytes = Index{1} << 20;
    ImageHeader header = read_png(file, most_header_bytes, nullptr);
    check_packed_size(file, file.size(),
                      static_cast<double>(header.rows) * static_cast<double>(header.cols));
    return header;
}

void decode_png(const InputFile& file, std::byte* target) {
    (void)read_png(file, file.size(), target);
}

}  // namespace tessera
