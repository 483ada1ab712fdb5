#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// MetaImage (https://itk.org/Wiki/MetaIO/Documentation): .mha, or .mhd with the data in a file
/// beside it; all types of numbers, both byte orders, compressed by zlib or not, as text. The shape
/// is slices x rows x cols, x components where an entry has several. Lengths are in millimetres, as
/// ITK takes them. Throws IoError for a malformed or truncated file.
[[nodiscard]] std::vector<DatasetInfo> list_meta_image(const std::string& path);
[[nodiscard]] std::unique_ptr<TensorReader> open_meta_image(const std::string& path);

/// How a MetaImage begins.
[[nodiscard]] bool looks_like_meta_image(const std::string& first_bytes);

}  // namespace tessera
