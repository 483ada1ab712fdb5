#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// An array that lies in a file as one run of numbers: what the formats for images have in common.
struct StoredArray {
    enum class Coding { plain, zlib, gzip, text };

    DatasetInfo info;
    std::string data_path;  ///< may be another than the header's
    Coding coding = Coding::plain;
    Index begin = 0;  ///< of the plain or coded bytes in that file
    Index end = 0;
    Index offset = 0;  ///< of the first number among the unpacked bytes
    bool swapped = false;
};

/// Throws the IoError of a truncated file when the data file cannot hold the array.
void check_stored_size(const StoredArray& array);

/// Plain numbers are read by each rank for itself; a stream passes through every rank, since it
/// has no other way in than its beginning, and each keeps its own part.
[[nodiscard]] std::unique_ptr<TensorReader> open_stored(StoredArray array);

/// Names of an image's axes from the slowest on: rows and cols, slices before them, time before
/// these.
[[nodiscard]] std::vector<std::string> image_axis_names(std::size_t count);

}  // namespace tessera
