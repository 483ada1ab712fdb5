#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// NumPy's format NPY, versions 1 to 3, in C and Fortran order and both byte orders
/// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). Structured and object
/// arrays, complex and half precision are listed, not read. Throws IoError for a malformed or
/// truncated file.
[[nodiscard]] std::vector<DatasetInfo> list_npy(const std::string& path);
[[nodiscard]] std::unique_ptr<TensorReader> open_npy(const std::string& path);

/// How an NPY file begins.
[[nodiscard]] bool looks_like_npy(const std::string& first_bytes);

}  // namespace tessera
