#include "tessera/io/write_tensor.hpp"

#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <numeric>

#include "slab_stream.hpp"
#include "tensor_writers.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/io/image_geometry.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {

static_assert(std::endian::native == std::endian::little, "headers say that data is little-endian");

OutputFormat output_format(const std::string& path) {
    static const std::vector<std::pair<OutputFormat, std::vector<std::string>>> suffixes = {
        {OutputFormat::hdf5, {".h5", ".hdf5"}},
        {OutputFormat::npy, {".npy"}},
        {OutputFormat::envi, {".hdr", ".img", ".raw", ".dat", ".bsq", ".bil", ".bip"}},
        {OutputFormat::vti, {".vti"}},
        {OutputFormat::nifti, {".nii", ".nii.gz"}},
        {OutputFormat::tiff, {".tif", ".tiff"}},
        {OutputFormat::coordinates, {".tns"}}};
    std::string lower = path;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const auto& [format, endings] : suffixes) {
        for (const std::string& ending : endings) {
            if (lower.ends_with(ending)) {
                return format;
            }
        }
    }
    throw UsageError("the format of '" + path +
                     "' is not known: end its name in .h5, .npy, .hdr (ENVI), .vti, .nii, .nii.gz, "
                     ".tif or .tns");
}

std::vector<std::string> output_files(const TensorOutput& output) {
    if (output_format(output.path) == OutputFormat::envi) {
        const EnviFiles files = envi_files(output.path);
        return {files.header, files.data};
    }
    return {output.path};
}

std::vector<int> stored_modes(const TensorOutput& output, const Extents& shape) {
    std::vector<int> modes(static_cast<std::size_t>(shape.order()));
    std::iota(modes.begin(), modes.end(), 0);
    switch (output_format(output.path)) {
        case OutputFormat::hdf5:
        case OutputFormat::npy:
        case OutputFormat::coordinates:
            return modes;
        case OutputFormat::nifti:
            std::reverse(modes.begin(), modes.end());
            return modes;
        case OutputFormat::vti:
        case OutputFormat::tiff:
            return ImageLayout(shape, output.axes).modes();
        case OutputFormat::envi: {
            const EnviModes cube = envi_modes(output, shape);
            std::vector<int> order = {cube.bands, cube.rows, cube.cols};
            if (output.interleave == Interleave::bil) {
                order = {cube.rows, cube.bands, cube.cols};
            } else if (output.interleave == Interleave::bip) {
                order = {cube.rows, cube.cols, cube.bands};
            }
            std::erase(order, -1);
            return order;
        }
    }
    TESSERA_ASSERT(false, "unknown format");
}

std::string number_list(const std::vector<double>& values, const char* separator) {
    std::string text;
    for (const double value : values) {
        char digits[32];
        const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
        text += (text.empty() ? "" : separator) + std::string(digits, end);
    }
    return text;
}

template <typename T>
void write_linear(const DenseTensor<T>& tensor, const TensorOutput& output, const std::string& path,
                  const std::string& header, const std::string& footer) {
    const Communicator& communicator = tensor.communicator();
    const auto entry_bytes = static_cast<Index>(size_of(output.type));
    const Index begin = static_cast<Index>(header.size());
    const Index end = begin + tensor.size() * entry_bytes;
    ParallelFile file(communicator, path);
    file.reserve(static_cast<double>(end) + static_cast<double>(footer.size()));
    agree(communicator, [&] {
        if (communicator.rank() == 0) {
            file.write(0, header.data(), begin);
            file.write(end, footer.data(), static_cast<Index>(footer.size()));
        }
    });
    SlabStream<T> slabs(tensor, stored_modes(output, tensor.shape()), output.type);
    for (Index round = slabs.rounds(); round > 0; --round) {
        const Slab slab = slabs.next();
        agree(communicator, [&] {
            file.write(begin + slab.first * entry_bytes, slab.values, slab.bytes(output.type));
        });
    }
    file.publish();
}

template <typename T>
void write_tensor(const DenseTensor<T>& tensor, const TensorOutput& output) {
    const Phase phase("io/write_tensor");
    switch (output_format(output.path)) {
        case OutputFormat::hdf5:
            return write_hdf5(tensor, output);
        case OutputFormat::npy:
            return write_npy(tensor, output);
        case OutputFormat::envi:
            return write_envi(tensor, output);
        case OutputFormat::vti:
            return write_vti(tensor, output);
        case OutputFormat::nifti:
            return write_nifti(tensor, output);
        case OutputFormat::tiff:
            return write_tiff(tensor, output);
        case OutputFormat::coordinates:
            return write_coordinates(tensor, output);
    }
    TESSERA_ASSERT(false, "unknown format");
}

#define TESSERA_INSTANTIATE(T)                                                                    \
    template void write_linear<T>(const DenseTensor<T>&, const TensorOutput&, const std::string&, \
                                  const std::string&, const std::string&);                        \
    template void write_tensor<T>(const DenseTensor<T>&, const TensorOutput&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
