#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// Pictures (see image_format) as a tensor: one as rows x cols, with x bands in colour; a folder of
/// them, with its subfolders, as images x rows x cols (x bands), in natural order. Other files in
/// the folder are left out, and so is what begins with a dot; all pictures must have the same size
/// and type. Throws IoError for a malformed or truncated picture, and for one that differs.
[[nodiscard]] std::vector<DatasetInfo> list_images(const std::string& path);
[[nodiscard]] std::unique_ptr<TensorReader> open_images(const std::string& path);

/// How a picture begins.
[[nodiscard]] bool looks_like_image(const std::string& first_bytes);
/// Whether a folder or one of its subfolders holds a picture.
[[nodiscard]] bool holds_images(const std::string& folder);

}  // namespace tessera
