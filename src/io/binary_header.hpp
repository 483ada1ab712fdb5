#pragma once

#include <cstring>
#include <string>

#include "input_file.hpp"

namespace tessera {

/// Numbers at fixed places of a header, in either byte order.
class BinaryHeader {
  public:
    BinaryHeader(std::string bytes, bool swapped) : bytes_(std::move(bytes)), swapped_(swapped) {}

    /// Of a type with that many bytes at `offset`, which lies in the header.
    template <typename T>
    [[nodiscard]] T at(std::size_t offset) const {
        T value{};
        std::memcpy(&value, bytes_.data() + offset, sizeof value);
        if (swapped_) {
            swap_bytes(reinterpret_cast<std::byte*>(&value), 1, sizeof value);
        }
        return value;
    }

    [[nodiscard]] std::string text(std::size_t offset, std::size_t length) const {
        const std::string field = bytes_.substr(offset, length);
        return field.substr(0, field.find('\0'));
    }

  private:
    std::string bytes_;
    bool swapped_;
};

}  // namespace tessera
