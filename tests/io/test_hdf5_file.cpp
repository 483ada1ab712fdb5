#include <gtest/gtest.h>

#include <map>

#include "reader_fixture.hpp"

namespace tessera {
namespace {

using namespace test_support;

const std::vector<Index> cube = {4, 5, 6};

std::map<std::string, DatasetInfo> listed(const std::string& name) {
    std::map<std::string, DatasetInfo> infos;
    for (const DatasetInfo& info : list_datasets(golden(name))) {
        infos.emplace(info.dataset, info);
    }
    return infos;
}

TEST(Hdf5File, ReadsEveryOrderAndTypeAsH5pyWroteIt) {
    expect_golden("plain.h5:/orders/order1", {9}, "f8");
    expect_golden("plain.h5:/orders/order2", {4, 6}, "f8");
    expect_golden("plain.h5:/orders/order3", cube, "f8");
    expect_golden("plain.h5:/orders/order4", {3, 2, 4, 5}, "f8");
    expect_golden("plain.h5:/orders/order5", {2, 3, 2, 4, 2}, "f8");
    expect_golden("plain.h5:/orders/order6", {2, 3, 2, 2, 3, 2}, "f8");
    for (const std::string code :
         {"b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"}) {
        expect_golden("plain.h5:/types/type_" + code, cube, code);
    }
    for (const std::string code : {"i2", "f4", "f8"}) {
        expect_golden<float>("plain.h5:types/big_" + code, cube, code);
    }
    expect_golden<std::uint8_t>("plain.h5:/types/type_b1", cube, "b1");
}

TEST(Hdf5File, ReadsHalfPrecisionAndCompressedChunks) {
    expect_golden("plain.h5:/types/half", cube, "f4");
    expect_golden("plain.h5:/packed", cube, "u2");
    expect_golden("plain.h5:/soft", cube, "u2");
}

TEST(Hdf5File, ReadsArraysThatWereNeverWritten) {
    const Communicator& world = Communicator::world();
    for (const std::string name : {"plain.h5:/unwritten", "plain.h5:/unwritten_chunks"}) {
        const auto unwritten = TensorReader::open(golden(name), world);
        expect_tensor(*unwritten, {}, {3, 4}, [](const Extents&) { return 2.5; });
        EXPECT_EQ(unwritten->info().remark,
                  "nothing was ever written into it, all entries are the fill value");
    }
    const auto partly = TensorReader::open(golden("plain.h5:/partly_written"), world);
    expect_tensor(*partly, {}, {4, 6},
                  [](const Extents& p) { return p[0] < 2 ? golden_value("f8", p) : -1.0; });
}

TEST(Hdf5File, ListsArraysWithTypesAxesAndAttributes) {
    const auto infos = listed("plain.h5");
    const DatasetInfo& packed = infos.at("/packed");
    EXPECT_EQ(packed.format, "HDF5");
    EXPECT_EQ(packed.shape_text(), "4 x 5 x 6");
    EXPECT_EQ(packed.type_text, "uint16");
    EXPECT_FALSE(packed.column_major());
    EXPECT_EQ(packed.axes, (std::vector<std::string>{"time", "y", "x"}));
    const std::map<std::string, std::string> attributes(packed.attributes.begin(),
                                                        packed.attributes.end());
    EXPECT_EQ(attributes.at("units"), "counts");
    EXPECT_EQ(attributes.at("scale"), "0.5");
    EXPECT_EQ(attributes.at("centres"), "1.5, 2, 2.5");
    EXPECT_EQ(attributes.at("numbers"), "3, -4");
    EXPECT_EQ(infos.at("/types/type_b1").type_text, "logical");
    EXPECT_EQ(infos.at("/types/big_i2").type_text, "int16, big-endian");
    EXPECT_EQ(infos.at("/types/half").type_text, "float16");
    EXPECT_EQ(infos.at("/text").obstacle, "holds text, not real numbers");
    EXPECT_EQ(infos.at("/records").obstacle, "holds compound, not real numbers");
    EXPECT_EQ(infos.at("/complex").obstacle, "holds compound, not real numbers");
    EXPECT_EQ(infos.at("/scalar").obstacle, "is a single number, not an array");
    EXPECT_EQ(infos.at("/order7").obstacle, "has 7 axes, at most 6 can be read");
    EXPECT_EQ(infos.at("/empty").obstacle, "has no entries: its shape is 3 x 0 x 2");
    EXPECT_EQ(infos.at("/null").obstacle, "has no entries");
    EXPECT_EQ(infos.at("/absurd").obstacle,
              "has more entries than any file can hold: its shape is 1125899906842624 x "
              "1125899906842624");
    EXPECT_EQ(infos.count("/soft"), 0u);  // listed under its own name only
}

TEST(Hdf5File, ChoosesTheOnlyCubeAndElseAsks) {
    const Communicator& world = Communicator::world();
    EXPECT_EQ(TensorReader::open(golden("one_cube.h5"), world)->info().dataset, "/scan/data");
    const std::string failure = open_failure(golden("plain.h5"));
    EXPECT_NE(failure.find("say which array to read, for example plain.h5:/chunked_pixels; it "
                           "holds /chunked_pixels (48 x 2 float64), "),
              std::string::npos)
        << failure;
    EXPECT_EQ(open_failure(golden("one_cube.h5:/scan")),
              "2 " + golden("one_cube.h5") +
                  " has no array '/scan': it holds /scan/angle (4 float64), /scan/data (4 x 5 x 6 "
                  "float32)");
    EXPECT_EQ(open_failure(golden("plain.h5:/no/such/place")).substr(0, 2), "2 ");
    EXPECT_EQ(open_failure(golden("plain.h5:/text")),
              "2 plain.h5:/text holds text, not real numbers");
}

TEST(Hdf5File, FoldsAxesIntoHyperslabs) {
    const Communicator& world = Communicator::world();
    AxesRequest request;
    request.shape = {3, 2, 4, 5};
    const auto two = TensorReader::open(golden("plain.h5:/pixels"), world);
    expect_tensor(*two, request, {3, 2, 4, 5},
                  [](const Extents& p) { return golden_value("i4", p); });
    // Four parts of one axis, so that some boxes take several selections; chunks do not fit either.
    request.shape = {2, 3, 2, 4, 2};
    const auto four = TensorReader::open(golden("plain.h5:/chunked_pixels"), world);
    expect_tensor(*four, request, {2, 3, 2, 4, 2},
                  [](const Extents& p) { return golden_value("f8", p); });
}

TEST(Hdf5File, ReportsTruncatedAndBrokenFiles) {
    const auto path = scratch_folder() / "x.h5";
    const std::string whole = file_bytes(golden("plain.h5"));
    write_bytes(path, whole.substr(0, 20000));
    EXPECT_EQ(open_failure(path.string()),
              "3 " + path.string() + " is truncated: its header asks for " +
                  std::to_string(whole.size()) + " bytes, the file has 20000; copy it again");
    std::string broken = whole;
    broken[8] = '\x7f';  // version of the superblock
    write_bytes(path, broken);
    const std::string failure = open_failure(path.string());
    EXPECT_EQ(failure.find("3 cannot read " + path.string() + " as HDF5: "), 0u) << failure;
}

/// Only where HDF5 begins to read: further inside, its version 1.10 itself does not stand all
/// damage.
TEST(Hdf5File, SurvivesDamagedHeaders) {
    expect_survives_flips(golden("one_cube.h5"), "x.h5", 96, 200);
    expect_survives_flips(golden("version73.mat"), "x.mat", 96 + 512, 50);
}

// The type says that a string takes fewer bytes in the file than it does.
TEST(Hdf5File, ReportsAttributesOfADamagedType) {
    const auto path = scratch_folder() / "x.h5";
    std::string bytes = file_bytes(golden("plain.h5"));
    const std::string variable_string("\x19\x01\x01\x00\x10\x00\x00\x00", 8);
    std::size_t place = bytes.find(variable_string);
    ASSERT_NE(place, std::string::npos);
    for (; place != std::string::npos; place = bytes.find(variable_string, place)) {
        bytes[place + 4] = 7;
    }
    write_bytes(path, bytes);
    std::vector<std::string> texts;
    for (const DatasetInfo& info : list_datasets(path.string())) {
        for (const auto& [name, text] : info.attributes) {
            if (name == "units") {
                texts.push_back(text);
            }
        }
    }
    EXPECT_EQ(texts, std::vector<std::string>{"(not readable)"});
}

TEST(Hdf5File, ReportsDamagedChunks) {
    const auto path = scratch_folder() / "x.h5";
    std::string bytes = file_bytes(golden("plain.h5"));
    // The chunks of /packed carry checksums, and zlib's streams begin with 78 5e at level 4.
    const std::size_t chunk = bytes.find("\x78\x5e");
    ASSERT_NE(chunk, std::string::npos);
    bytes[chunk + 12] = static_cast<char>(bytes[chunk + 12] ^ 0x10);
    write_bytes(path, bytes);
    const auto reader = TensorReader::open(path.string() + ":/packed", Communicator::world());
    const ReadPlan plan = plan_read(reader->info(), {});
    const std::string failure = failure_of([&] {
        (void)read_tensor<double>(*reader, plan, "x",
                                  Partition(plan.shape, grids_for(plan.shape)[0]));
    });
    EXPECT_EQ(failure.find("3 cannot read x.h5:/packed: "), 0u) << failure;
}

}  // namespace
}  // namespace tessera
