#include <gtest/gtest.h>

#include "reader_fixture.hpp"

namespace tessera {
namespace {

using namespace test_support;

TEST(Mrc, ReadsEveryModeAndByteOrderAsMrcfileWroteIt) {
    for (const std::string code : {"i1", "i2", "f4", "u2"}) {
        expect_golden("mrc_" + code + ".mrc", {4, 5, 6}, code);
        expect_golden("mrc_" + code + "_big.mrc", {4, 5, 6}, code);
    }
}

TEST(Mrc, StatesAxesAndSpacing) {
    const DatasetInfo info = list_datasets(golden("mrc_i2_big.mrc")).at(0);
    EXPECT_EQ(info.format, "MRC");
    EXPECT_EQ(info.type_text, "int16, big-endian");
    EXPECT_EQ(info.axes, (std::vector<std::string>{"slices", "rows", "cols"}));
    ASSERT_EQ(info.spacing.size(), 3U);
    EXPECT_NEAR(info.spacing[0], 2.5, 1e-6);
    EXPECT_NEAR(info.spacing[1], 0.75, 1e-6);
    EXPECT_NEAR(info.spacing[2], 0.5, 1e-6);
    EXPECT_EQ(info.units, (std::vector<std::string>{"angstrom", "angstrom", "angstrom"}));
}

TEST(Mrc, ReportsTruncatedAndMalformedFiles) {
    const auto path = scratch_folder() / "x.mrc";
    const auto failure = [&](const std::string& bytes) {
        Communicator::world().barrier();
        write_bytes(path, bytes);
        return open_failure(path.string());
    };
    const std::string whole = file_bytes(golden("mrc_i2.mrc"));
    // 1024 bytes of header, 128 of the extended one, 4 x 5 x 6 numbers of 2 bytes.
    EXPECT_EQ(
        failure(whole.substr(0, 1200)),
        "3 " + path.string() +
            " is truncated: its header asks for 1392 bytes, the file has 1200; copy it again");
    EXPECT_NE(failure(whole.substr(0, 600)).find("asks for 1024 bytes, the file has 600"),
              std::string::npos);
    std::string complex = whole;
    complex[12] = 4;
    EXPECT_EQ(failure(complex), "3 " + path.string() +
                                    " has the MRC mode 4, which is complex, expected 0, 1, 2 or 6");
}

TEST(Mrc, SurvivesDamagedHeaders) {
    expect_survives_flips(golden("mrc_f4.mrc"), "x.mrc", 256, 300);
}

}  // namespace
}  // namespace tessera
