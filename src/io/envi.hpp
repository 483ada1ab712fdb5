#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// ENVI: a text header (.hdr) and a data file of plain numbers beside it. Whatever the interleave
/// (bsq, bil, bip), the shape is rows x columns x bands. `path` is the header or the data file.
/// Only samples, lines, bands, data type and interleave have to be there; header offset and byte
/// order are 0 (little-endian) unless stated. Throws IoError for a malformed or truncated pair.
[[nodiscard]] std::vector<DatasetInfo> list_envi(const std::string& path);
[[nodiscard]] std::unique_ptr<TensorReader> open_envi(const std::string& path);

/// How an ENVI header begins.
[[nodiscard]] bool looks_like_envi(const std::string& first_bytes);
/// The header of an ENVI data file ("x.raw.hdr" or "x.hdr"), empty when there is none.
[[nodiscard]] std::string envi_header_of(const std::string& data_path);

}  // namespace tessera
