#include "byte_source.hpp"

#include <algorithm>
#include <cstring>

#include "tessera/base/error.hpp"

namespace tessera {

namespace {

constexpr std::size_t packed_bytes = std::size_t{64} << 10;
constexpr std::size_t window_bytes = std::size_t{256} << 10;

}  // namespace

InflateSource::InflateSource(const InputFile& file, Index begin, Index bytes)
    : file_(file), next_(begin), end_(begin + bytes), packed_(packed_bytes), window_(window_bytes) {
    if (inflateInit(&stream_) != Z_OK) {
        throw MemoryError("no memory to unpack " + file.path());
    }
}

InflateSource::~InflateSource() { inflateEnd(&stream_); }

void InflateSource::damaged(const char* reason) const {
    throw IoError(file_.path() + " is damaged: its compressed data before byte " +
                  std::to_string(next_) + " cannot be unpacked (" +
                  (reason == nullptr ? "no reason given" : reason) + "); copy it again");
}

bool InflateSource::fill_window() {
    window_place_ = 0;
    window_size_ = 0;
    while (window_size_ == 0 && !ended_) {
        if (stream_.avail_in == 0) {
            const Index count = std::min(end_ - next_, static_cast<Index>(packed_.size()));
            if (count == 0) {
                damaged("it ends early");
            }
            file_.read(next_, packed_.data(), count);
            next_ += count;
            stream_.next_in = packed_.data();
            stream_.avail_in = static_cast<uInt>(count);
        }
        stream_.next_out = window_.data();
        stream_.avail_out = static_cast<uInt>(window_.size());
        const int status = inflate(&stream_, Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END) {
            damaged(stream_.msg);
        }
        ended_ = status == Z_STREAM_END;
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
