#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// NIfTI-1 (https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h): .nii, and .hdr with .img
/// beside it, each compressed by gzip (.gz) or not, both byte orders; slope and intercept are
/// applied. The shape is as nibabel states it, cols x rows x slices (x time), the first changing
/// fastest; as a tensor it is (time,) slices, rows, cols unless the deck says otherwise. Throws
/// IoError for a malformed or truncated file.
[[nodiscard]] std::vector<DatasetInfo> list_nifti(const std::string& path);
[[nodiscard]] std::unique_ptr<TensorReader> open_nifti(const std::string& path);

/// Whether the file, or what gzip has compressed in it, begins with NIfTI's header.
[[nodiscard]] bool looks_like_nifti(const std::string& path, const std::string& first_bytes);

}  // namespace tessera
