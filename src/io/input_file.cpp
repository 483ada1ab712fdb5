#include "input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "tessera/base/error.hpp"

namespace tessera {

InputFile::InputFile(const std::string& path) : path_(path) {
    // Not blocking, so that a named pipe is refused below rather than waited for.
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor_ < 0) {
        throw IoError("cannot read " + path + ": " + std::strerror(errno));
    }
    struct stat status = {};
    const bool known = ::fstat(descriptor_, &status) == 0;
    if (!known || !S_ISREG(status.st_mode)) {
        ::close(descriptor_);
        throw IoError("cannot read " + path + ": it is " +
                      (known && S_ISDIR(status.st_mode) ? "a folder" : "not a regular file") +
                      ", name a data file");
    }
    size_ = static_cast<Index>(status.st_size);
}

InputFile::~InputFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

void InputFile::read(Index offset, void* buffer, Index bytes) const {
    // Linux moves at most 2 GiB - 4 KiB in one call, other systems less.
    constexpr Index most_bytes = Index{512} << 20;
    auto* target = static_cast<char*>(buffer);
    const Index end = offset + bytes;
    while (offset < end) {
        const ssize_t got = ::pread(descriptor_, target,
                                    static_cast<std::size_t>(std::min(end - offset, most_bytes)),
                                    static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            throw IoError("cannot read " + path_ + ": " + std::strerror(errno));
        }
        if (got == 0) {
            throw_truncated(path_, static_cast<double>(end), static_cast<double>(offset));
        }
        offset += got;
        target += got;
    }
}

std::string InputFile::text(Index offset, Index most_bytes) const {
    std::string result(static_cast<std::size_t>(std::clamp<Index>(size_ - offset, 0, most_bytes)),
                       '\0');
    read(offset, result.data(), static_cast<Index>(result.size()));
    return result;
}

void throw_truncated(const std::string& path, double expected_bytes, double actual_bytes) {
    char text[128];
    std::snprintf(text, sizeof text,
                  " is truncated: its header asks for %.0f bytes, the file has %.0f",
                  expected_bytes, actual_bytes);
    throw IoError(path + text + "; copy it again");
}

void swap_bytes(std::byte* values, Index count, std::size_t entry_bytes) {
    for (Index i = 0; i < count; ++i) {
        std::reverse(values, values + entry_bytes);
        values += entry_bytes;
    }
}

}  // namespace tessera
