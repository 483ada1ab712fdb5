#pragma once

#include <hdf5.h>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// Selects in a file's dataspace the entries of a box of a storage shape that splits the file's
/// axes. HDF5 delivers them in the order of the file, which is row-major in the box. Throws
/// IoError.
void select_folded(hid_t space, const StorageShape& storage, const Box& box, int file_order);

}  // namespace tessera
