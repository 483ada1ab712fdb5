#pragma once

#include <mpi.h>
#include <sys/mount.h>

#include <filesystem>
#include <string>

#include "all_ranks.hpp"

namespace tessera::test_support {

/// A small file system of its own (tmpfs), mounted for the life of the object: to run out of space
/// on, or (`read_only`) to be refused by, which permissions do not do to root. All ranks must be on
/// one machine. Where mounting is not allowed, `available()` is false on all of them. Collective.
class SmallDisk {
  public:
    SmallDisk(std::filesystem::path folder, long bytes, bool read_only = false)
        : folder_(std::move(folder)) {
        int mounted = 0;
        if (own_rank() == 0) {
            std::filesystem::create_directories(folder_);
            const unsigned long flags = read_only ? static_cast<unsigned long>(MS_RDONLY) : 0UL;
            const std::string options = "size=" + std::to_string(bytes);
            mounted = mount("tmpfs", folder_.c_str(), "tmpfs", flags, options.c_str()) == 0 ? 1 : 0;
        }
        MPI_Bcast(&mounted, 1, MPI_INT, 0, MPI_COMM_WORLD);
        available_ = mounted == 1;
    }
    ~SmallDisk() {
        MPI_Barrier(MPI_COMM_WORLD);
        if (available_ && own_rank() == 0) {
            umount2(folder_.c_str(), MNT_DETACH);
        }
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    [[nodiscard]] bool available() const { return available_; }
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  private:
    std::filesystem::path folder_;
    bool available_ = false;
};

}  // namespace tessera::test_support
