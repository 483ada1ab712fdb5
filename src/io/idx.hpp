#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// IDX, the format of the MNIST digits (http://yann.lecun.com/exdb/mnist/): two zero bytes, a code
/// of the type, the number of axes, their extents, and the entries, all big-endian; as it is or
/// packed by gzip. Throws IoError for a malformed or truncated file.
[[nodiscard]] std::vector<DatasetInfo> list_idx(const std::string& path);
[[nodiscard]] std::unique_ptr<TensorReader> open_idx(const std::string& path);

/// Whether a file begins like one, packed or not.
[[nodiscard]] bool looks_like_idx(const std::string& path, const std::string& first_bytes);

}  // namespace tessera
