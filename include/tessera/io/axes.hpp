#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tessera/base/extents.hpp"
#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// In which order a folded axis runs through its parts.
enum class FoldOrder {
    natural,  ///< as the file's own software would reshape it: MATLAB by columns, others by rows
    first_fastest,  ///< column-major: the first of the parts changes fastest
    last_fastest    ///< row-major
};

/// Half-open range of positions, from 0, of a named axis; `end` -1 stands for the axis' end.
struct AxisRange {
    std::string axis;
    Index begin = 0;
    Index end = -1;
};

/// That many neighbours of a named axis are averaged into one.
struct AxisBin {
    std::string axis;
    Index count = 1;
};

/// What a deck says about the axes of its data.
struct AxesRequest {
    /// `data.axes`: a name for each axis, in the order in which the file's own software states the
    /// shape (DatasetInfo::shape), after folding. Empty: the file's names, else axis0, axis1, ...
    std::vector<std::string> axes = {};
    /// `data.shape`: the shape after folding, in that same order. Each axis of the file is split
    /// into one or several consecutive ones; those of length 1 may be left out. One entry may be 0:
    /// it is worked out. Empty: the file's shape.
    std::vector<Index> shape = {};
    FoldOrder fold_order = FoldOrder::natural;
    /// `data.order`: the names in the order wanted. Empty: rows, cols, bands, or (components),
    /// (time), slices, rows, cols, when these are the names, else the order of `axes`.
    std::vector<std::string> order = {};
    /// `data.region` and `data.bin`. A last bin that the region does not fill is left out.
    std::vector<AxisRange> region = {};
    std::vector<AxisBin> bins = {};
};

/// "bands, rows,cols" as a list of names. Throws UsageError for an empty name; `key` leads the
/// message.
[[nodiscard]] std::vector<std::string> parse_axis_names(std::string_view text,
                                                        const std::string& key);
/// "rows 10:50, bands :100" as ranges, "rows 2, cols 2" as bins. Throws UsageError for other text.
[[nodiscard]] std::vector<AxisRange> parse_region(std::string_view text, const std::string& key);
[[nodiscard]] std::vector<AxisBin> parse_bins(std::string_view text, const std::string& key);

/// How an array is turned into a tensor with named axes: worked out from header and deck before
/// anything is read or allocated.
struct ReadPlan {
    Extents shape;                  ///< of the tensor
    std::vector<std::string> axes;  ///< of the tensor, one name per mode
    /// One sentence about what was understood, for the log.
    std::string understood;
    /// Of the tensor's mode "bands" (of the mean of each bin), where the file states them.
    std::vector<double> wavelengths;
    std::string wavelength_unit;
    /// Of each mode (of the means where it is binned), as DatasetInfo has them; all empty where the
    /// file states none. The parts of an axis that was split have no length.
    std::vector<double> spacing;
    std::vector<double> origin;
    std::vector<std::string> units;

    StorageShape storage;
    /// For each mode of the tensor the storage axis that it comes from, where the region begins
    /// there, and how many are averaged.
    std::vector<int> storage_axis;
    Extents begin;
    Extents bin;

    /// What to read, and to where, for a block of the tensor that is row-major in memory.
    [[nodiscard]] StorageTarget target_of(const Box& block) const;
};

/// Local, and the same on every rank. Throws UsageError, naming the deck's key, when the request
/// does not fit the array.
[[nodiscard]] ReadPlan plan_read(const DatasetInfo& info, const AxesRequest& request);

}  // namespace tessera
