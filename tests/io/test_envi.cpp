#include <gtest/gtest.h>

#include "reader_fixture.hpp"

namespace tessera {
namespace {

using namespace test_support;

/// A data file of `values` little-endian uint16 0, 1, 2, ...
std::string counted(std::size_t values) {
    std::string bytes;
    for (std::size_t i = 0; i < values; ++i) {
        bytes += static_cast<char>(i & 0xff);
        bytes += static_cast<char>(i >> 8);
    }
    return bytes;
}

const char* const least_header =
    "ENVI\nsamples = 3\nlines = 2\nbands = 4\ndata type = 12\ninterleave = bip\n";

double bip_value(const Extents& p) { return static_cast<double>((p[0] * 3 + p[1]) * 4 + p[2]); }

TEST(Envi, ReadsEveryInterleaveTypeAndByteOrderAsSpectralPythonWroteIt) {
    for (const std::string name :
         {"bsq_u2_0", "bsq_f4_1", "bsq_i8_1", "bil_u1_0", "bil_i2_1", "bil_f8_0", "bip_i4_0",
          "bip_u4_1", "bip_u8_0", "bip_f4_0", "bil_u2_1"}) {
        expect_golden(name + ".hdr", {4, 5, 6}, name.substr(4, 2));
        expect_golden<float>(name + ".img", {4, 5, 6}, name.substr(4, 2));
    }
}

TEST(Envi, StatesAxesTypeAndWavelengths) {
    const DatasetInfo info = list_datasets(golden("bil_i2_1.hdr")).at(0);
    EXPECT_EQ(info.format, "ENVI");
    EXPECT_EQ(info.shape_text(), "4 x 5 x 6");
    EXPECT_EQ(info.type_text, "int16, big-endian, bil");
    EXPECT_EQ(info.axes, (std::vector<std::string>{"rows", "cols", "bands"}));
    EXPECT_EQ(info.wavelengths, (std::vector<double>{400.5, 410.5, 420.5, 430.5, 440.5, 450.5}));
    EXPECT_EQ(info.wavelength_unit, "nm");
    EXPECT_EQ(info.remark, "");
    bool described = false;
    for (const auto& [key, value] : info.attributes) {
        described = described || (key == "description" && value == "a small cube");
    }
    EXPECT_TRUE(described);
}

TEST(Envi, TakesHeadersWithCommentsBlanksAndOnlyTheNeededKeys) {
    const auto folder = scratch_folder();
    write_bytes(folder / "x.raw", std::string(5, '#') + counted(24));
    write_bytes(folder / "x.hdr",
                "ENVI\r\n; a comment\r\n\r\nDESCRIPTION = {\r\n two lines = of text,\r\n"
                "; a comment inside\r\n the end}\r\nSamples   = 3\r\nlines=2\r\nbands = 4\r\n"
                "header  offset = 5\r\ndata type = 12\r\ninterleave = BIP\r\nsensor type =\r\n"
                "byte order =\r\nwavelength = {1.5, 2.5\r\n, 3.5,4.5 }\r\n");
    const auto reader = TensorReader::open((folder / "x.hdr").string(), Communicator::world());
    expect_tensor(*reader, {}, {2, 3, 4}, bip_value);
    EXPECT_EQ(reader->info().wavelengths, (std::vector<double>{1.5, 2.5, 3.5, 4.5}));
    EXPECT_EQ(reader->info().attributes.at(0).second, "two lines = of text, the end");
}

TEST(Envi, FindsTheDataFileWhateverItsSuffix) {
    for (const std::string suffix : {"", ".raw", ".img", ".dat", ".bsq", ".bil", ".bip", ".IMG"}) {
        const auto folder = scratch_folder();
        write_bytes(folder / "x.hdr", least_header);
        write_bytes(folder / ("x" + suffix), counted(24));
        const auto reader = TensorReader::open((folder / "x.hdr").string(), Communicator::world());
        expect_tensor(*reader, {}, {2, 3, 4}, bip_value);
        const auto from_data =
            TensorReader::open((folder / ("x" + suffix)).string(), Communicator::world());
        EXPECT_EQ(from_data->info().shape_text(), "2 x 3 x 4");
    }
    const auto folder = scratch_folder();
    write_bytes(folder / "x.dat.hdr", least_header);
    write_bytes(folder / "x.dat", counted(24));
    expect_tensor(*TensorReader::open((folder / "x.dat.hdr").string(), Communicator::world()), {},
                  {2, 3, 4}, bip_value);
    EXPECT_EQ(list_datasets((folder / "x.dat").string()).at(0).shape_text(), "2 x 3 x 4");
}

TEST(Envi, PrefersTheDataFileOfTheRightSize) {
    const auto folder = scratch_folder();
    write_bytes(folder / "x.hdr", least_header);
    write_bytes(folder / "x.raw", std::string(100, 'x'));
    write_bytes(folder / "x.img", counted(24));
    const auto reader = TensorReader::open((folder / "x.hdr").string(), Communicator::world());
    expect_tensor(*reader, {}, {2, 3, 4}, bip_value);
    EXPECT_EQ(reader->info().remark, "");
    write_bytes(folder / "x.dat", counted(24));
    EXPECT_NE(list_datasets((folder / "x.hdr").string()).at(0).remark, "");
}

TEST(Envi, RemarksOnWhatIsOddButReadable) {
    const auto folder = scratch_folder();
    write_bytes(folder / "x.raw", counted(30));
    write_bytes(folder / "x.hdr", std::string(least_header) + "wavelength = {1, 2, 3}\n");
    const DatasetInfo info = list_datasets((folder / "x.hdr").string()).at(0);
    EXPECT_TRUE(info.readable());
    EXPECT_EQ(info.remark, "x.raw has 60 bytes, more than the 48 that its header accounts for");
    EXPECT_TRUE(info.wavelengths.empty());
}

TEST(Envi, ReportsMalformedHeadersAndTruncatedData) {
    const auto folder = scratch_folder();
    const std::string path = (folder / "x.hdr").string();
    write_bytes(folder / "x.raw", counted(24));
    const auto failure = [&](std::string header, const std::string& from, const std::string& to) {
        const std::size_t place = header.find(from);
        write_bytes(path, header.replace(place, from.size(), to));
        const std::string text = open_failure(path);
        EXPECT_EQ(text.substr(0, 2 + path.size()), "3 " + path);
        return text.substr(std::min(text.size(), 2 + path.size()));
    };
    EXPECT_EQ(failure(least_header, "samples = 3\n", ""),
              ": 'samples' is missing, expected a whole number");
    EXPECT_EQ(failure(least_header, "= 3", "= three"),
              ": 'samples' is 'three', expected a whole number");
    EXPECT_EQ(failure(least_header, "= 3", "= -3"), ": 'samples' is '-3', expected a whole number");
    EXPECT_EQ(failure(least_header, "= 3", "= 99999999999999999999"),
              ": 'samples' is '99999999999999999999', expected a whole number");
    EXPECT_EQ(failure(least_header, "bip", "bop"),
              ": interleave is 'bop', expected bsq, bil or bip");
    EXPECT_EQ(failure(least_header, "12", "6"),
              ": data type 6 is complex, expected 1, 2, 3, 4, 5, 12, 13, 14 or 15");
    EXPECT_EQ(failure(least_header, "12", "7"),
              ": data type 7 is unknown, expected 1, 2, 3, 4, 5, 12, 13, 14 or 15");
    EXPECT_EQ(failure(least_header, "interleave", "byte order = 2\ninterleave"),
              ": byte order is 2, expected 0 or 1");
    EXPECT_EQ(failure(least_header, "interleave", "file compression = 1\ninterleave"),
              ": 'file compression = 1' cannot be read, write the cube without it");
    EXPECT_EQ(failure(least_header, "interleave", "wavelength = [1,\n2]\ninterleave"),
              ", line 7: expected 'key = value'; a list over several lines goes into braces { }");
    EXPECT_EQ(failure(least_header, "interleave", "wavelength = {1,\n2\ninterleave"),
              ", line 6: the list of 'wavelength' has no closing brace }");
    EXPECT_EQ(failure(least_header, "interleave", "lines = 3\ninterleave"),
              ", line 6: 'lines' is there twice, with different values");
    write_bytes(path, std::string(least_header).replace(5 + 10, 1, "4"));
    EXPECT_EQ(open_failure(path), "3 " + (folder / "x.raw").string() +
                                      " is truncated: its header asks for 64 bytes, the file has "
                                      "48; copy it again");
    write_bytes(path, std::string(least_header).replace(5 + 10, 1, "4000000000000000000"));
    EXPECT_NE(open_failure(path).find("is truncated"), std::string::npos);
    write_bytes(path, std::string(least_header).replace(5 + 10, 1, "0"));
    EXPECT_EQ(open_failure(path), "2 x.hdr has no entries: its shape is 2 x 0 x 4");
}

TEST(Envi, SaysWhenTheDataFileIsMissing) {
    const auto folder = scratch_folder();
    write_bytes(folder / "x.hdr", least_header);
    EXPECT_EQ(open_failure((folder / "x.hdr").string()),
              "3 " + (folder / "x.hdr").string() +
                  " is an ENVI header without a data file: expected x.raw (or .img, .dat, .bsq, "
                  ".bil, .bip, or no suffix) beside it");
}

TEST(Envi, SurvivesDamagedHeaders) {
    expect_survives_flips(
        golden("bil_i2_1.hdr"), "x.hdr", 250, 500, [](const std::filesystem::path& folder) {
            std::ofstream(folder / "x.img", std::ios::binary) << file_bytes(golden("bil_i2_1.img"));
        });
}

}  // namespace
}  // namespace tessera
