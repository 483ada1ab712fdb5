#include <gtest/gtest.h>

#include <algorithm>

#include "reader_fixture.hpp"

namespace tessera {
namespace {

using namespace test_support;

DatasetInfo info_of(const std::string& file, const std::string& dataset) {
    const std::vector<DatasetInfo> infos = list_datasets(golden(file));
    const auto found = std::find_if(infos.begin(), infos.end(), [&](const DatasetInfo& info) {
        return info.dataset == dataset;
    });
    return found == infos.end() ? DatasetInfo() : *found;
}

TEST(Tomography, KnowsTheArraysOfDataExchange) {
    EXPECT_EQ(info_of("exchange.h5", "/exchange/data").format, "HDF5, Data Exchange");
    EXPECT_EQ(info_of("exchange.h5", "/exchange/data").meaning, "projections");
    EXPECT_EQ(info_of("exchange.h5", "/exchange/data").axes,
              (std::vector<std::string>{"theta", "y", "x"}));
    EXPECT_EQ(info_of("exchange.h5", "/exchange/data_white").meaning,
              "flat fields, without the sample");
    EXPECT_EQ(info_of("exchange.h5", "/exchange/data_dark").meaning,
              "dark fields, without the beam");
    EXPECT_EQ(info_of("exchange.h5", "/exchange/theta").meaning, "angle of each projection");
    EXPECT_EQ(info_of("exchange.h5", "/process/data").meaning, "");
}

TEST(Tomography, TakesTheProjectionsWhereNoDatasetIsNamed) {
    // Five arrays with several axes: without the format's own terms there would be a choice.
    expect_golden("exchange.h5", {4, 5, 6}, "u2");
    expect_golden("nxtomo.nxs", {7, 5, 6}, "f4");
    const auto reader =
        TensorReader::open(golden("exchange.h5") + ":exchange/data_dark", Communicator::world());
    EXPECT_EQ(reader->info().shape_text(), "3 x 5 x 6");
}

TEST(Tomography, CountsTheFramesOfNxtomo) {
    const std::string detector = "/entry1/tomo_entry/instrument/detector";
    const DatasetInfo data = info_of("nxtomo.nxs", detector + "/data");
    EXPECT_EQ(data.format, "HDF5, NXtomo");
    EXPECT_EQ(data.meaning, "4 projections, 2 flat fields, 1 dark fields");
    EXPECT_EQ(data.axes, (std::vector<std::string>{"frames", "rows", "cols"}));
    EXPECT_EQ(data.remark,
              "not all frames are projections: data.region = {frames = [2, 6]} reads 4 projections "
              "in a row");
    EXPECT_NE(info_of("nxtomo.nxs", detector + "/image_key").meaning, "");
}

}  // namespace
}  // namespace tessera
