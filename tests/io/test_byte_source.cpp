#include <gtest/gtest.h>

#include "../../src/io/byte_source.hpp"
#include "packed_bytes.hpp"
#include "reader_fixture.hpp"

namespace tessera {
namespace {

using namespace test_support;

/// More than one window of bytes that do not repeat.
std::string sample() {
    std::string bytes;
    std::uint32_t state = 1;
    while (bytes.size() < 700000) {
        state = state * 1664525u + 1013904223u;
        bytes += static_cast<char>(state >> 24);
    }
    return bytes;
}

/// `count` bytes from `place` on of what is packed in `bytes`, then to the end.
std::string unpacked(const std::string& bytes, Packing packing, std::size_t place,
                     std::size_t count) {
    Communicator::world().barrier();  // others may still read the file before
    const auto path = scratch_folder() / "packed";
    write_bytes(path, bytes);
    const InputFile file(path.string());
    InflateSource source(file, 0, file.size(), packing);
    std::string result(count, '\0');
    source.skip(static_cast<Index>(place));
    source.read(result.data(), static_cast<Index>(count));
    source.finish();
    return result;
}

TEST(ByteSource, UnpacksZlibAndGzip) {
    const std::string bytes = sample();
    EXPECT_TRUE(unpacked(zlib_packed(bytes), Packing::zlib, 0, bytes.size()) == bytes);
    EXPECT_TRUE(unpacked(gzip_packed(bytes), Packing::gzip, 0, bytes.size()) == bytes);
    EXPECT_TRUE(unpacked(gzip_packed(bytes), Packing::gzip, 300001, 5) == bytes.substr(300001, 5));
    EXPECT_TRUE(looks_like_gzip(gzip_packed(bytes)));
    EXPECT_FALSE(looks_like_gzip(zlib_packed(bytes)));
}

TEST(ByteSource, UnpacksGzipFramesInARowAndIgnoresPadding) {
    const std::string bytes = sample();
    const std::string parts = gzip_packed(bytes.substr(0, 1000)) + gzip_packed("") +
                              gzip_packed(bytes.substr(1000)) + std::string(512, '\0');
    EXPECT_TRUE(unpacked(parts, Packing::gzip, 0, bytes.size()) == bytes);
}

TEST(ByteSource, SaysWhenPackedBytesAreDamaged) {
    const std::string whole = gzip_packed(sample());
    const auto failure = [](const std::string& bytes, std::size_t count) {
        return failure_of([&] { (void)unpacked(bytes, Packing::gzip, 0, count); });
    };
    EXPECT_NE(failure(whole.substr(0, whole.size() / 2), 700000).find("it ends early"),
              std::string::npos);
    EXPECT_NE(failure(whole, 700001).find("it holds less than it should"), std::string::npos);
    std::string flipped = whole;
    flipped[whole.size() - 6] = static_cast<char>(~flipped[whole.size() - 6]);
    EXPECT_NE(failure(flipped, 100).find("incorrect data check"), std::string::npos);
    EXPECT_EQ(failure("no gzip at all, just text", 1).substr(0, 2), "3 ");
}

}  // namespace
}  // namespace tessera
