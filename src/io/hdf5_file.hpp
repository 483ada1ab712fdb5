#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// HDF5 files, and MATLAB's version 7.3, which is HDF5 with the axes reversed: it is told by its
/// header, a single array by its attribute MATLAB_class. Fields of MATLAB's structs are "a.b".
/// Throws IoError for a malformed or truncated file.
[[nodiscard]] std::vector<DatasetInfo> list_hdf5(const std::string& path);

/// `dataset` is a path in the file, which may go through links, or a name as `list_hdf5` gives it.
/// Several ranks read contiguous arrays by collective hyperslab transfers through MPI-IO, and
/// chunked ones each on its own. Throws UsageError when there is no such array or it cannot be read
/// as a tensor.
[[nodiscard]] std::unique_ptr<TensorReader> open_hdf5(const std::string& path,
                                                      const std::string& dataset);

/// Whether HDF5's signature is at one of the places where it may be.
[[nodiscard]] bool looks_like_hdf5(const std::string& path);

}  // namespace tessera
