#include "byte_source.hpp"

#include <algorithm>
#include <cstring>

#include "tessera/base/error.hpp"

namespace tessera {

namespace {

constexpr std::size_t packed_bytes = std::size_t{64} << 10;
constexpr std::size_t window_bytes = std::size_t{256} << 10;
constexpr unsigned char gzip_magic[] = {0x1f, 0x8b};
/// To be added to zlib's window size where the frame is gzip's.
constexpr int gzip_frame = 16;

}  // namespace

bool looks_like_gzip(const std::string& first_bytes) {
    return first_bytes.size() >= 2 &&
           std::memcmp(first_bytes.data(), gzip_magic, sizeof gzip_magic) == 0;
}

InflateSource::InflateSource(const InputFile& file, Index begin, Index bytes, Packing packing)
    : file_(file),
      next_(begin),
      end_(begin + bytes),
      packing_(packing),
      packed_(packed_bytes),
      window_(window_bytes) {
    if (inflateInit2(&stream_, MAX_WBITS + (packing == Packing::gzip ? gzip_frame : 0)) != Z_OK) {
        throw MemoryError("no memory to unpack " + file.path());
    }
}

InflateSource::~InflateSource() { inflateEnd(&stream_); }

void InflateSource::damaged(const char* reason) const {
    throw IoError(file_.path() + " is damaged: its compressed data before byte " +
                  std::to_string(next_) + " cannot be unpacked (" +
                  (reason == nullptr ? "no reason given" : reason) + "); copy it again");
}

bool InflateSource::fill_packed() {
    if (stream_.avail_in == 0) {
        const Index count = std::min(end_ - next_, static_cast<Index>(packed_.size()));
        file_.read(next_, packed_.data(), count);
        next_ += count;
        stream_.next_in = packed_.data();
        stream_.avail_in = static_cast<uInt>(count);
    }
    return stream_.avail_in > 0;
}

bool InflateSource::next_frame() {
    // As gzip does: what follows a frame and does not begin like another one is padding.
    return packing_ == Packing::gzip && fill_packed() && *stream_.next_in == gzip_magic[0] &&
           inflateReset(&stream_) == Z_OK;
}

bool InflateSource::fill_window() {
    window_place_ = 0;
    window_size_ = 0;
    while (window_size_ == 0 && !ended_) {
        if (!fill_packed()) {
            damaged("it ends early");
        }
        stream_.next_out = window_.data();
        stream_.avail_out = static_cast<uInt>(window_.size());
        const int status = inflate(&stream_, Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END) {
            damaged(stream_.msg);
        }
        ended_ = status == Z_STREAM_END && !next_frame();
        window_size_ = window_.size() - stream_.avail_out;
    }
    return window_size_ > 0;
}

void InflateSource::read(void* target, Index bytes) {
    auto* place = static_cast<unsigned char*>(target);
    auto left = static_cast<std::size_t>(bytes);
    while (left > 0) {
        if (window_place_ == window_size_ && !fill_window()) {
            damaged("it holds less than it should");
        }
        const std::size_t count = std::min(left, window_size_ - window_place_);
        if (place != nullptr) {
            std::memcpy(place, window_.data() + window_place_, count);
            place += count;
        }
        window_place_ += count;
        left -= count;
    }
    position_ += bytes;
}

void InflateSource::finish() {
    while (fill_window()) {
    }
}

}  // namespace tessera
