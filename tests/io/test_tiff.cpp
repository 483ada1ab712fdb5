#include <gtest/gtest.h>

#include "reader_fixture.hpp"

namespace tessera {
namespace {

using namespace test_support;

const std::vector<Index> volume = {4, 5, 6};

TEST(Tiff, ReadsEveryTypeAsTifffileWroteIt) {
    for (const std::string code : {"u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"}) {
        expect_golden("tiff_" + code + ".tif", volume, code);
    }
    expect_golden("tiff_big.tif", volume, "u2");
    expect_golden("tiff_bigtiff.tif", volume, "u2");
}

TEST(Tiff, ReadsStripsTilesAndCompression) {
    expect_golden("tiff_strips.tif", volume, "u2");
    expect_golden("tiff_deflate.tif", volume, "u2");
    expect_golden("tiff_tiles.tif", {2, 40, 50}, "f4");
    expect_golden("tiff_tiles_deflate.tif", {2, 40, 50}, "f4");
}

TEST(Tiff, ReadsColoursAsALastAxis) {
    expect_golden("tiff_rgb.tif", {4, 5, 6, 3}, "u1");
    expect_golden("tiff_planar.tif", {4, 5, 6, 3}, "u1");
    EXPECT_EQ(list_datasets(golden("tiff_planar.tif")).at(0).axes,
              (std::vector<std::string>{"slices", "rows", "cols", "bands"}));
}

TEST(Tiff, ReadsPackedBits) {
    const auto reader = TensorReader::open(golden("tiff_bits.tif"), Communicator::world());
    EXPECT_EQ(reader->info().type_text.substr(0, 13), "uint8, 1 bits");
    expect_tensor(*reader, {}, {9, 13}, [](const Extents& p) {
        return golden_value("b1", {0, p[0], p[1]});
    });
}

TEST(Tiff, TakesTimeAndLengthsFromImagej) {
    const DatasetInfo info = list_datasets(golden("tiff_imagej.tif")).at(0);
    EXPECT_EQ(info.axes, (std::vector<std::string>{"time", "rows", "cols"}));
    EXPECT_EQ(info.spacing, (std::vector<double>{0.25, 0.5, 0.25}));
    EXPECT_EQ(info.units.front(), "s");
}

/// One page of each value, as files of a stack.
std::string page_bytes() { return file_bytes(golden("tiff_bits.tif")); }

TEST(Tiff, ReadsStacksInNaturalOrder) {
    const auto folder = scratch_folder();
    // Nine of them: 8, 9, ..., 16; text would put 10 before 8.
    for (int number = 8; number <= 16; ++number) {
        write_bytes(folder / ("slice" + std::to_string(number) + ".tif"), page_bytes());
    }
    write_bytes(folder / "notes.txt", "not an image");
    for (const std::string& location : {folder.string(), (folder / "slice*.tif").string()}) {
        const auto reader = TensorReader::open(location, Communicator::world());
        EXPECT_EQ(reader->info().axes, (std::vector<std::string>{"slices", "rows", "cols"}));
        EXPECT_EQ(reader->info().remark, "a stack of 9 files, from slice8.tif to slice16.tif");
        expect_tensor(*reader, {}, {9, 9, 13}, [](const Extents& p) {
            return golden_value("b1", {0, p[1], p[2]});
        });
    }
}

TEST(Tiff, NamesWhatIsMissingInAStack) {
    const auto folder = scratch_folder();
    for (const char* name : {"a_08.tif", "a_09.tif", "a_11.tif"}) {
        write_bytes(folder / name, page_bytes());
    }
    EXPECT_EQ(open_failure(folder.string()),
              "3 " + folder.string() +
                  ": number 10 is missing between a_09.tif and a_11.tif: bring the file, or name "
                  "the others in a folder of their own");
    Communicator::world().barrier();
    write_bytes(folder / "a_10.tif", page_bytes());
    EXPECT_EQ(open_failure(folder.string()), "no error");
    Communicator::world().barrier();
    write_bytes(folder / "a_9.tif", page_bytes());
    EXPECT_NE(open_failure(folder.string()).find("have the same number"), std::string::npos);
    EXPECT_NE(open_failure((folder / "b*.tif").string()).find("no file has such a name"),
              std::string::npos);
    Communicator::world().barrier();
    write_bytes(folder / "a_9.tif", "");
    write_bytes(folder / "a_12.tif", file_bytes(golden("tiff_rgb.tif")));
    EXPECT_NE(open_failure((folder / "a_1?.tif").string())
                  .find("has a page of 5 x 6 x 3 uint8, the first page of the stack is 9 x 13"),
              std::string::npos);
}

TEST(Tiff, ReportsTruncatedFiles) {
    const auto path = scratch_folder() / "x.tif";
    for (const std::string name : {"tiff_u2.tif", "tiff_deflate.tif", "tiff_tiles.tif"}) {
        const std::string whole = file_bytes(golden(name));
        for (const std::size_t percent : {20U, 50U, 90U}) {
            Communicator::world().barrier();
            write_bytes(path, whole.substr(0, whole.size() * percent / 100));
            const std::string text = open_failure(path.string());
            EXPECT_EQ(text.substr(0, 2 + path.string().size()), "3 " + path.string()) << name;
        }
    }
}

TEST(Tiff, SurvivesDamagedFiles) {
    expect_survives_flips(golden("tiff_deflate.tif"), "x.tif", 2000, 200);
    expect_survives_flips(golden("tiff_tiles.tif"), "x.tif", 400, 200);
}

}  // namespace
}  // namespace tessera
