#include <tiffio.h>

#include <cstdarg>
#include <cstdio>
#include <limits>
#include <memory>

#include "slab_stream.hpp"
#include "tensor_writers.hpp"
#include "tessera/base/error.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/io/image_geometry.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

/// libtiff tells errors to a handler of the whole process.
thread_local std::string last_error;

void keep_error(const char*, const char* format, va_list arguments) {
    char text[256];
    std::vsnprintf(text, sizeof text, format, arguments);
    last_error = text;
}

/// Keeps libtiff's errors for as long as it lives, and its warnings silent.
class TiffErrors {
  public:
    TiffErrors()
        : error_(TIFFSetErrorHandler(keep_error)), warning_(TIFFSetWarningHandler(nullptr)) {
        last_error.clear();
    }
    ~TiffErrors() {
        TIFFSetErrorHandler(error_);
        TIFFSetWarningHandler(warning_);
    }
    TiffErrors(const TiffErrors&) = delete;
    TiffErrors& operator=(const TiffErrors&) = delete;

  private:
    TIFFErrorHandler error_;
    TIFFErrorHandler warning_;
};

struct CloseTiff {
    void operator()(TIFF* file) const { TIFFClose(file); }
};
using TiffFile = std::unique_ptr<TIFF, CloseTiff>;

void require(bool done, const std::string& path) {
    if (!done) {
        throw IoError(path +
                      ": cannot write: " + (last_error.empty() ? "no reason given" : last_error) +
                      "; choose another place for the output");
    }
}

std::string description(const TensorOutput& output, const ImageLayout& layout) {
    std::string text = "axes:";
    for (const std::string& axis : layout.image_axes()) {
        text += " " + (axis.empty() ? "-" : axis);
    }
    if (!output.scale_factor.empty()) {
        text += "\nscale_factor: " + number_list(output.scale_factor, " ") +
                "\nscale_offset: " + number_list(output.scale_offset, " ");
    }
    return text;
}

int sample_format(NumberType type) {
    switch (type) {
        case NumberType::float32:
        case NumberType::float64:
            return SAMPLEFORMAT_IEEEFP;
        case NumberType::int16:
        case NumberType::int32:
            return SAMPLEFORMAT_INT;
        default:
            return SAMPLEFORMAT_UINT;
    }
}

/// One page, `image` being pages, rows and columns.
void write_page(TIFF* file, const std::string& path, const TensorOutput& output,
                const Extents& image, const Slab& slab, const std::string& text) {
    const auto rows = static_cast<std::uint32_t>(image[1]);
    const auto columns = static_cast<std::uint32_t>(image[2]);
    TIFFSetField(file, TIFFTAG_IMAGEWIDTH, columns);
    TIFFSetField(file, TIFFTAG_IMAGELENGTH, rows);
    TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, static_cast<int>(8 * size_of(output.type)));
    TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(file, TIFFTAG_SAMPLEFORMAT, sample_format(output.type));
    TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    TIFFSetField(file, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(file, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    const std::uint32_t strip_rows = TIFFDefaultStripSize(file, 0);
    TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, strip_rows);
    if (slab.number == 0) {
        TIFFSetField(file, TIFFTAG_IMAGEDESCRIPTION, text.c_str());
    }
    const Index row_bytes = image[2] * static_cast<Index>(size_of(output.type));
    for (std::uint32_t row = 0; row < rows; row += strip_rows) {
        const std::uint32_t count = std::min(strip_rows, rows - row);
        // libtiff's interface is not const-correct; without compression it changes nothing here.
        auto* strip = const_cast<std::byte*>(slab.values) + row * row_bytes;
        require(TIFFWriteEncodedStrip(file, row / strip_rows, strip, count * row_bytes) >= 0, path);
    }
    require(TIFFWriteDirectory(file) == 1, path);
}

}  // namespace

template <typename T>
void write_tiff(const DenseTensor<T>& tensor, const TensorOutput& output) {
    const Communicator& communicator = tensor.communicator();
    const ImageLayout layout(tensor.shape(), output.axes);
    const Extents image = layout.image_shape();
    if (std::max(image[1], image[2]) > std::numeric_limits<std::int32_t>::max()) {
        throw UsageError(output.path + ": a page of " + std::to_string(image[1]) + " x " +
                         std::to_string(image[2]) + " is more than TIFF can hold");
    }
    constexpr double page_overhead_bytes = 4096.0;
    constexpr double most_classic_bytes = 3.9e9;
    const double bytes =
        static_cast<double>(tensor.size()) * static_cast<double>(size_of(output.type)) +
        page_overhead_bytes * static_cast<double>(image[0]);
    ParallelFile file(communicator, output.path);
    file.reserve(bytes);
    const TiffErrors errors;
    TiffFile pages;
    agree(communicator, [&] {
        if (communicator.rank() == 0) {
            pages.reset(TIFFOpen(partial_name(output.path).c_str(),
                                 bytes > most_classic_bytes ? "w8" : "w"));
            require(pages != nullptr, output.path);
        }
    });
    const std::string text = description(output, layout);
    SlabStream<T> slabs(tensor, layout.modes(), output.type, true, image[1] * image[2]);
    for (Index round = slabs.rounds(); round > 0; --round) {
        const Slab slab = slabs.next();
        agree(communicator, [&] {
            if (pages != nullptr) {
                write_page(pages.get(), output.path, output, image, slab, text);
            }
        });
    }
    agree(communicator, [&] {
        if (pages != nullptr) {
            require(TIFFFlush(pages.get()) == 1, output.path);
            pages.reset();
        }
    });
    file.publish();
}

template void write_tiff<float>(const DenseTensor<float>&, const TensorOutput&);
template void write_tiff<double>(const DenseTensor<double>&, const TensorOutput&);

}  // namespace tessera
