#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// VTK's XML ImageData (https://docs.vtk.org/en/latest/design_documents/VTKFileFormats.html):
/// inline and appended arrays, raw, base64 and as text, both byte orders, compressed by zlib or
/// not. The shape is slices x rows x cols (z, y, x), x components where an entry has several; one
/// slice is left out. Arrays of cells are named "CellData/...". Throws IoError for a malformed or
/// truncated file.
[[nodiscard]] std::vector<DatasetInfo> list_vti(const std::string& path);
[[nodiscard]] std::unique_ptr<TensorReader> open_vti(const std::string& path,
                                                     const std::string& dataset);

/// How one of VTK's XML files begins.
[[nodiscard]] bool looks_like_vti(const std::string& first_bytes);

}  // namespace tessera
