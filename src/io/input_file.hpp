#pragma once

#include <cstddef>
#include <string>

#include "tessera/base/types.hpp"

namespace tessera {

/// A file open for reading at any position. All errors are IoError with the file's name.
class InputFile {
  public:
    /// Throws when the file is missing, a folder or not readable.
    explicit InputFile(const std::string& path);
    ~InputFile();
    InputFile(InputFile&& other) noexcept;
    InputFile& operator=(InputFile&&) = delete;
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] Index size() const { return size_; }

    /// Reads exactly that many bytes, or throws that the file ended early.
    void read(Index offset, void* buffer, Index bytes) const;
    /// The bytes from `offset` on, at most that many, fewer where the file ends.
    [[nodiscard]] std::string text(Index offset, Index most_bytes) const;

  private:
    std::string path_;
    int descriptor_ = -1;
    Index size_ = 0;
};

/// Throws the IoError of a file that is shorter than its header says.
[[noreturn]] void throw_truncated(const std::string& path, double expected_bytes,
                                  double actual_bytes);

/// Reverses the bytes of each entry in place.
void swap_bytes(std::byte* values, Index count, std::size_t entry_bytes);

}  // namespace tessera
