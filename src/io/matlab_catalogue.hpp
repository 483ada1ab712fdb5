#pragma once

#include <string>
#include <vector>

#include "byte_source.hpp"
#include "tessera/io/tensor_file.hpp"

namespace tessera {

/// One array of a MAT file of level 5 and where its numbers are.
struct MatlabArray {
    DatasetInfo info;
    bool swapped = false;
    bool compressed = false;
    /// The variable's compressed bytes in the file.
    Index packed_begin = 0;
    Index packed_bytes = 0;
    /// Of the first number: in the file, or in the variable once it is unpacked.
    Index data_begin = 0;
};

/// All variables of the file and the fields of their structs. Throws IoError for a malformed or
/// truncated file.
[[nodiscard]] std::vector<MatlabArray> matlab_arrays(const InputFile& file);

}  // namespace tessera
