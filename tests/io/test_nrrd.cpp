#include <gtest/gtest.h>

#include "packed_bytes.hpp"
#include "reader_fixture.hpp"

namespace tessera {
namespace {

using namespace test_support;

// Written here by the format's specification: Debian has no software that writes NRRD.
const std::string header =
    "NRRD0004\n# a comment\ntype: int16\ndimension: 3\nsizes: 4 3 2\nendian: little\n"
    "space directions: (0.5,0,0) (0, 0.75, 0) (0,0,2)\nspace units: \"mm\" \"mm\" \"mm\"\n"
    "key:=value\n";

std::string counted(std::size_t values) {
    std::string bytes;
    for (std::size_t i = 0; i < values; ++i) {
        bytes += static_cast<char>(i);
        bytes += '\0';
    }
    return bytes;
}

double counted_value(const Extents& p) { return static_cast<double>((p[0] * 3 + p[1]) * 4 + p[2]); }

void expect_counted(const std::filesystem::path& path, const std::string& text) {
    Communicator::world().barrier();
    write_bytes(path, text);
    const auto reader = TensorReader::open(path.string(), Communicator::world());
    expect_tensor(*reader, {}, {2, 3, 4}, counted_value);
}

TEST(Nrrd, ReadsRawGzipTextBothByteOrdersAndDetachedData) {
    const auto folder = scratch_folder();
    expect_counted(folder / "x.nrrd", header + "encoding: raw\n\n" + counted(24));
    expect_counted(folder / "x.nrrd", header + "encoding: gzip\n\n" + gzip_packed(counted(24)));
    expect_counted(folder / "x.nrrd",
                   header + "encoding: gz\nbyte skip: 6\n\n" + gzip_packed("skip6!" + counted(24)));
    std::string big = header;
    big.replace(big.find("little"), 6, "big");
    expect_counted(folder / "x.nrrd",
                   big + "encoding: raw\n\n" + std::string(1, '\0') + counted(24));
    std::string numbers;
    for (int i = 0; i < 24; ++i) {
        numbers += std::to_string(i) + "\n";
    }
    expect_counted(folder / "x.nrrd", header + "encoding: ascii\n\n" + numbers);
    write_bytes(folder / "x.raw", "one line\nand 4  " + counted(24));
    expect_counted(folder / "x.nhdr", header +
                                          "encoding: raw\ndata file: x.raw\nline skip: 1\n"
                                          "byte skip: 7\n");
    expect_counted(folder / "x.nhdr", header + "encoding: raw\nbyte skip: -1\ndatafile: x.raw\n\n");
}

TEST(Nrrd, PutsComponentsLastAndStatesLengths) {
    const auto path = scratch_folder() / "x.nrrd";
    write_bytes(path, header + "encoding: raw\n\n" + counted(24));
    const DatasetInfo info = list_datasets(path.string()).at(0);
    EXPECT_EQ(info.format, "NRRD");
    EXPECT_EQ(info.axes, (std::vector<std::string>{"slices", "rows", "cols"}));
    EXPECT_EQ(info.spacing, (std::vector<double>{2.0, 0.75, 0.5}));
    EXPECT_EQ(info.units, (std::vector<std::string>{"mm", "mm", "mm"}));
    Communicator::world().barrier();
    write_bytes(path,
                "NRRD0005\ntype: short\ndimension: 3\nsizes: 4 3 2\nendian: little\n"
                "kinds: vector domain domain\nspacings: nan 0.5 0.25\nencoding: raw\n\n" +
                    counted(24));
    const DatasetInfo field = list_datasets(path.string()).at(0);
    EXPECT_EQ(field.axes, (std::vector<std::string>{"rows", "cols", "components"}));
    EXPECT_EQ(field.spacing, (std::vector<double>{0.25, 0.5, 1.0}));
}

TEST(Nrrd, ReportsTruncatedAndMalformedFiles) {
    const auto path = scratch_folder() / "x.nrrd";
    const auto failure = [&](const std::string& bytes) {
        Communicator::world().barrier();
        write_bytes(path, bytes);
        const std::string text = open_failure(path.string());
        EXPECT_EQ(text.substr(0, 2 + path.string().size()), "3 " + path.string()) << text;
        return text;
    };
    EXPECT_NE(failure(header + "encoding: raw\n\n" + counted(23)).find("is truncated"),
              std::string::npos);
    EXPECT_NE(failure(header + "encoding: raw\n").find("no empty line"), std::string::npos);
    EXPECT_NE(failure(header + "encoding: bzip2\n\n").find("the encoding 'bzip2'"),
              std::string::npos);
    EXPECT_NE(failure(header + "nonsense\n\n").find("the line 'nonsense'"), std::string::npos);
    std::string changed = header;
    changed.replace(changed.find("int16"), 5, "block");
    EXPECT_NE(failure(changed + "encoding: raw\n\n").find("the type 'block'"), std::string::npos);
    changed = header;
    changed.replace(changed.find("4 3 2"), 5, "4 3 2 1");
    EXPECT_NE(failure(changed + "encoding: raw\n\n").find("'dimension: 3'"), std::string::npos);
    changed = header;
    changed.replace(changed.find("little"), 6, "middle");
    EXPECT_NE(failure(changed + "encoding: raw\n\n").find("the endian 'middle'"),
              std::string::npos);
}

}  // namespace
}  // namespace tessera
