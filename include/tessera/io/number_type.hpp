#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tessera/base/error.hpp"

namespace tessera {

/// What one entry of an array in a file is. `logical` is one byte, 0 or 1 (MATLAB's logical,
/// NumPy's bool).
enum class NumberType {
    logical,
    int8,
    uint8,
    int16,
    uint16,
    int32,
    uint32,
    int64,
    uint64,
    float32,
    float64
};

/// "uint16".
[[nodiscard]] std::string to_string(NumberType type);
/// Bytes of one entry.
[[nodiscard]] std::size_t size_of(NumberType type);

/// Calls `work` with a value of the C++ type that `type` means (std::uint8_t for logical); the
/// value itself says nothing:
///     with_type(type, [&](auto zero) { using Source = decltype(zero); ... });
template <typename Work>
void with_type(NumberType type, const Work& work) {
    switch (type) {
        case NumberType::logical:
        case NumberType::uint8:
            return work(std::uint8_t{});
        case NumberType::int8:
            return work(std::int8_t{});
        case NumberType::int16:
            return work(std::int16_t{});
        case NumberType::uint16:
            return work(std::uint16_t{});
        case NumberType::int32:
            return work(std::int32_t{});
        case NumberType::uint32:
            return work(std::uint32_t{});
        case NumberType::int64:
            return work(std::int64_t{});
        case NumberType::uint64:
            return work(std::uint64_t{});
        case NumberType::float32:
            return work(float{});
        case NumberType::float64:
            return work(double{});
    }
    TESSERA_ASSERT(false, "unknown number type");
}

}  // namespace tessera
