#pragma once

#include <gtest/gtest.h>
#include <png.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tessera::test_support {

/// A PNG file as libpng reads it.
struct PngImage {
    struct Pixel {
        int red = 0;
        int green = 0;
        int blue = 0;
        bool operator==(const Pixel&) const = default;
    };

    explicit PngImage(const std::string& path) {
        png_image image{};
        image.version = PNG_IMAGE_VERSION;
        EXPECT_NE(png_image_begin_read_from_file(&image, path.c_str()), 0) << image.message;
        image.format = PNG_FORMAT_RGB;
        width = static_cast<int>(image.width);
        height = static_cast<int>(image.height);
        values.resize(PNG_IMAGE_SIZE(image));
        EXPECT_NE(png_image_finish_read(&image, nullptr, values.data(), 0, nullptr), 0)
            << image.message;
    }

    [[nodiscard]] Pixel at(int x, int y) const {
        const std::size_t first =
            3U * (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x));
        return {values[first], values[first + 1], values[first + 2]};
    }
    [[nodiscard]] int count(const Pixel& wanted) const {
        int found = 0;
        for (int y = 0; y < height; ++y) {
            for (int x = 0; x < width; ++x) {
                found += at(x, y) == wanted ? 1 : 0;
            }
        }
        return found;
    }

    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> values;
};

}  // namespace tessera::test_support
