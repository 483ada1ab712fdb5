#pragma once

#include <string>
#include <vector>

#include "tessera/tensor/sparse_assembly.hpp"

namespace tessera {

/// What the first lines of a text file with a list of entries say: a line per entry with its
/// position and its value. Lines that begin with # and empty lines do not count, but for the two
/// comments with which `write_tensor` begins such a file: "# axes: .." and "# shape: ..".
struct CoordinateFile {
    std::string path;
    /// "FROSTT text" (.tns: columns apart by blanks, no header), "GenTen sptensor text" (a header
    /// with extents and count, positions from 0) or "CSV" (commas or semicolons; the first line may
    /// name the columns).
    std::string format;
    char separator = ' ';
    Index columns = 0;
    std::vector<std::string> column_names;  ///< of a CSV file's header line or of our own comments
    std::vector<Index> shape;               ///< where the header states it
    std::vector<Index> index_base;          ///< where the format or our own comments state it
    Index stated_entries = -1;              ///< where the header states it
    Index body_offset = 0;                  ///< byte of the first line after the header
    Index body_line = 1;                    ///< number of that line, from 1
};

/// How the columns are to be understood, where the file does not say it.
struct CoordinateOptions {
    /// First position of each mode: 0 or 1; one number for all modes; empty: 0 when any position of
    /// the file is 0, otherwise 1 (GenTen files: 0).
    std::vector<Index> index_base;
    std::vector<Index> shape;  ///< empty: from the header, else up to the largest position
    /// Columns, from 1, of the position in each mode and then of the value; empty: all, in order.
    std::vector<Index> columns;
};

/// The entries that this rank has read, and what holds for the whole file.
template <typename T>
struct CoordinateEntries {
    Extents shape;
    std::vector<Index> index_base;
    Index entry_count = 0;
    CoordinateList<T> entries;         ///< of this rank; positions from 0
    std::vector<std::string> remarks;  ///< sentences for the log
};

/// Whether this is a file that begins like a list of entries. Throws IoError when it cannot be
/// read.
[[nodiscard]] bool looks_like_coordinates(const std::string& path);

/// Reads the header (a local call). Throws IoError where the file is missing or its beginning is no
/// list of entries.
[[nodiscard]] CoordinateFile inspect_coordinates(const std::string& path);

/// What pieces of a file say of the whole of it.
struct CoordinateForecast {
    Extents shape;         ///< as stated, else up to the largest position seen
    double entries = 0.0;  ///< as stated, else from the mean length of a line
    bool exact = true;     ///< the file is short: all of it was looked at
};

/// Looks at a few pieces of a file (a local call). Lines that are wrong are for `read_coordinates`
/// to complain of. Throws IoError when it cannot be read.
[[nodiscard]] CoordinateForecast forecast_coordinates(const CoordinateFile& file,
                                                      const CoordinateOptions& options);

/// Reads all entries, each rank the lines that begin in its share of the bytes (collective). Throws
/// IoError on all ranks, with the number of the first offending line, for a line with other columns
/// or with something else than numbers in them, a position that is negative or beyond the extents,
/// a value that is not finite; for fewer or more entries than the header states, and for none at
/// all. Throws UsageError when the options do not fit the file, and MemoryError.
template <typename T>
[[nodiscard]] CoordinateEntries<T> read_coordinates(const CoordinateFile& file,
                                                    const CoordinateOptions& options,
                                                    const Communicator& communicator);

}  // namespace tessera
