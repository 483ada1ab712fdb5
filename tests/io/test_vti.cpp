#include <gtest/gtest.h>

#include <algorithm>

#include "reader_fixture.hpp"

namespace tessera {
namespace {

using namespace test_support;

const std::vector<Index> volume = {4, 5, 6};

void expect_array(const std::string& file, const std::string& dataset,
                  const std::vector<Index>& shape, const std::string& code) {
    const auto reader = TensorReader::open(golden(file) + ":" + dataset, Communicator::world());
    expect_tensor(*reader, {}, Extents(shape),
                  [&](const Extents& position) { return golden_value(code, position); });
}

TEST(Vti, ReadsEveryEncodingByteOrderAndCompressionAsVtkWroteIt) {
    for (const std::string file :
         {"ascii_little_plain", "inline_little_plain", "inline_big_plain", "inline_little_zlib",
          "inline_big_zlib", "appended_little_plain", "appended_big_plain", "appended_little_zlib",
          "appended_big_zlib", "appended64_little_plain", "appended64_big_plain",
          "appended64_little_zlib", "appended64_big_zlib"}) {
        expect_array(file + ".vti", "counts", volume, "u2");
        expect_array(file + ".vti", "field", {4, 5, 6, 2}, "f4");
        expect_array(file + ".vti", "level", volume, "f8");
        expect_array(file + ".vti", "byte", volume, "i1");
        expect_array(file + ".vti", "CellData/cell", {3, 4, 5}, "i4");
    }
}

TEST(Vti, StatesAxesSpacingAndOrigin) {
    const std::vector<DatasetInfo> infos = list_datasets(golden("appended_big_zlib.vti"));
    ASSERT_EQ(infos.size(), 5U);
    const auto field = std::find_if(infos.begin(), infos.end(), [](const DatasetInfo& info) {
        return info.dataset == "field";
    });
    ASSERT_NE(field, infos.end());
    EXPECT_EQ(field->format, "VTI");
    EXPECT_EQ(field->shape_text(), "4 x 5 x 6 x 2");
    EXPECT_EQ(field->type_text, "float32, big-endian, appended, zlib");
    EXPECT_EQ(field->axes, (std::vector<std::string>{"slices", "rows", "cols", "components"}));
    EXPECT_EQ(field->spacing, (std::vector<double>{2.5, 0.75, 0.5, 1.0}));
    EXPECT_EQ(field->origin, (std::vector<double>{3.5, 2.0, -1.0, 0.0}));
    EXPECT_EQ(infos.back().dataset, "CellData/cell");
    EXPECT_EQ(infos.back().origin, (std::vector<double>{4.75, 2.375, -0.75}));
}

TEST(Vti, CarriesLengthsThroughRegionBinAndOrder) {
    const DatasetInfo info = list_datasets(golden("inline_little_plain.vti")).at(0);
    AxesRequest request;
    request.order = {"cols", "slices", "rows"};
    request.region = {{"rows", 1, 5}};
    request.bins = {{"rows", 2}};
    const ReadPlan plan = plan_read(info, request);
    EXPECT_EQ(plan.spacing, (std::vector<double>{0.5, 2.5, 1.5}));
    EXPECT_EQ(plan.origin, (std::vector<double>{-1.0, 3.5, 2.0 + 0.75 * 1.5}));
}

TEST(Vti, ReadsASingleArrayWithoutAName) {
    const auto reader = TensorReader::open(golden("flat.vti"), Communicator::world());
    EXPECT_EQ(reader->info().axes, (std::vector<std::string>{"rows", "cols"}));
    expect_tensor(*reader, {}, {4, 6},
                  [](const Extents& position) { return golden_value("u1", position); });
}

TEST(Vti, RefusesWhatItCannotRead) {
    EXPECT_EQ(open_failure(golden("lz4.vti") + ":flat"),
              "2 lz4.vti:flat is compressed by vtkLZ4DataCompressor, only vtkZLibDataCompressor "
              "can be read");
    EXPECT_EQ(open_failure(golden("ascii_little_plain.vti")).substr(0, 2), "2 ");
    EXPECT_NE(open_failure(golden("ascii_little_plain.vti") + ":no").find("has no array 'no'"),
              std::string::npos);
}

TEST(Vti, ReportsTruncatedAndMalformedFiles) {
    const auto path = scratch_folder() / "x.vti";
    const auto failure = [&](const std::string& bytes) {
        Communicator::world().barrier();
        write_bytes(path, bytes);
        const std::string text = open_failure(path.string() + ":counts");
        EXPECT_EQ(text.substr(0, 2 + path.string().size()), "3 " + path.string()) << text;
        return text;
    };
    for (const std::string file :
         {"appended_little_plain", "appended_little_zlib", "appended64_little_plain",
          "inline_little_zlib", "ascii_little_plain"}) {
        const std::string whole = file_bytes(golden(file + ".vti"));
        for (const std::size_t percent : {15U, 60U, 80U}) {
            EXPECT_NE(failure(whole.substr(0, whole.size() * percent / 100)).find("is truncated"),
                      std::string::npos)
                << file << " " << percent;
        }
    }
    const std::string whole = file_bytes(golden("inline_little_plain.vti"));
    const auto changed = [&](const std::string& from, const std::string& to) {
        std::string text = whole;
        return text.replace(text.find(from), from.size(), to);
    };
    EXPECT_NE(failure(changed("\"ImageData\"", "\"PolyData\"")).find("holds VTK's PolyData"),
              std::string::npos);
    EXPECT_NE(failure(changed("LittleEndian", "MiddleEndian")).find("byte_order"),
              std::string::npos);
    EXPECT_NE(failure(changed("<Piece Extent", "<Piece Ext")).find("proper VTI"),
              std::string::npos);
    EXPECT_NE(failure(changed("<Piece Extent=\"0 5", "<Piece Extent=\"0 6")).find("asks for"),
              std::string::npos);
    EXPECT_NE(failure(changed("<PointData", "<PointDato")).find("XML"), std::string::npos);
}

TEST(Vti, SurvivesDamagedFiles) {
    for (const std::string file :
         {"inline_little_zlib.vti", "appended_big_zlib.vti", "ascii_little_plain.vti"}) {
        expect_survives_flips(golden(file), "x.vti", 4000, 150);
    }
}

}  // namespace
}  // namespace tessera
