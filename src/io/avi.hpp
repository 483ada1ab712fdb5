#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// AVI video with uncompressed frames (RIFF, device-independent bitmaps of 8 or 24 bits, rows from
/// the bottom up unless their height is negative): time x rows x cols, and x bands (red, green,
/// blue) with 24 bits. Throws IoError for a malformed or truncated file and for a compressed one.
[[nodiscard]] std::vector<DatasetInfo> list_avi(const std::string& path);
[[nodiscard]] std::unique_ptr<TensorReader> open_avi(const std::string& path);

/// How an AVI file begins.
[[nodiscard]] bool looks_like_avi(const std::string& first_bytes);

}  // namespace tessera
