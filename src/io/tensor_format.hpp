#pragma once

#include <string>

namespace tessera {

enum class TensorFormat { hdf5, matlab, npy, envi };

/// Format of a file, told by its content (an ENVI data file by the header beside it). MATLAB v7.3
/// counts as HDF5. Throws IoError when the file is missing or of no known format.
[[nodiscard]] TensorFormat format_of(const std::string& path);

}  // namespace tessera
