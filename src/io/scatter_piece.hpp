#pragma once

#include <cstddef>
#include <string>

#include "tessera/base/memory.hpp"
#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// Puts a piece of a file, row-major in `piece`, into strided memory, converted to T; where the
/// target bins, adds the entries up in the file's order. Host memory. For std::uint8_t targets
/// throws IoError, which names `name`, for a value that is no whole number from 0 to 255.
template <typename T>
void scatter_piece(const std::byte* entries, NumberType type, const Box& piece,
                   const StorageTarget& place, const HostView<T>& target, const std::string& name);

}  // namespace tessera
