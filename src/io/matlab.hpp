#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// MATLAB's MAT files of level 5 (versions 5 to 7), compressed or not, in both byte orders; fields
/// of structs as "a.b". Of the published format description ("MAT-File Format", The MathWorks) this
/// reads real numeric arrays and lists the rest. A library (matio 1.5.23) was tried and crashed on
/// damaged files, so the elements are walked here with every length checked. Version 7.3 is HDF5.
/// Throws IoError for a malformed or truncated file.
[[nodiscard]] std::vector<DatasetInfo> list_matlab(const std::string& path);

/// Throws UsageError when there is no such array or it cannot be read as a tensor.
[[nodiscard]] std::unique_ptr<TensorReader> open_matlab(const std::string& path,
                                                        const std::string& dataset);

/// How a file of level 5 begins (its first 128 bytes).
[[nodiscard]] bool looks_like_matlab(const std::string& first_bytes);

}  // namespace tessera
