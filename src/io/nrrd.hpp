#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// NRRD (https://teem.sourceforge.net/nrrd/format.html): attached (.nrrd) and detached (.nhdr)
/// data, raw, gzip and text, both byte orders. The axes are turned round, the slowest first: slices
/// x rows x cols, and components, which the file keeps in front, are last. Throws IoError for a
/// malformed or truncated file.
[[nodiscard]] std::vector<DatasetInfo> list_nrrd(const std::string& path);
[[nodiscard]] std::unique_ptr<TensorReader> open_nrrd(const std::string& path);

/// How a NRRD header begins.
[[nodiscard]] bool looks_like_nrrd(const std::string& first_bytes);

}  // namespace tessera
