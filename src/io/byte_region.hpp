#pragma once

#include <memory>

#include "byte_source.hpp"

namespace tessera {

/// The unpacked bytes of an array, wherever and however a file keeps them.
class ByteRegion {
  public:
    ByteRegion() = default;
    virtual ~ByteRegion() = default;
    ByteRegion(const ByteRegion&) = delete;
    ByteRegion& operator=(const ByteRegion&) = delete;

    /// Exactly that many bytes, or IoError. Offsets of a stream must not decrease.
    virtual void read(Index offset, void* target, Index bytes) = 0;
    /// After the last read: checks what only the end of the file can tell.
    virtual void finish() {}
};

/// A file as it is, from a position on.
class FileRegion : public ByteRegion {
  public:
    explicit FileRegion(InputFile file, Index begin = 0) : file_(std::move(file)), begin_(begin) {}

    void read(Index offset, void* target, Index bytes) override {
        file_.read(begin_ + offset, target, bytes);
    }

  private:
    InputFile file_;
    Index begin_;
};

/// A part of a file that is one compressed stream, which has no other way in than its beginning.
/// Every rank unpacks the whole of it and keeps what it wants: that takes as long as one rank would
/// need, the ranks do not wait for each other, and none holds more than a window of it.
class InflateRegion : public ByteRegion {
  public:
    /// Bytes `begin` to `begin + bytes` of the file.
    InflateRegion(InputFile file, Index begin, Index bytes, Packing packing)
        : file_(std::move(file)), source_(file_, begin, bytes, packing) {}

    void read(Index offset, void* target, Index bytes) override {
        source_.skip(offset - source_.position());
        source_.read(target, bytes);
    }
    void finish() override { source_.finish(); }

  private:
    InputFile file_;
    InflateSource source_;
};

/// Throws the IoError of a truncated file where that many packed bytes cannot hold that many
/// unpacked ones: what can be checked before a stream is unpacked.
void check_packed_size(const InputFile& file, Index packed_bytes, double unpacked_bytes);

}  // namespace tessera
