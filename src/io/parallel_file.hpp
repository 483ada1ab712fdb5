#pragma once

#include <string>

#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// A plain file that all ranks write at offsets of their own, under its partial name until it is
/// finished (PartialFile is the same for HDF5). Functions are collective and throw the same IoError
/// on all ranks, but for `write`.
class ParallelFile {
  public:
    /// Creates `path`.partial.
    ParallelFile(const Communicator& communicator, std::string path);
    /// Removes the partial file, unless it was published.
    ~ParallelFile();
    ParallelFile(const ParallelFile&) = delete;
    ParallelFile& operator=(const ParallelFile&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const Communicator& communicator() const { return communicator_; }

    /// Reserves room on the disk for a file of that length (the same on all ranks).
    void reserve(double bytes);

    /// Writes bytes at an offset. Local: wrap it in `agree`.
    void write(Index offset, const void* bytes, Index count) const;

    /// Flushes on every rank, closes and renames.
    void publish();

  private:
    void close() noexcept;

    Communicator communicator_;
    std::string path_;
    int descriptor_ = -1;
    double reserved_bytes_ = 0.0;
    bool published_ = false;
};

/// Gives each rank, in rank order, the offset for its `bytes` behind those of the ranks before it,
/// and moves `end`, the same on all ranks, behind them all (collective): parts of unequal length
/// follow one another.
[[nodiscard]] Index claim_offset(const Communicator& communicator, Index& end, Index bytes);

}  // namespace tessera
