#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// MRC2014 (https://www.ccpem.ac.uk/mrc_format/mrc2014.php), modes 0, 1, 2 and 6, both byte orders,
/// with or without an extended header. The shape is slices x rows x cols (sections, rows, columns).
/// Lengths are in angstrom. Throws IoError for a malformed or truncated file.
[[nodiscard]] std::vector<DatasetInfo> list_mrc(const std::string& path);
[[nodiscard]] std::unique_ptr<TensorReader> open_mrc(const std::string& path);

/// How an MRC file begins: "MAP" and the byte order stand behind 208 bytes.
[[nodiscard]] bool looks_like_mrc(const std::string& first_bytes);

}  // namespace tessera
