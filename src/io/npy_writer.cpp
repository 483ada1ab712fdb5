#include "tensor_writers.hpp"

namespace tessera {
namespace {

const char* type_code(NumberType type) {
    switch (type) {
        case NumberType::uint8:
            return "|u1";
        case NumberType::uint16:
            return "<u2";
        case NumberType::int16:
            return "<i2";
        case NumberType::int32:
            return "<i4";
        case NumberType::float32:
            return "<f4";
        default:
            return "<f8";
    }
}

/// Version 1.0; the data begins at a multiple of 64 bytes, as NumPy has it.
std::string npy_header(const Extents& shape, NumberType type) {
    std::string extents;
    for (int mode = 0; mode < shape.order(); ++mode) {
        extents += std::to_string(shape[mode]) + (mode + 1 < shape.order() ? ", " : "");
    }
    extents += shape.order() == 1 ? "," : "";
    std::string dictionary = std::string("{'descr': '") + type_code(type) +
                             "', 'fortran_order': False, 'shape': (" + extents + "), }";
    constexpr std::size_t before = 10;  // magic, version and length
    constexpr std::size_t alignment = 64;
    const std::size_t padding = alignment - (before + dictionary.size() + 1) % alignment;
    dictionary += std::string(padding % alignment, ' ') + '\n';
    std::string header = "\x93NUMPY";
    header += '\1';
    header += '\0';
    header += static_cast<char>(dictionary.size() & 0xFF);
    header += static_cast<char>(dictionary.size() >> 8);
    return header + dictionary;
}

}  // namespace

template <typename T>
void write_npy(const DenseTensor<T>& tensor, const TensorOutput& output) {
    write_linear(tensor, output, output.path, npy_header(tensor.shape(), output.type), "");
}

template void write_npy<float>(const DenseTensor<float>&, const TensorOutput&);
template void write_npy<double>(const DenseTensor<double>&, const TensorOutput&);

}  // namespace tessera
