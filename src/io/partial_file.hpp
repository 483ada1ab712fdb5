#pragma once

#include <functional>
#include <string>

#include "hdf5_handle.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// An HDF5 file that is being written by all ranks under its partial name, and gets its final name
/// when it is finished; private to the layer. All functions are collective and throw the same
/// IoError on all ranks.
class PartialFile {
  public:
    /// Creates `path`.partial. Uses the HDF5 format of version 1.8: attributes of any size, and
    /// checksums on all of HDF5's own book-keeping, so that a damaged file is told, not followed.
    PartialFile(const Communicator& communicator, std::string path);
    /// Removes the partial file, unless it was published.
    ~PartialFile();
    PartialFile(const PartialFile&) = delete;
    PartialFile& operator=(const PartialFile&) = delete;

    [[nodiscard]] hid_t id() const { return file_.get(); }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const Communicator& communicator() const { return communicator_; }

    /// Runs collective HDF5 calls and agrees on the outcome. The calls of one `work` must fail on
    /// all ranks or be the last one in it: a rank that leaves early would be missed by the others.
    void together(const std::function<void()>& work) const;

    /// Reserves room on the disk for `bytes` more (the same number on all ranks), for `what`; call
    /// it before anything of that size is written. A disk that fills up is then noticed here, by
    /// one rank, and not inside a collective write, from which MPI's own file layer may never come
    /// back. Where the file system cannot reserve, only its free space is looked at.
    void reserve(double bytes, const std::string& what);

    /// Flushes, closes and renames.
    void publish();

  private:
    void abandon() noexcept;

    Communicator communicator_;
    std::string path_;
    hdf5::Handle file_;
    double needed_bytes_ = 0.0;    ///< at least the length that the file will have
    double reserved_bytes_ = 0.0;  ///< of the disk, from the beginning of the file
};

}  // namespace tessera
