#include "image_file.hpp"

#include <array>

namespace tessera {
namespace {

constexpr std::array formats = {ImageFormat{looks_like_pgm, pgm_header, decode_pgm},
                                ImageFormat{looks_like_png, png_header, decode_png}};

}  // namespace

std::string ImageHeader::text() const {
    return std::to_string(rows) + " x " + std::to_string(cols) +
           (channels > 1 ? " x " + std::to_string(channels) : "") + " " + to_string(type);
}

const ImageFormat* image_format(const std::string& first_bytes) {
    for (const ImageFormat& format : formats) {
        if (format.recognises(first_bytes)) {
            return &format;
        }
    }
    return nullptr;
}

}  // namespace tessera
