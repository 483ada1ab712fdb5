#pragma once

#include <string>
#include <vector>

#include "parallel_file.hpp"
#include "tessera/io/write_tensor.hpp"

/// One writer for each format, behind write_tensor. All are collective. T: float, double.
namespace tessera {

/// A file of plain numbers between a header and a footer.
template <typename T>
void write_linear(const DenseTensor<T>& tensor, const TensorOutput& output, const std::string& path,
                  const std::string& header, const std::string& footer);

template <typename T>
void write_npy(const DenseTensor<T>& tensor, const TensorOutput& output);
template <typename T>
void write_envi(const DenseTensor<T>& tensor, const TensorOutput& output);
template <typename T>
void write_vti(const DenseTensor<T>& tensor, const TensorOutput& output);
template <typename T>
void write_nifti(const DenseTensor<T>& tensor, const TensorOutput& output);
template <typename T>
void write_tiff(const DenseTensor<T>& tensor, const TensorOutput& output);
template <typename T>
void write_hdf5(const DenseTensor<T>& tensor, const TensorOutput& output);
template <typename T>
void write_coordinates(const DenseTensor<T>& tensor, const TensorOutput& output);

/// Modes of a tensor as rows, cols and bands; -1 for bands that it has not. Throws UsageError when
/// ENVI cannot hold it.
struct EnviModes {
    int rows = 0;
    int cols = 1;
    int bands = -1;
};
[[nodiscard]] EnviModes envi_modes(const TensorOutput& output, const Extents& shape);

/// Header and data file of an ENVI pair, whichever of them is named.
struct EnviFiles {
    std::string header;
    std::string data;
};
[[nodiscard]] EnviFiles envi_files(const std::string& path);

/// Numbers of the header that undo a scaling, one for each band when there are several.
[[nodiscard]] std::string number_list(const std::vector<double>& values, const char* separator);

}  // namespace tessera
