#include <algorithm>
#include <cctype>
#include <filesystem>

#include "tensor_writers.hpp"
#include "tessera/base/error.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/io/image_geometry.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

int type_code(NumberType type) {
    switch (type) {
        case NumberType::uint8:
            return 1;
        case NumberType::uint16:
            return 12;
        case NumberType::int16:
            return 2;
        case NumberType::int32:
            return 3;
        case NumberType::float32:
            return 4;
        default:
            return 5;
    }
}

const char* name_of(Interleave interleave) {
    switch (interleave) {
        case Interleave::bsq:
            return "bsq";
        case Interleave::bil:
            return "bil";
        case Interleave::bip:
            return "bip";
    }
    TESSERA_ASSERT(false, "unknown interleave");
}

/// One number for each band.
std::string band_list(const std::vector<double>& values, Index bands) {
    return number_list(values.size() == 1
                           ? std::vector<double>(static_cast<std::size_t>(bands), values.front())
                           : values,
                       ", ");
}

std::string envi_header(const TensorOutput& output, const Extents& shape) {
    const EnviModes modes = envi_modes(output, shape);
    const Index bands = modes.bands < 0 ? 1 : shape[modes.bands];
    const auto line = [](const std::string& key, const std::string& value) {
        return key + " = " + value + "\n";
    };
    std::string names;
    for (const std::string& axis : output.axes) {
        names += (names.empty() ? "" : ", ") + axis;
    }
    std::string text = "ENVI\n" + line("description", "{tensor of the axes " + names + "}") +
                       line("samples", std::to_string(shape[modes.cols])) +
                       line("lines", std::to_string(shape[modes.rows])) +
                       line("bands", std::to_string(bands)) + line("header offset", "0") +
                       line("file type", "ENVI Standard") +
                       line("data type", std::to_string(type_code(output.type))) +
                       line("interleave", name_of(output.interleave)) + line("byte order", "0");
    if (static_cast<Index>(output.wavelengths.size()) == bands) {
        text += line("wavelength", "{" + number_list(output.wavelengths, ", ") + "}");
        if (!output.wavelength_unit.empty()) {
            text += line("wavelength units", output.wavelength_unit);
        }
    }
    if (!output.scale_factor.empty()) {
        text += line("data gain values", "{" + band_list(output.scale_factor, bands) + "}") +
                line("data offset values", "{" + band_list(output.scale_offset, bands) + "}");
    }
    return text;
}

}  // namespace

EnviModes envi_modes(const TensorOutput& output, const Extents& shape) {
    const int order = shape.order();
    if (order < 2 || order > 3) {
        throw UsageError(output.path + " cannot hold a tensor of " + std::to_string(order) +
                         " modes: ENVI has rows, cols and bands; choose another format, or fold or "
                         "cut the tensor with --shape and --region");
    }
    if (order == 2) {
        return {};
    }
    const auto place = [&](const char* name) {
        return static_cast<int>(std::find(output.axes.begin(), output.axes.end(), name) -
                                output.axes.begin());
    };
    const EnviModes named{place("rows"), place("cols"), place("bands")};
    const bool all_named = named.rows < order && named.cols < order && named.bands < order;
    return all_named ? named : EnviModes{0, 1, 2};
}

EnviFiles envi_files(const std::string& path) {
    namespace fs = std::filesystem;
    std::string suffix = fs::path(path).extension().string();
    std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::string other =
        fs::path(path).replace_extension(suffix == ".hdr" ? ".img" : ".hdr").string();
    return suffix == ".hdr" ? EnviFiles{path, other} : EnviFiles{other, path};
}

template <typename T>
void write_envi(const DenseTensor<T>& tensor, const TensorOutput& output) {
    const Communicator& communicator = tensor.communicator();
    const EnviFiles files = envi_files(output.path);
    const std::string header = envi_header(output, tensor.shape());
    // An old header must not stand beside new data, not even when the machine stops between the
    // two.
    agree(communicator, [&] {
        std::error_code ignored;
        if (communicator.rank() == 0) {
            start_partial(files.header);
            std::filesystem::remove(partial_name(files.header), ignored);
        }
    });
    write_linear(tensor, output, files.data, "", "");
    agree(communicator, [&] {
        if (communicator.rank() == 0) {
            write_text_atomically(files.header, header);
        }
    });
}

template void write_envi<float>(const DenseTensor<float>&, const TensorOutput&);
template void write_envi<double>(const DenseTensor<double>&, const TensorOutput&);

}  // namespace tessera
