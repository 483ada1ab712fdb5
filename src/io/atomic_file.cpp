#include "tessera/io/atomic_file.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tessera/base/error.hpp"
#include "tessera/base/memory.hpp"

namespace tessera {
namespace {

/// A file descriptor that closes itself.
class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return number_; }

  private:
    int number_;
};

[[noreturn]] void fail(const std::string& path, const std::string& action) {
    const int reason = errno;
    std::string advice;
    if (reason == ENOSPC || reason == EDQUOT) {
        advice = "; free some space or choose another place for the output";
    } else if (reason == EACCES || reason == EROFS || reason == EPERM) {
        advice = "; choose another place for the output";
    }
    throw IoError(path + ": cannot " + action + ": " + std::strerror(reason) + advice);
}

std::string folder_of(const std::string& path) {
    const std::string parent = std::filesystem::path(path).parent_path().string();
    return parent.empty() ? "." : parent;
}

/// Without this a rename may be lost in a power cut although the file's bytes are on the disk.
void sync_folder(const std::string& folder) {
    const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Some network file systems refuse to sync a folder (EINVAL); the rename stands all the same.
    if (descriptor.get() >= 0 && ::fsync(descriptor.get()) != 0 && errno == EIO) {
        fail(folder, "flush the folder to the disk");
    }
}

void write_all(int descriptor, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            fail(path, "write");
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace

std::string partial_name(const std::string& path) { return path + ".partial"; }

void publish_partial(const std::string& path) {
    const std::string partial = partial_name(path);
    {
        const Descriptor descriptor(::open(partial.c_str(), O_RDONLY | O_CLOEXEC));
        if (descriptor.get() < 0) {
            fail(partial, "open");
        }
        if (::fsync(descriptor.get()) != 0) {
            fail(partial, "flush to the disk");
        }
    }
    if (std::rename(partial.c_str(), path.c_str()) != 0) {
        fail(path, "give the finished file its name");
    }
    sync_folder(folder_of(path));
}

void write_text_atomically(const std::string& path, std::string_view text) {
    const std::string partial = partial_name(path);
    try {
        const Descriptor descriptor(
            ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
        if (descriptor.get() < 0) {
            fail(path, "write");
        }
        write_all(descriptor.get(), text, path);
    } catch (const IoError&) {
        ::unlink(partial.c_str());
        throw;
    }
    publish_partial(path);
}

std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        fail(path, "read");
    }
    std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (file.bad()) {
        fail(path, "read");
    }
    return text;
}

void append_text(const std::string& path, std::string_view text) {
    const Descriptor descriptor(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (descriptor.get() < 0) {
        fail(path, "write");
    }
    write_all(descriptor.get(), text, path);
}

void start_partial(const std::string& path) {
    const std::string partial = partial_name(path);
    const Descriptor descriptor(
        ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (descriptor.get() < 0) {
        fail(path, "write");
    }
}

void require_free_space(const std::string& path, double bytes, const std::string& what) {
    struct statvfs system {};
    if (::statvfs(folder_of(path).c_str(), &system) != 0) {
        fail(path, "ask for the free space there");
    }
    const double free_bytes =
        static_cast<double>(system.f_bavail) * static_cast<double>(system.f_frsize);
    if (free_bytes < bytes) {
        throw IoError(path + ": no space left for " + what + ": it needs " + format_bytes(bytes) +
                      " and " + format_bytes(free_bytes) +
                      " are free; free some space or choose another place for the output");
    }
}

}  // namespace tessera
