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

TEST(Matlab, ReadsWhatScipyWroteCompressedAndNot) {
    for (const std::string file : {"plain.mat", "packed.mat"}) {
        for (const std::string code :
             {"b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"}) {
            expect_golden(file + ":type_" + code, cube, code);
        }
        expect_golden<float>(file + ":type_u2", cube, "u2");
        expect_golden<std::uint8_t>(file + ":type_b1", cube, "b1");
        expect_golden(file + ":order2", {4, 6}, "f8");
        expect_golden(file + ":order4", {3, 2, 4, 5}, "f8");
        expect_golden(file + ":order5", {2, 3, 2, 4, 2}, "f8");
        expect_golden(file + ":order6", {2, 3, 2, 2, 3, 2}, "f8");
        expect_golden(file + ":s.field", {4, 6}, "i2");
        expect_golden(file + ":s.deep.cube", cube, "f4");
    }
}

TEST(Matlab, ReadsWhatMatlabWrote) {
    const auto counted = [](const Extents& p) {  // reshape(1:24, 2, 3, 4)
        return static_cast<double>(1 + p[0] + 2 * p[1] + 6 * p[2]);
    };
    const Communicator& world = Communicator::world();
    const auto big = TensorReader::open(golden("test3dmatrix_6.1_SOL2.mat"), world);
    expect_tensor(*big, {}, {2, 3, 4}, counted);
    EXPECT_EQ(big->info().type_text, "uint8, double in MATLAB");
    const auto field =
        TensorReader::open(golden("teststruct_6.1_SOL2.mat:teststruct.doublefield"), world);
    EXPECT_EQ(field->info().type_text, "float64, big-endian");
    // sqrt(2), exp(1) and pi as MATLAB computed them: its exp(1) is one bit up.
    const std::vector<double> roots = {1.4142135623730951, 2.7182818284590455, 3.141592653589793};
    expect_tensor(*field, {}, {1, 3},
                  [&](const Extents& p) { return roots[static_cast<std::size_t>(p[1])]; });
    const auto logical = TensorReader::open(golden("testbool_8_WIN64.mat:testbools"), world);
    EXPECT_EQ(logical->info().type_text, "logical");
    expect_tensor<std::uint8_t>(*logical, {}, {2, 1},
                                [](const Extents& p) { return p[0] == 0 ? 1.0 : 0.0; });
    const auto angles = TensorReader::open(golden("testhdf5_7.4_GLNX86.mat:testdouble"), world);
    EXPECT_EQ(angles->info().format, "MATLAB v7.3");
    EXPECT_EQ(angles->info().shape_text(), "1 x 9");
}

TEST(Matlab, ListsWhatIsNoTensorToo) {
    for (const std::string file : {"plain.mat", "packed.mat"}) {
        const auto infos = listed(file);
        EXPECT_EQ(infos.at("cell").type_text, "cell array");
        EXPECT_EQ(infos.at("text").type_text, "text");
        EXPECT_EQ(infos.at("s").type_text, "struct");
        EXPECT_EQ(infos.at("s.text").type_text, "text");
        EXPECT_EQ(infos.at("many").type_text, "struct array");
        EXPECT_EQ(infos.at("many").shape_text(), "2 x 1");
        EXPECT_EQ(infos.at("sparse").type_text, "sparse matrix");
        EXPECT_EQ(infos.at("complex").type_text, "complex double");
        EXPECT_EQ(infos.at("empty").obstacle, "has no entries: its shape is 0 x 3");
        EXPECT_TRUE(infos.at("type_i4").readable());
        EXPECT_TRUE(infos.at("type_i4").column_major());
        EXPECT_EQ(infos.at("type_i4").shape_text(), "4 x 5 x 6");
        EXPECT_EQ(infos.size(), 28u);
    }
    // Functions keep their workspaces in a variable without a name.
    EXPECT_EQ(listed("some_functions.mat").size(), 6u);
}

TEST(Matlab, ReadsVersion73) {
    for (const std::string code : {"b1", "u1", "i2", "u2", "i4", "f4", "f8"}) {
        expect_golden("version73.mat:type_" + code, cube, code);
    }
    expect_golden("version73.mat:order4", {3, 2, 4, 5}, "f8");
    expect_golden("version73.mat:s.field", {4, 6}, "i2");
    const auto infos = listed("version73.mat");
    EXPECT_EQ(infos.at("type_f8").format, "MATLAB v7.3");
    EXPECT_EQ(infos.at("type_f8").shape_text(), "4 x 5 x 6");
    EXPECT_TRUE(infos.at("type_f8").column_major());
    EXPECT_EQ(infos.at("type_b1").type_text, "logical");
    EXPECT_EQ(infos.at("text").obstacle, "is text, not numbers");
    EXPECT_EQ(infos.at("empty").obstacle, "is empty");
    EXPECT_EQ(infos.at("complex").type_text, "complex double");
    EXPECT_EQ(infos.at("sparse").type_text, "sparse matrix");
    EXPECT_EQ(infos.count("#refs#.a"), 0u);
}

TEST(Matlab, ChoosesTheOnlyCubeAndElseAsks) {
    const auto reader = TensorReader::open(golden("one_cube.mat"), Communicator::world());
    EXPECT_EQ(reader->info().dataset, "cube");
    const std::string failure = open_failure(golden("packed.mat"));
    EXPECT_EQ(failure.substr(0, 2), "2 ");
    EXPECT_NE(failure.find("say which array to read, for example packed.mat:type_u1; it holds "
                           "type_u1 (4 x 5 x 6 uint8), type_i1 (4 x 5 x 6 int8)"),
              std::string::npos)
        << failure;
    EXPECT_NE(failure.find(" more"), std::string::npos);
    EXPECT_EQ(open_failure(golden("one_cube.mat:Y")),
              "2 " + golden("one_cube.mat") +
                  " has no array 'Y': it holds cube (4 x 5 x 6 int16), n (1 x 1 float64), map (4 x "
                  "5 uint8)");
    EXPECT_EQ(open_failure(golden("plain.mat:cell")),
              "2 plain.mat:cell is a cell array, only full numeric arrays can be read");
    EXPECT_EQ(open_failure(golden("plain.mat:s")),
              "2 plain.mat:s is a struct: name one of its fields");
    EXPECT_EQ(open_failure(golden("plain.mat:complex")),
              "2 plain.mat:complex is complex, only real arrays can be read");
}

TEST(Matlab, ReportsTruncatedFiles) {
    const auto path = scratch_folder() / "x.mat";
    for (const std::string file : {"plain.mat", "packed.mat"}) {
        const std::string whole = file_bytes(golden(file));
        // Cut inside the last variable, inside the first, inside a tag, inside the header.
        for (const std::size_t size : {whole.size() - 1, std::size_t{200}, std::size_t{132}}) {
            write_bytes(path, whole.substr(0, size));
            const std::string failure = open_failure(path.string());
            EXPECT_EQ(failure.substr(0, 2), "3 ");
            EXPECT_NE(failure.find("is truncated: its header asks for "), std::string::npos)
                << failure;
            EXPECT_NE(failure.find("the file has " + std::to_string(size) + ";"), std::string::npos)
                << failure;
        }
        write_bytes(path, whole.substr(0, 100));
        EXPECT_EQ(open_failure(path.string()).substr(0, 2), "3 ");
    }
    write_bytes(path, file_bytes(golden("version73.mat")).substr(0, 3000));
    EXPECT_NE(open_failure(path.string()).find("is truncated: its header asks for "),
              std::string::npos)
        << open_failure(path.string());
}

TEST(Matlab, NoticesDamagedCompressedData) {
    const auto path = scratch_folder() / "x.mat";
    std::string bytes = file_bytes(golden("packed.mat"));
    bytes[180] = static_cast<char>(bytes[180] ^ 0x20);  // in the first variable
    write_bytes(path, bytes);
    const Communicator& world = Communicator::world();
    const std::string failure = failure_of([&] {
        const auto reader = TensorReader::open(path.string() + ":type_u1", world);
        const ReadPlan plan = plan_read(reader->info(), {});
        (void)read_tensor<double>(*reader, plan, "x",
                                  Partition(plan.shape, grids_for(plan.shape)[0]));
    });
    EXPECT_EQ(failure.substr(0, 2), "3 ");
    EXPECT_NE(failure.find(" is damaged: its compressed data before byte "), std::string::npos)
        << failure;
}

TEST(Matlab, SaysThatOldVersionsMustBeSavedAnew) {
    const auto path = scratch_folder() / "old.mat";
    write_bytes(path, std::string(200, '\0'));  // version 4 has no signature
    EXPECT_EQ(open_failure(path.string()),
              "3 " + path.string() +
                  " is no MATLAB file of version 5 to 7.3: load it in MATLAB and save it anew");
}

TEST(Matlab, SurvivesDamagedFiles) {
    const std::size_t all = 1 << 20;
    expect_survives_flips(golden("plain.mat"), "x.mat", all, 100);
    expect_survives_flips(golden("one_cube.mat"), "x.mat", 400, 500);
    expect_survives_flips(golden("packed.mat"), "x.mat", all, 30);
    expect_survives_flips(golden("teststruct_6.1_SOL2.mat"), "x.mat", all, 300);
}

}  // namespace
}  // namespace tessera
