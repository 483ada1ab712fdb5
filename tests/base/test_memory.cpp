#include <gtest/gtest.h>

#include <string>

#include "tessera/base/error.hpp"
#include "tessera/base/memory.hpp"

namespace {

using namespace tessera;

TEST(MemoryOneRank, BytesAreWrittenWithTheirUnit) {
    EXPECT_EQ(format_bytes(0), "0 B");
    EXPECT_EQ(format_bytes(1023), "1023 B");
    EXPECT_EQ(format_bytes(1024), "1.0 KiB");
    EXPECT_EQ(format_bytes(1.5 * 1024 * 1024), "1.5 MiB");
    EXPECT_EQ(format_bytes(3.2 * 0x1p30), "3.2 GiB");
    EXPECT_EQ(format_bytes(0x1p60), "1024.0 PiB");  // the largest unit there is
}

TEST(MemoryOneRank, TouchedPagesAreCounted) {
    constexpr Index count = Index{1} << 23;  // 64 MiB
    const double before = memory_use().resident_bytes;
    const HostView<double> block = HostView<double>(
        Kokkos::view_alloc(Kokkos::WithoutInitializing, "block"), static_cast<std::size_t>(count));
    Kokkos::deep_copy(block, 1.0);
    const MemoryUse use = memory_use();
    EXPECT_NEAR(use.resident_bytes - before, 8.0 * count, 0.1 * 8.0 * count);
    EXPECT_GE(use.peak_resident_bytes, use.resident_bytes);
}

TEST(MemoryOneRank, AllocationsCarryNameAndSize) {
    const DeviceView<float> view = allocate<float>("some array", 17);
    EXPECT_EQ(view.label(), "some array");
    EXPECT_EQ(view.size(), 17U);
    EXPECT_EQ(allocate<double>("nothing", 0).size(), 0U);
}

TEST(MemoryOneRank, NoRoomIsAMemoryErrorThatNamesTheArray) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the address sanitizer ends the program when an allocation fails";
#endif
    // 64 PiB: more than the address space of any process (47 bits).
    try {
        const auto view = allocate<double>("the cube", Index{1} << 53);
        ADD_FAILURE() << "no error";
    } catch (const MemoryError& error) {
        EXPECT_EQ(std::string(error.what()),
                  "no memory for \"the cube\" (64.0 PiB on this rank): use more ranks or nodes, "
                  "float32, or a smaller data.region");
        EXPECT_EQ(error.code(), ExitCode::memory);
    }
}

}  // namespace
