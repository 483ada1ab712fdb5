#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// A format that can be read: all that the rest of the layer knows of it.
struct TensorFormat {
    /// Told by the content: by the first bytes, or by a look into the file.
    bool (*recognises)(const std::string& path, const std::string& first_bytes);
    std::vector<DatasetInfo> (*list)(const std::string& path);
    std::unique_ptr<TensorReader> (*open)(const std::string& path, const std::string& dataset);
    bool single;          ///< its files hold one array without a name, so `dataset` is empty
    bool series = false;  ///< a folder or a pattern of such files is one array
};

/// Format of a file (of an ENVI data file by the header beside it). MATLAB v7.3 counts as HDF5.
/// Throws IoError when the file is missing or of no known format.
[[nodiscard]] const TensorFormat& format_of(const std::string& path);

}  // namespace tessera
