#include "tessera/io/number_type.hpp"

namespace tessera {

std::string to_string(NumberType type) {
    switch (type) {
        case NumberType::logical:
            return "logical";
        case NumberType::int8:
            return "int8";
        case NumberType::uint8:
            return "uint8";
        case NumberType::int16:
            return "int16";
        case NumberType::uint16:
            return "uint16";
        case NumberType::int32:
            return "int32";
        case NumberType::uint32:
            return "uint32";
        case NumberType::int64:
            return "int64";
        case NumberType::uint64:
            return "uint64";
        case NumberType::float32:
            return "float32";
        case NumberType::float64:
            return "float64";
    }
    TESSERA_ASSERT(false, "unknown number type");
}

std::size_t size_of(NumberType type) {
    std::size_t bytes = 0;
    with_type(type, [&](auto zero) { bytes = sizeof(zero); });
    return bytes;
}

}  // namespace tessera
