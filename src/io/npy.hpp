#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "linear_session.hpp"
#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// NumPy's format NPY, versions 1 to 3, in C and Fortran order and both byte orders
/// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). Structured and object
/// arrays, complex and half precision are listed, not read. Throws IoError for a malformed or
/// truncated file.
[[nodiscard]] std::vector<DatasetInfo> list_npy(const std::string& path);
[[nodiscard]] std::unique_ptr<TensorReader> open_npy(const std::string& path);

/// What the header of an NPY file, or of one inside an archive, says.
struct NpyArray {
    DatasetInfo info;
    LinearLayout layout;
};
/// `text_at` gives bytes of it, fewer where it ends; `size` is its length. Messages call it `name`.
[[nodiscard]] NpyArray describe_npy(
    const std::string& name, Index size,
    const std::function<std::string(Index offset, Index bytes)>& text_at);

/// How an NPY file begins.
[[nodiscard]] bool looks_like_npy(const std::string& first_bytes);

}  // namespace tessera
