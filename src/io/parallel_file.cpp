#include "parallel_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "disk_blocks.hpp"
#include "tessera/base/error.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

[[noreturn]] void cannot_write(const std::string& path, const std::string& action) {
    const int reason = errno;
    throw IoError(path + ": cannot " + action + ": " + std::strerror(reason) +
                  "; choose another place for the output");
}

}  // namespace

ParallelFile::ParallelFile(const Communicator& communicator, std::string path)
    : communicator_(communicator), path_(std::move(path)) {
    agree(communicator_, [&] {
        if (communicator_.rank() == 0) {
            start_partial(path_);
        }
    });
    try {
        agree(communicator_, [&] {
            descriptor_ = ::open(partial_name(path_).c_str(), O_WRONLY | O_CLOEXEC);
            if (descriptor_ < 0) {
                cannot_write(path_, "write");
            }
        });
    } catch (const Error&) {
        close();
        throw;
    }
}

ParallelFile::~ParallelFile() {
    if (!published_) {
        close();
    }
}

void ParallelFile::close() noexcept {
    if (descriptor_ >= 0) {
        ::close(std::exchange(descriptor_, -1));
    }
    if (communicator_.rank() == 0) {
        ::unlink(partial_name(path_).c_str());
    }
}

void ParallelFile::reserve(double bytes) {
    agree(communicator_, [&] {
        if (communicator_.rank() == 0) {
            reserve_blocks(path_, bytes, std::max(0.0, bytes - reserved_bytes_), "it");
        }
    });
    reserved_bytes_ = std::max(reserved_bytes_, bytes);
}

void ParallelFile::write(Index offset, const void* bytes, Index count) const {
    // Linux moves at most 2 GiB - 4 KiB in one call, other systems less.
    constexpr Index most_bytes = Index{512} << 20;
    const auto* source = static_cast<const char*>(bytes);
    while (count > 0) {
        const ssize_t written =
            ::pwrite(descriptor_, source, static_cast<std::size_t>(std::min(count, most_bytes)),
                     static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            cannot_write(path_, "write");
        }
        source += written;
        offset += written;
        count -= written;
    }
}

void ParallelFile::publish() {
    agree(communicator_, [&] {
        if (::fsync(descriptor_) != 0) {
            cannot_write(path_, "flush to the disk");
        }
        if (::close(std::exchange(descriptor_, -1)) != 0) {
            cannot_write(path_, "close");
        }
    });
    agree(communicator_, [&] {
        if (communicator_.rank() == 0) {
            give_back_blocks(partial_name(path_));
            publish_partial(path_);
        }
    });
    published_ = true;
}

Index claim_offset(const Communicator& communicator, Index& end, Index bytes) {
    Index offset = end;
    const std::vector<Index> all = communicator.all_gather(std::vector<Index>{bytes});
    for (int rank = 0; rank < communicator.size(); ++rank) {
        offset += rank < communicator.rank() ? all[static_cast<std::size_t>(rank)] : 0;
        end += all[static_cast<std::size_t>(rank)];
    }
    return offset;
}

}  // namespace tessera
