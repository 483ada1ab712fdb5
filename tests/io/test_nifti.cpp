#include <gtest/gtest.h>

#include "packed_bytes.hpp"
#include "reader_fixture.hpp"

namespace tessera {
namespace {

using namespace test_support;

TEST(Nifti, ReadsEveryTypeAndByteOrderAsNibabelWroteIt) {
    for (const std::string name : {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8",
                                   "i2_big", "f4_big", "u8_big"}) {
        expect_golden("nifti_" + name + ".nii", {4, 5, 6}, name.substr(0, 2));
    }
    expect_golden("nifti_i2.nii.gz", {4, 5, 6}, "i2");
    expect_golden("nifti_i2_big.nii.gz", {4, 5, 6}, "i2");
}

TEST(Nifti, ReadsPairsByEitherName) {
    expect_golden("nifti_i2_pair.hdr", {4, 5, 6}, "i2");
    expect_golden("nifti_i2_big_pair.img", {4, 5, 6}, "i2");
}

TEST(Nifti, AppliesSlopeAndIntercept) {
    const auto reader = TensorReader::open(golden("nifti_scaled.nii.gz"), Communicator::world());
    const auto value = [](const Extents& p) { return 0.5 * golden_value("u2", p) - 100.0; };
    expect_tensor(*reader, {}, {3, 2, 4, 5}, value);
    expect_tensor<float>(*reader, {}, {3, 2, 4, 5}, value);
    // The mean of a bin of what the numbers stand for.
    AxesRequest request;
    request.bins = {{"time", 3}};
    expect_tensor(*reader, request, {1, 2, 4, 5}, [&](const Extents& p) {
        return value({1, p[1], p[2], p[3]});  // linear in time
    });
}

TEST(Nifti, StatesItsAxesAsNibabelDoes) {
    const DatasetInfo info = list_datasets(golden("nifti_scaled.nii.gz")).at(0);
    EXPECT_EQ(info.format, "NIfTI-1");
    EXPECT_EQ(info.shape_text(), "5 x 4 x 2 x 3");
    EXPECT_TRUE(info.column_major());
    EXPECT_EQ(info.type_text, "uint16, gzip");
    EXPECT_EQ(info.axes, (std::vector<std::string>{"cols", "rows", "slices", "time"}));
    EXPECT_EQ(info.spacing, (std::vector<double>{2.0, 3.0, 4.0, 1.5}));
    EXPECT_EQ(info.units, (std::vector<std::string>{"mm", "mm", "mm", "s"}));
    const ReadPlan plan = plan_read(info, {});
    EXPECT_EQ(plan.axes, (std::vector<std::string>{"time", "slices", "rows", "cols"}));
    EXPECT_EQ(plan.spacing, (std::vector<double>{1.5, 4.0, 3.0, 2.0}));
}

TEST(Nifti, ReportsTruncatedAndMalformedFiles) {
    auto path = scratch_folder() / "x.nii";
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
    const std::string whole = file_bytes(golden("nifti_i2.nii"));
    EXPECT_NE(failure(whole.substr(0, 500)).find("asks for 592 bytes, the file has 500"),
              std::string::npos);
    std::string header = whole;
    header[40] = 99;
    EXPECT_NE(failure(header).find("axes, expected 1 to 7"), std::string::npos);
    header = whole;
    header[43] = '\xff';
    EXPECT_NE(failure(header).find("positions along axis 1"), std::string::npos);
    path += ".gz";
    const std::string packed = file_bytes(golden("nifti_scaled.nii.gz"));
    EXPECT_NE(failure(packed.substr(0, packed.size() - 40)).find("it ends early"),
              std::string::npos);
    std::string changed = packed;
    changed[packed.size() - 5] = static_cast<char>(~changed[packed.size() - 5]);
    EXPECT_NE(failure(changed).find("incorrect"), std::string::npos);
}

TEST(Nifti, RefusesMasksWithASlope) {
    const Communicator& world = Communicator::world();
    const auto reader = TensorReader::open(golden("nifti_scaled.nii.gz"), world);
    const ReadPlan plan = plan_read(reader->info(), {});
    EXPECT_EQ(failure_of([&] {
                  (void)read_tensor<std::uint8_t>(*reader, plan, "mask",
                                                  Partition(plan.shape, grids_for(plan.shape)[0]));
              }).substr(0, 33),
              "2 nifti_scaled.nii.gz has a slope");
}

TEST(Nifti, SurvivesDamagedHeaders) {
    expect_survives_flips(golden("nifti_f4.nii"), "x.nii", 352, 300);
}

}  // namespace
}  // namespace tessera
