#pragma once

#include <string>
#include <vector>

#include "hdf5_handle.hpp"
#include "tessera/io/tensor_file.hpp"

namespace tessera {

/// One dataset of an HDF5 file and what reading it needs.
struct Hdf5Array {
    DatasetInfo info;
    std::string object;       ///< path in the file
    Extents file_shape;       ///< in the file's order, where it can be read
    Extents chunk;            ///< order 0 when it is not chunked
    bool contiguous = false;  ///< one run of bytes that is there
};

/// Opens the file, with a clear message for a truncated one. Throws IoError.
[[nodiscard]] hdf5::Handle open_hdf5_file(const std::string& path);

/// All datasets that hard links lead to, by name.
[[nodiscard]] std::vector<Hdf5Array> hdf5_arrays(hid_t file, const std::string& path);

/// The dataset at that path in the file, whatever links lead there; its info has an empty
/// `dataset` when nothing or no dataset is there.
[[nodiscard]] Hdf5Array hdf5_array(hid_t file, const std::string& path, const std::string& object);

}  // namespace tessera
