#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tessera/base/types.hpp"
#include "tessera/io/number_type.hpp"

namespace tessera {

/// One array of a file, as the software that wrote it would describe it.
struct DatasetInfo {
    std::string path;     ///< of the file: the header's for ENVI
    std::string format;   ///< "HDF5", "MATLAB v5", "MATLAB v7.3", "NPY", "ENVI", "VTI", ...
    std::string dataset;  ///< "/exchange/data", "Y", "CtData.sinogram"; empty in NPY and ENVI

    /// Extents in the order in which the file's own software states them: size(Y) in MATLAB, .shape
    /// in NumPy and h5py, and always rows, columns, bands in ENVI, whatever its interleave.
    std::vector<Index> shape;
    /// Type of the entries in the file; nothing when they are no real numbers.
    std::optional<NumberType> type;
    /// "uint16", with ", big-endian" where that is so, with MATLAB's class where that is another
    /// ("uint16, double in MATLAB": it keeps whole numbers in few bytes), or what it is instead:
    /// "cell array".
    std::string type_text;
    /// Axes of `shape` from the slowest to the fastest in the file: {0, 1, 2} in row-major order,
    /// {2, 1, 0} in MATLAB's column-major order, {0, 2, 1} in ENVI's bil.
    std::vector<int> storage_order;

    /// Names of the axes where the file or its format states them (ENVI, images; HDF5 dimension
    /// labels), else empty.
    std::vector<std::string> axes;
    /// Of each axis: distance of neighbours, position of the first entry, and the unit of both
    /// ("mm", or nothing). Empty where the file does not state them.
    std::vector<double> spacing;
    std::vector<double> origin;
    std::vector<std::string> units;
    /// What the array is in the format's own terms ("projections"), and whether it is the one meant
    /// when a file is named without a dataset; empty where the format knows no such thing.
    std::string meaning;
    bool principal = false;
    /// What is read is slope * stored number + intercept.
    double slope = 1.0;
    double intercept = 0.0;
    std::vector<std::pair<std::string, std::string>> attributes;
    /// Centre of each band where the file states it, and the unit that it gives.
    std::vector<double> wavelengths;
    std::string wavelength_unit;

    /// Why it cannot be read as a tensor, as the end of a sentence ("is a cell array"); empty when
    /// it can.
    std::string obstacle;
    /// Something odd that does no harm, as a sentence; empty when there is nothing.
    std::string remark;

    [[nodiscard]] bool readable() const { return obstacle.empty(); }
    [[nodiscard]] bool scaled() const { return slope != 1.0 || intercept != 0.0; }
    /// In reversed order, as MATLAB keeps arrays, and so does NumPy on request.
    [[nodiscard]] bool column_major() const;
    /// Whether it was written by MATLAB, so that reshape() means column-major order.
    [[nodiscard]] bool from_matlab() const { return format.rfind("MATLAB", 0) == 0; }
    /// "jasper.mat:Y", as TensorReader::open takes it, without the folder.
    [[nodiscard]] std::string short_name() const;
    /// "198 x 10000"; "scalar" for no axes.
    [[nodiscard]] std::string shape_text() const;
};

/// All arrays of a file, those that cannot be read as tensors among them, in the file's order (by
/// name in HDF5); what `tessera info` prints. The format is recognised by the content. Nothing but
/// headers is read, and the file's size is checked against them. A local call. Throws IoError when
/// the file is missing, of no known format, truncated or malformed.
[[nodiscard]] std::vector<DatasetInfo> list_datasets(const std::string& path);

/// A path and the name of a dataset in it, separated by the last colon: "cube.h5:/scan/data". The
/// name is empty when the whole text names a file or has no colon.
struct FileLocation {
    std::string path;
    std::string dataset;
};
[[nodiscard]] FileLocation split_location(const std::string& location);

}  // namespace tessera
