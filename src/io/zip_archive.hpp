#pragma once

#include <zip.h>

#include <memory>
#include <string>
#include <vector>

#include "byte_region.hpp"

namespace tessera {

/// A member of a zip archive, as its directory describes it.
struct ZipMember {
    std::string name;
    zip_uint64_t index = 0;
    Index size = 0;         ///< unpacked
    Index packed_size = 0;  ///< in the archive
    bool stored = false;    ///< not compressed
    std::string obstacle;   ///< why it cannot be read; empty when it can
};

struct CloseZip {
    void operator()(zip_t* archive) const { zip_discard(archive); }
    void operator()(zip_file_t* member) const { zip_fclose(member); }
};

/// A zip archive open for reading. All errors are IoError with the file's name.
class ZipArchive {
  public:
    explicit ZipArchive(const std::string& path);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::vector<ZipMember> members() const;
    [[nodiscard]] std::unique_ptr<zip_file_t, CloseZip> open(const ZipMember& member) const;

  private:
    std::string path_;
    std::unique_ptr<zip_t, CloseZip> archive_;
};

/// The unpacked bytes of a member. A stored one can be read anywhere; a compressed one is unpacked
/// from its beginning, by every rank for itself.
class ZipRegion : public ByteRegion {
  public:
    ZipRegion(const std::string& path, ZipMember member);

    void read(Index offset, void* target, Index bytes) override;
    /// Unpacks what is left, which verifies the checksum of a compressed member.
    void finish() override;

  private:
    void read_next(void* target, Index bytes);
    void move_to(Index offset);

    ZipArchive archive_;
    ZipMember member_;
    std::unique_ptr<zip_file_t, CloseZip> file_;
    Index position_ = 0;
};

}  // namespace tessera
