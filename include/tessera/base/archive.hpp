#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/base/extents.hpp"

namespace tessera {

/// Where a rank's part of a distributed array lies in the whole: what makes a checkpoint readable
/// at another number of ranks. `box` may be empty on a rank that owns nothing.
struct BlockPlace {
    Extents shape;  ///< of the whole array
    Box box;        ///< owned by this rank; boxes of different ranks must not overlap
};

/// One description of a state, for both saving and loading: an object lists its members once in
/// `serialise(Archive&)`, and the archive either writes them or fills them (DESIGN.md, chapter 1).
///
/// All calls are collective. A replicated member (scalars, vectors, text) must hold the same value
/// on every rank; a distributed one is given as a block.
class Archive {
  public:
    virtual ~Archive() = default;
    Archive(const Archive&) = delete;
    Archive& operator=(const Archive&) = delete;

    /// True when members are being filled from the archive.
    [[nodiscard]] virtual bool loading() const = 0;

    virtual void value(const std::string& name, std::int64_t& member) = 0;
    virtual void value(const std::string& name, double& member) = 0;
    virtual void value(const std::string& name, bool& member) = 0;
    virtual void value(const std::string& name, std::string& member) = 0;
    /// Vectors take the stored length when loading.
    virtual void value(const std::string& name, std::vector<double>& member) = 0;
    virtual void value(const std::string& name, std::vector<std::int64_t>& member) = 0;

    /// A distributed array's own block, row-major host memory of `place.box.size()` entries.
    virtual void block(const std::string& name, const BlockPlace& place, double* data) = 0;
    virtual void block(const std::string& name, const BlockPlace& place, float* data) = 0;

    /// Members named between `open_group` and `close_group` live below that name.
    virtual void open_group(const std::string& name) = 0;
    virtual void close_group() = 0;

  protected:
    Archive() = default;
};

/// Keeps a group of an archive open for a scope.
class ArchiveGroup {
  public:
    ArchiveGroup(Archive& archive, const std::string& name) : archive_(archive) {
        archive_.open_group(name);
    }
    ~ArchiveGroup() { archive_.close_group(); }
    ArchiveGroup(const ArchiveGroup&) = delete;
    ArchiveGroup& operator=(const ArchiveGroup&) = delete;

  private:
    Archive& archive_;
};

}  // namespace tessera
