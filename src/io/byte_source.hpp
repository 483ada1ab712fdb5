#pragma once

#include <zlib.h>

#include <vector>

#include "input_file.hpp"

namespace tessera {

/// Bytes that are read from front to back.
class ByteSource {
  public:
    ByteSource() = default;
    virtual ~ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;

    /// Exactly that many bytes, or IoError.
    virtual void read(void* target, Index bytes) = 0;
    virtual void skip(Index bytes) = 0;
    /// Bytes read or skipped so far.
    [[nodiscard]] virtual Index position() const = 0;
};

/// A file as it is; positions are offsets in it.
class PlainSource : public ByteSource {
  public:
    PlainSource(const InputFile& file, Index begin) : file_(file), position_(begin) {}

    void read(void* target, Index bytes) override {
        file_.read(position_, target, bytes);
        position_ += bytes;
    }
    void skip(Index bytes) override { position_ += bytes; }
    [[nodiscard]] Index position() const override { return position_; }

  private:
    const InputFile& file_;
    Index position_;
};

/// What is around compressed data: zlib's frame, or gzip's, of which several may follow each other.
enum class Packing { zlib, gzip };

/// How a gzip file begins.
[[nodiscard]] bool looks_like_gzip(const std::string& first_bytes);

/// A part of a file that zlib or gzip has compressed; positions count unpacked bytes.
class InflateSource : public ByteSource {
  public:
    InflateSource(const InputFile& file, Index begin, Index bytes, Packing packing = Packing::zlib);
    ~InflateSource() override;

    void read(void* target, Index bytes) override;
    void skip(Index bytes) override { read(nullptr, bytes); }
    [[nodiscard]] Index position() const override { return position_; }
    /// Unpacks what is left, which verifies zlib's checksum.
    void finish();

  private:
    /// Unpacks the next part into the window; false at the end of the stream.
    bool fill_window();
    /// Has packed bytes at hand; false where the file's part is used up.
    bool fill_packed();
    /// After the end of a gzip frame: goes on to the next one, where there is one.
    bool next_frame();
    [[noreturn]] void damaged(const char* reason) const;

    const InputFile& file_;
    Index next_;
    Index end_;
    Packing packing_;
    z_stream stream_ = {};
    bool ended_ = false;
    std::vector<unsigned char> packed_;
    std::vector<unsigned char> window_;
    std::size_t window_place_ = 0;
    std::size_t window_size_ = 0;
    Index position_ = 0;
};

}  // namespace tessera
