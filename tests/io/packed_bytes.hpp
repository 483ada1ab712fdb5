#pragma once

#include <zlib.h>

#include <stdexcept>
#include <string>

namespace tessera::test_support {

/// zlib's own compression: `window_bits` 15 for its frame, 31 for gzip's.
[[nodiscard]] inline std::string deflated(const std::string& bytes, int window_bits) {
    z_stream stream = {};
    if (deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("no memory for zlib");
    }
    std::string input = bytes;
    std::string packed(deflateBound(&stream, input.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    const int status = deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    if (status != Z_STREAM_END) {
        throw std::runtime_error("zlib did not finish");
    }
    return packed;
}

[[nodiscard]] inline std::string zlib_packed(const std::string& bytes) {
    return deflated(bytes, 15);
}
[[nodiscard]] inline std::string gzip_packed(const std::string& bytes) {
    return deflated(bytes, 31);
}

}  // namespace tessera::test_support
