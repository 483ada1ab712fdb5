#include <gtest/gtest.h>

#include "reader_fixture.hpp"

namespace tessera {
namespace {

using namespace test_support;

const std::vector<Index> cube = {4, 5, 6};

TEST(Npy, ReadsEveryOrderAsNumpyWroteIt) {
    expect_golden("order1.npy", {9}, "f8");
    expect_golden("order2.npy", {4, 6}, "f8");
    expect_golden("order3.npy", cube, "f8");
    expect_golden("order4.npy", {3, 2, 4, 5}, "f8");
    expect_golden("order5.npy", {2, 3, 2, 4, 2}, "f8");
    expect_golden("order6.npy", {2, 3, 2, 2, 3, 2}, "f8");
}

TEST(Npy, ReadsEveryTypeInBothByteOrders) {
    for (const std::string code :
         {"b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"}) {
        expect_golden("type_" + code + ".npy", cube, code);
        expect_golden<float>("type_" + code + ".npy", cube, code);
    }
    for (const std::string code : {"i2", "u4", "f4", "i8", "f8"}) {
        expect_golden("big_" + code + ".npy", cube, code);
    }
}

TEST(Npy, ReadsFortranOrderAndNewerVersions) {
    expect_golden("fortran_u2.npy", cube, "u2");
    expect_golden("fortran_big_f8.npy", {3, 2, 4, 5}, "f8");
    expect_golden("version2.npy", {4, 6}, "f4");
    expect_golden("version3.npy", {4, 6}, "f4");
}

TEST(Npy, ReadsMasksAsBytes) {
    expect_golden<std::uint8_t>("type_b1.npy", cube, "b1");
    expect_golden<std::uint8_t>("type_u1.npy", cube, "u1");
    const Communicator& world = Communicator::world();
    const auto reader = TensorReader::open(golden("type_f4.npy"), world);
    const ReadPlan plan = plan_read(reader->info(), {});
    const std::string failure = failure_of([&] {
        (void)read_tensor<std::uint8_t>(*reader, plan, "mask",
                                        Partition(plan.shape, grids_for(plan.shape)[0]));
    });
    EXPECT_EQ(failure.substr(0, 40), "3 type_f4.npy cannot serve as a mask: it");
}

TEST(Npy, StatesShapeAndType) {
    const DatasetInfo info = list_datasets(golden("fortran_big_f8.npy")).at(0);
    EXPECT_EQ(info.format, "NPY");
    EXPECT_EQ(info.shape_text(), "3 x 2 x 4 x 5");
    EXPECT_EQ(info.type_text, "float64, big-endian");
    EXPECT_TRUE(info.column_major());
    EXPECT_FALSE(list_datasets(golden("type_u1.npy")).at(0).column_major());
    EXPECT_EQ(list_datasets(golden("type_b1.npy")).at(0).type_text, "logical");
}

TEST(Npy, RefusesWhatIsNoTensor) {
    EXPECT_EQ(open_failure(golden("complex.npy")),
              "2 complex.npy has the NumPy type '<c16': save it as float32, float64 or integers");
    EXPECT_EQ(open_failure(golden("half.npy")).substr(0, 36),
              "2 half.npy has the NumPy type '<f2':");
    EXPECT_EQ(open_failure(golden("fields.npy")),
              "2 fields.npy is a structured array: save one field of it with numpy.save");
    EXPECT_EQ(open_failure(golden("scalar.npy")), "2 scalar.npy is a single number, not an array");
    EXPECT_EQ(open_failure(golden("empty.npy")),
              "2 empty.npy has no entries: its shape is 3 x 0 x 2");
    EXPECT_EQ(open_failure(golden("order7.npy")), "2 order7.npy has 7 axes, at most 6 can be read");
    EXPECT_EQ(open_failure(golden("order1.npy") + ":x").substr(0, 2), "2 ");
}

/// An NPY file of version 1 with that header and that many bytes of zeros behind it.
std::string npy_bytes(const std::string& header, std::size_t data_bytes) {
    const auto length = static_cast<char>(header.size());
    return std::string("\x93NUMPY\x01\x00", 8) + length + '\0' + header +
           std::string(data_bytes, '\0');
}

TEST(Npy, ReportsTruncatedAndMalformedFiles) {
    const auto path = scratch_folder() / "x.npy";
    const auto failure = [&](const std::string& bytes) {
        write_bytes(path, bytes);
        const std::string text = open_failure(path.string());
        EXPECT_EQ(text.substr(0, 2), "3 ");
        const std::size_t place = text.find(path.string());
        EXPECT_NE(place, std::string::npos) << text;
        return place == std::string::npos ? text : text.substr(place + path.string().size());
    };
    const std::string whole = file_bytes(golden("order3.npy"));
    EXPECT_EQ(failure(whole.substr(0, 700)),
              " is truncated: its header asks for 1088 bytes, the file has 700; copy it again");
    EXPECT_EQ(failure(whole.substr(0, 100)),
              " is truncated: its header asks for 128 bytes, the file has 100; copy it again");
    EXPECT_EQ(failure(whole.substr(0, 9)),
              " is truncated: its header asks for 10 bytes, the file has 9; copy it again");
    EXPECT_EQ(failure(""), " is empty");
    EXPECT_EQ(failure("PK\3\4 and so on").substr(0, 14), " is damaged: i");
    const std::string start = "{'descr': '<f8', 'fortran_order': False, 'shape': ";
    EXPECT_NE(failure(npy_bytes(start + "(4294967296, 4294967296, 4294967296), }", 64))
                  .find("is truncated"),
              std::string::npos);
    EXPECT_NE(failure(npy_bytes(start + "(99999999999999999999,), }", 64)).find("shape"),
              std::string::npos);
    EXPECT_NE(failure(npy_bytes(start + "(-3,), }", 64)).find("shape"), std::string::npos);
    EXPECT_NE(failure(npy_bytes(start + "(3", 64)).find("no ')'"), std::string::npos);
    EXPECT_NE(failure(npy_bytes("{'descr': '<f8', 'shape': (3,)}", 64)).find("lacks"),
              std::string::npos);
    EXPECT_NE(failure(npy_bytes("{'descr': [('a', '<f8'", 64)).find("without end"),
              std::string::npos);
}

TEST(Npy, SaysWhenAFileIsMissingOrAFolder) {
    const auto folder = scratch_folder();
    EXPECT_EQ(open_failure((folder / "no.npy").string()),
              "3 cannot read " + (folder / "no.npy").string() + ": No such file or directory");
    EXPECT_EQ(open_failure(folder.string()),
              "3 cannot read " + folder.string() +
                  ": it is a folder without any *.tif, *.tiff, name a data file");
}

TEST(Npy, NoticesAFileCutAfterItWasOpened) {
    const auto path = scratch_folder() / "x.npy";
    write_bytes(path, file_bytes(golden("order3.npy")));
    const Communicator& world = Communicator::world();
    const auto reader = TensorReader::open(path.string(), world);
    world.barrier();
    write_bytes(path, file_bytes(golden("order3.npy")).substr(0, 500));
    const ReadPlan plan = plan_read(reader->info(), {});
    const std::string failure = failure_of([&] {
        (void)read_tensor<double>(*reader, plan, "x",
                                  Partition(plan.shape, grids_for(plan.shape)[0]));
    });
    EXPECT_NE(failure.find("is truncated"), std::string::npos) << failure;
}

TEST(Npy, SurvivesDamagedHeaders) {
    expect_survives_flips(golden("fortran_u2.npy"), "x.npy", 128, 500);
}

}  // namespace
}  // namespace tessera
