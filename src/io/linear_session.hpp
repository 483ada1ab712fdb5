#pragma once

#include <memory>

#include "byte_region.hpp"
#include "read_session.hpp"

namespace tessera {

/// Where an array lies in a file as one uninterrupted run of numbers.
struct LinearLayout {
    Index offset = 0;  ///< of the first entry, in bytes
    NumberType type = NumberType::uint8;
    bool swapped = false;  ///< in the other byte order than this machine's
};

/// Throws the IoError of a truncated file unless an array of that shape fits into it behind the
/// offset. Sizes that no file can have are refused in the same way.
void check_file_size(const InputFile& file, const LinearLayout& layout,
                     const std::vector<Index>& shape);

/// Product of the extents times `entry_bytes`, in floating point where it could overflow.
[[nodiscard]] double byte_count(const std::vector<Index>& shape, std::size_t entry_bytes);

/// Reads boxes of such an array, each rank by itself. Runs that lie close to
/// each other are read together with what is between them: a disk is faster at that than at
/// seeking.
class LinearSession : public ReadSession {
  public:
    /// The layout's offset counts the unpacked bytes of the region.
    LinearSession(std::unique_ptr<ByteRegion> bytes, const LinearLayout& layout,
                  const StorageShape& storage);
    LinearSession(InputFile file, const LinearLayout& layout, const StorageShape& storage)
        : LinearSession(std::make_unique<FileRegion>(std::move(file)), layout, storage) {}

    void read(const Box& piece, std::byte* buffer) override;
    void finish() override { bytes_->finish(); }
    [[nodiscard]] Extents grain() const override;

  private:
    std::unique_ptr<ByteRegion> bytes_;
    LinearLayout layout_;
    Extents shape_;
    std::vector<std::byte> span_;
};

}  // namespace tessera
