#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/base/extents.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/io/tensor_file.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// The axes of an array in the file's order, slowest first, some of them split: a file's 10000
/// pixels seen as 100 x 100. Order 1 to 6.
struct StorageShape {
    Extents extents;
    /// For each of them the axis of the file, counted from the slowest, that it is a part of.
    /// The parts of an axis follow each other, slowest first.
    std::vector<int> file_axis;
};

/// Where the entries of a box of the storage shape go in memory.
struct StorageTarget {
    Box box;         ///< what to read
    Extents stride;  ///< distance in memory, in entries, between neighbours of each axis
    Extents bin;     ///< that many neighbours of each axis are averaged into one entry
};

/// A file while it is being read (private to the layer).
class ReadSession;

/// Reads one array of a file, each rank a box of its own. Opening reads the header alone; the file
/// is opened anew for each read and closed after it.
class TensorReader {
  public:
    virtual ~TensorReader() = default;
    TensorReader(const TensorReader&) = delete;
    TensorReader& operator=(const TensorReader&) = delete;

    /// Opens "cube.h5:/data", "jasper.mat:Y", "field.mat:scan.sinogram", "x.npy", "x.hdr" (or the
    /// ENVI data file beside it). The dataset may be left out when the file holds exactly one
    /// readable array with at least two axes longer than 1. The first form is local; the second
    /// is collective and throws the same on all ranks. Throws IoError when the file is missing,
    /// truncated or malformed, and UsageError, with the arrays to choose from, when the dataset is
    /// not there, is not given where there is a choice, or cannot be read as a tensor.
    [[nodiscard]] static std::unique_ptr<TensorReader> open(const std::string& location);
    [[nodiscard]] static std::unique_ptr<TensorReader> open(const std::string& location,
                                                            const Communicator& communicator);

    [[nodiscard]] const DatasetInfo& info() const { return info_; }
    /// Shape as `info` states it, of order 1 to 6.
    [[nodiscard]] const Extents& shape() const { return shape_; }

    /// Reads a box of `shape()`, row-major in the box, converted to T (float, double; std::uint8_t
    /// for masks, where every value must be a whole number from 0 to 255). Collective: each rank
    /// its own box, which may be empty. Throws IoError on all ranks.
    template <typename T>
    void read(const Box& box, const HostView<T>& target, const Communicator& communicator) const;

    /// The same for a box of a storage shape that folds the file's axes, into strided memory: the
    /// one way by which everything is read (collective).
    template <typename T>
    void read(const StorageShape& storage, const StorageTarget& place, const HostView<T>& target,
              const Communicator& communicator) const;

    /// The file's axes without folding.
    [[nodiscard]] StorageShape storage_shape() const;

    /// Bytes that are read at once into a buffer beside the target, 64 MiB unless set.
    void set_piece_bytes(Index bytes) { piece_bytes_ = bytes; }

  protected:
    explicit TensorReader(DatasetInfo info);

    /// Opens the file; collective when a format's reads are.
    [[nodiscard]] virtual std::unique_ptr<ReadSession> start(
        const StorageShape& storage, const Communicator& communicator) const = 0;

  private:
    DatasetInfo info_;
    Extents shape_;
    Index piece_bytes_ = Index{64} << 20;
};

}  // namespace tessera
