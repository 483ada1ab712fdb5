#include "byte_region.hpp"

#include "tessera/base/error.hpp"

namespace tessera {

namespace {

/// Deflate spends at least 2 bits on 258 bytes (https://zlib.net/zlib_tech.html).
constexpr double most_expansion = 1032.0;

}  // namespace

void check_packed_size(const InputFile& file, Index packed_bytes, double unpacked_bytes) {
    if (unpacked_bytes > most_expansion * static_cast<double>(packed_bytes)) {
        throw IoError(file.path() + " is truncated: its " + std::to_string(packed_bytes) +
                      " bytes of compressed data cannot hold what its header asks for; copy it "
                      "again");
    }
}

}  // namespace tessera
