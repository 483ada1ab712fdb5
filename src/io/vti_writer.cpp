#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "tensor_writers.hpp"
#include "tessera/base/error.hpp"
#include "tessera/io/image_geometry.hpp"

namespace tessera {
namespace {

const char* type_name(NumberType type) {
    switch (type) {
        case NumberType::uint8:
            return "UInt8";
        case NumberType::uint16:
            return "UInt16";
        case NumberType::int16:
            return "Int16";
        case NumberType::int32:
            return "Int32";
        case NumberType::float32:
            return "Float32";
        default:
            return "Float64";
    }
}

std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        result += c == '&'   ? "&amp;"
                  : c == '<' ? "&lt;"
                  : c == '>' ? "&gt;"
                  : c == '"' ? "&quot;"
                             : std::string(1, c);
    }
    return result;
}

std::string field_array(const char* name, const std::vector<double>& values) {
    return std::string("      <DataArray type=\"Float64\" Name=\"") + name +
           "\" NumberOfTuples=\"" + std::to_string(values.size()) + "\" format=\"ascii\">" +
           number_list(values, " ") + "</DataArray>\n";
}

/// For x, y and z; of modes merged into z only the last has a meaning as a length.
std::string lengths(const ImageLayout& layout, const std::vector<double>& of_modes, double none) {
    std::vector<double> values(3, none);
    const std::size_t order = layout.modes().size();
    for (std::size_t axis = 0; axis < std::min<std::size_t>(3, order) && !of_modes.empty();
         ++axis) {
        values[axis] = of_modes[static_cast<std::size_t>(layout.modes()[order - 1 - axis])];
    }
    return number_list(values, " ");
}

/// Up to and with the count of bytes that leads the appended data.
std::string vti_header(const TensorOutput& output, const Extents& shape) {
    const ImageLayout layout(shape, output.axes);
    const Extents& image = layout.image_shape();
    std::string extent;
    for (int axis = 2; axis >= 0; --axis) {
        extent += (axis < 2 ? " 0 " : "0 ") + std::to_string(image[axis] - 1);
    }
    std::string names;
    for (const std::string& axis : layout.image_axes()) {
        names += (names.empty() ? "" : ", ") + (axis.empty() ? "-" : axis);
    }
    std::string text =
        "<?xml version=\"1.0\"?>\n<!-- z, y, x: " + escaped(names) +
        " -->\n<VTKFile type=\"ImageData\" version=\"1.0\" byte_order=\"LittleEndian\" "
        "header_type=\"UInt64\">\n  <ImageData WholeExtent=\"" +
        extent + "\" Origin=\"" + lengths(layout, output.origin, 0.0) + "\" Spacing=\"" +
        lengths(layout, output.spacing, 1.0) + "\">\n";
    if (!output.scale_factor.empty()) {
        text += "    <FieldData>\n" + field_array("scale_factor", output.scale_factor) +
                field_array("scale_offset", output.scale_offset) + "    </FieldData>\n";
    }
    text += "    <Piece Extent=\"" + extent + "\">\n      <PointData Scalars=\"" +
            escaped(output.dataset) + "\">\n        <DataArray type=\"" + type_name(output.type) +
            "\" Name=\"" + escaped(output.dataset) +
            "\" format=\"appended\" offset=\"0\"/>\n      </PointData>\n    </Piece>\n"
            "  </ImageData>\n  <AppendedData encoding=\"raw\">\n   _";
    const auto bytes = static_cast<std::uint64_t>(shape.product()) * size_of(output.type);
    std::array<char, sizeof bytes> count{};
    std::memcpy(count.data(), &bytes, sizeof bytes);
    return text + std::string(count.data(), count.size());
}

}  // namespace

template <typename T>
void write_vti(const DenseTensor<T>& tensor, const TensorOutput& output) {
    write_linear(tensor, output, output.path, vti_header(output, tensor.shape()),
                 "\n  </AppendedData>\n</VTKFile>\n");
}

template void write_vti<float>(const DenseTensor<float>&, const TensorOutput&);
template void write_vti<double>(const DenseTensor<double>&, const TensorOutput&);

}  // namespace tessera
