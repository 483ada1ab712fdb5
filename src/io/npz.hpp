#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// NumPy's NPZ: a zip archive of NPY files, stored (numpy.savez) or deflated
/// (numpy.savez_compressed); arrays have the members' names without ".npy". Throws IoError for an
/// archive that is malformed, truncated or encrypted.
[[nodiscard]] std::vector<DatasetInfo> list_npz(const std::string& path);

/// Throws UsageError when there is no such array or it cannot be read as a tensor.
[[nodiscard]] std::unique_ptr<TensorReader> open_npz(const std::string& path,
                                                     const std::string& dataset);

/// How a zip archive begins, an empty one too.
[[nodiscard]] bool looks_like_zip(const std::string& first_bytes);

}  // namespace tessera
