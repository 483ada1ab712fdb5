#include "disk_blocks.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "tessera/base/error.hpp"
#include "tessera/base/types.hpp"
#include "tessera/io/atomic_file.hpp"

namespace tessera {
namespace {

/// False: the disk has none left.
bool allocate_blocks(const std::string& file, Index length) {
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return true;  // whatever is wrong with the file, writing will tell it
    }
    const bool full = ::fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, length) != 0 &&
                      (errno == ENOSPC || errno == EDQUOT);
    ::close(descriptor);
    return !full;
}

}  // namespace

void reserve_blocks(const std::string& path, double bytes, double more_bytes,
                    const std::string& what) {
    require_free_space(path, more_bytes, what);
    if (!allocate_blocks(partial_name(path), static_cast<Index>(bytes))) {
        throw IoError(path + ": no space left for " + what +
                      "; free some space or choose another place for the output");
    }
}

void give_back_blocks(const std::string& file) noexcept {
    std::error_code ignored;
    const auto length = std::filesystem::file_size(file, ignored);
    if (!ignored) {
        std::filesystem::resize_file(file, length, ignored);
    }
}

}  // namespace tessera
