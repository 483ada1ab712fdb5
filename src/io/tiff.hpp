#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// TIFF through libtiff: one page, many pages, and stacks of files (a folder, or a pattern such as
/// "slices/*.tif", in natural order); strips and tiles, every compression that libtiff has. The
/// shape is slices x rows x cols (time instead of slices where ImageJ says so), x bands where a
/// pixel has several numbers, as in RGB; a single slice is left out. Each rank decodes the strips
/// that it needs. Throws IoError for malformed or truncated files, pages that differ and gaps in a
/// stack.
[[nodiscard]] std::vector<DatasetInfo> list_tiff(const std::string& path);
[[nodiscard]] std::unique_ptr<TensorReader> open_tiff(const std::string& path);

/// How a TIFF or BigTIFF file begins.
[[nodiscard]] bool looks_like_tiff(const std::string& first_bytes);

}  // namespace tessera
