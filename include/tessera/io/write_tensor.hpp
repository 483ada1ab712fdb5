#pragma once

#include <string>
#include <vector>

#include "tessera/io/number_type.hpp"
#include "tessera/tensor/dense_tensor.hpp"
#include "tessera/tensor/sparse_tensor.hpp"

namespace tessera {

/// Formats that a tensor can be written in.
enum class OutputFormat { hdf5, npy, envi, vti, nifti, tiff, coordinates };

/// Order of the entries in an ENVI data file, slowest first: bands, rows, cols; rows, bands, cols;
/// rows, cols, bands.
enum class Interleave { bsq, bil, bip };

/// What is written beside the entries.
struct TensorOutput {
    std::string path;                       ///< its suffix tells the format, see output_format
    std::string dataset = "data";           ///< name in HDF5 and VTI
    NumberType type = NumberType::float64;  ///< uint8/16, int16/32 or float32/64
    std::vector<std::string> axes;          ///< one name per mode
    std::vector<double> wavelengths;        ///< of the bands; may be empty
    std::string wavelength_unit;
    /// Of each mode, as ReadPlan has them; empty where nothing is known.
    std::vector<double> spacing = {};
    std::vector<double> origin = {};
    std::vector<std::string> units = {};
    Interleave interleave = Interleave::bsq;
    /// NaN marks an entry that was not observed: integers have 0 there, a coordinate list leaves it
    /// out and has all others, whereas else it has all that are not 0.
    bool partly_observed = false;
    /// How to come back to the values before scaling, value * factor + offset; one number, or one
    /// per band; empty when nothing was scaled.
    std::vector<double> scale_factor = {};
    std::vector<double> scale_offset = {};
};

/// The format that the suffix of a path asks for: .h5 .hdf5, .npy, .hdr .img .raw .dat .bsq .bil
/// .bip, .vti, .nii .nii.gz, .tif .tiff, .tns. Throws UsageError for another.
[[nodiscard]] OutputFormat output_format(const std::string& path);

/// The files that writing makes: two for ENVI, header and data.
[[nodiscard]] std::vector<std::string> output_files(const TensorOutput& output);

/// Modes of the tensor in the order in which they lie in the file, slowest first. Throws UsageError
/// when the format cannot hold a tensor of that shape with these axes.
[[nodiscard]] std::vector<int> stored_modes(const TensorOutput& output, const Extents& shape);

/// Writes a tensor, each rank slab by slab in the file's order, whole or not at all:
///   HDF5         row-major, names of the axes as dimension labels
///   NPY          row-major
///   ENVI         modes named rows, cols and bands, else the three in that order; a matrix has one
///                band
///   VTI, TIFF    as ImageLayout says: bands in front of the image modes, one page for each; VTI
///                has the data appended raw
///   NIfTI        mode 0 fastest, so that nibabel shows the tensor's own shape; .gz compressed
///   .tns         a line for each entry, indices from 1, in row-major order
/// The bytes are the same on any number of ranks, HDF5's bookkeeping excepted. Values must fit the
/// type (see fit_of); integers are rounded to nearest, halves to even. Replaces an existing file.
/// Collective; throws UsageError, IoError or MemoryError on all ranks. T: float, double.
template <typename T>
void write_tensor(const DenseTensor<T>& tensor, const TensorOutput& output);

/// Writes a list of entries as .tns, a line for each in row-major order and nothing else, where
/// mode 0 alone is shared out over the ranks. The bytes are the same on any number of ranks.
/// Collective; throws IoError or MemoryError on all ranks. T: float, double.
template <typename T>
void write_entries(const SparseTensor<T>& entries, const TensorOutput& output);

/// What becomes of the entries of a tensor when they are written as another type.
struct TypeFit {
    Index outside = 0;         ///< beyond the range of the type, NaN or infinite where it has none
    Index first_outside = -1;  ///< its global row-major index
    Index rounded = 0;         ///< not written exactly
    double most_rounding = 0.0;  ///< largest |written - value|
    Index missing = 0;           ///< NaN
};

/// Collective. NaN counts as outside for integers unless it marks what was not observed.
template <typename T>
[[nodiscard]] TypeFit fit_of(const DenseTensor<T>& tensor, NumberType type, bool partly_observed);

}  // namespace tessera
