#include <gtest/gtest.h>

#include "packed_bytes.hpp"
#include "reader_fixture.hpp"

namespace tessera {
namespace {

using namespace test_support;

const std::string header =
    "ObjectType = Image\nNDims = 3\nDimSize = 4 3 2\nElementType = MET_USHORT\n"
    "ElementSpacing = 0.5 0.75 2\nOffset = 1 2 3\n";

/// Little-endian uint16 0, 1, 2, ...
std::string counted(std::size_t values) {
    std::string bytes;
    for (std::size_t i = 0; i < values; ++i) {
        bytes += static_cast<char>(i);
        bytes += '\0';
    }
    return bytes;
}

double counted_value(const Extents& p) { return static_cast<double>((p[0] * 3 + p[1]) * 4 + p[2]); }

TEST(MetaImage, ReadsEveryTypeAsVtkWroteIt) {
    for (const std::string code : {"u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"}) {
        expect_golden("meta_" + code + ".mha", {4, 5, 6}, code);
        expect_golden("meta_" + code + ".mhd", {4, 5, 6}, code);
    }
}

TEST(MetaImage, StatesAxesSpacingAndOrigin) {
    const DatasetInfo info = list_datasets(golden("meta_u2.mha")).at(0);
    EXPECT_EQ(info.format, "MetaImage");
    EXPECT_EQ(info.type_text, "uint16, zlib");
    EXPECT_EQ(info.axes, (std::vector<std::string>{"slices", "rows", "cols"}));
    EXPECT_EQ(info.spacing, (std::vector<double>{2.5, 0.75, 0.5}));
    EXPECT_EQ(info.origin, (std::vector<double>{3.5, 2.0, -1.0}));
    EXPECT_EQ(info.units, (std::vector<std::string>{"mm", "mm", "mm"}));
}

TEST(MetaImage, ReadsTextBigEndianDetachedAndComponents) {
    const auto folder = scratch_folder();
    const auto expect = [&](const std::string& text, const Extents& shape, const Value& value) {
        Communicator::world().barrier();
        write_bytes(folder / "x.mhd", text);
        const auto reader = TensorReader::open((folder / "x.mhd").string(), Communicator::world());
        expect_tensor(*reader, {}, shape, value);
    };
    std::string numbers;
    for (int i = 0; i < 24; ++i) {
        numbers += std::to_string(i) + (i % 4 == 3 ? "\n" : " ");
    }
    expect(header + "BinaryData = False\nElementDataFile = LOCAL\n" + numbers, {2, 3, 4},
           counted_value);
    expect(header + "BinaryDataByteOrderMSB = True\nElementDataFile = LOCAL\n" +
               std::string(1, '\0') + counted(24),
           {2, 3, 4}, counted_value);
    write_bytes(folder / "x.bin", "ten bytes." + counted(24));
    expect(header + "HeaderSize = 10\nElementDataFile = x.bin\n", {2, 3, 4}, counted_value);
    expect(header + "HeaderSize = -1\nElementDataFile = x.bin\n", {2, 3, 4}, counted_value);
    expect(
        "NDims = 2\nDimSize = 3 2\nElementNumberOfChannels = 4\nElementType = MET_USHORT\n"
        "ElementDataFile = LOCAL\n" +
            counted(24),
        {2, 3, 4}, counted_value);
    const std::string packed = zlib_packed(counted(24));
    expect(header + "CompressedData = True\nElementDataFile = LOCAL\n" + packed, {2, 3, 4},
           counted_value);
}

TEST(MetaImage, ReportsTruncatedAndMalformedFiles) {
    const auto path = scratch_folder() / "x.mha";
    const auto failure = [&](const std::string& bytes) {
        Communicator::world().barrier();
        write_bytes(path, bytes);
        const std::string text = failure_of([&] {
            const auto reader = TensorReader::open(path.string(), Communicator::world());
            const ReadPlan plan = plan_read(reader->info(), {});
            (void)read_tensor<double>(*reader, plan, "x",
                                      Partition(plan.shape, grids_for(plan.shape)[0]));
        });
        EXPECT_EQ(text.substr(0, 2 + path.string().size()), "3 " + path.string()) << text;
        return text;
    };
    const std::string local = "ElementDataFile = LOCAL\n";
    EXPECT_NE(failure(header + local + counted(23)).find("is truncated"), std::string::npos);
    EXPECT_NE(failure(header).find("no ElementDataFile"), std::string::npos);
    EXPECT_NE(failure("NDims = 3\nDimSize = 4 3\nElementType = MET_CHAR\n" + local).find("DimSize"),
              std::string::npos);
    EXPECT_NE(failure("NDims = 1\nDimSize = 4\nElementType = MET_STRING\n" + local)
                  .find("ElementType 'MET_STRING'"),
              std::string::npos);
    EXPECT_NE(failure(header + "ElementDataFile = LIST\na.raw\n").find("list of files"),
              std::string::npos);
    const std::string packed = zlib_packed(counted(24));
    EXPECT_NE(failure(header + "CompressedData = True\n" + local + packed.substr(0, 20))
                  .find("cannot be unpacked"),
              std::string::npos);
    EXPECT_NE(failure(header + "CompressedData = True\nCompressedDataSize = 500\n" + local + packed)
                  .find("is truncated"),
              std::string::npos);
    std::string large = header;
    large.replace(large.find("4 3 2"), 5, "99999 99999 9999");
    EXPECT_NE(failure(large + "CompressedData = True\n" + local + packed).find("is truncated"),
              std::string::npos);
}

TEST(MetaImage, SurvivesDamagedFiles) {
    expect_survives_flips(golden("meta_i2.mha"), "x.mha", 500, 300);
}

}  // namespace
}  // namespace tessera
