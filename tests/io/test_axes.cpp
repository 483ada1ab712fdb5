#include <gtest/gtest.h>

#include <algorithm>

#include "reader_fixture.hpp"
#include "tessera/io/axes.hpp"

namespace tessera {
namespace {

using namespace test_support;

std::unique_ptr<TensorReader> open_golden(const std::string& name) {
    return TensorReader::open(golden(name), Communicator::world());
}

/// An array of that shape as HDF5 or MATLAB has it, without a file.
DatasetInfo array_of(const std::vector<Index>& shape, bool matlab = false) {
    DatasetInfo info;
    info.path = "folder/a.file";
    info.dataset = "X";
    info.format = matlab ? "MATLAB v5" : "HDF5";
    info.shape = shape;
    info.type = NumberType::float32;
    info.type_text = "float32";
    for (int axis = 0; axis < static_cast<int>(shape.size()); ++axis) {
        info.storage_order.push_back(matlab ? static_cast<int>(shape.size()) - 1 - axis : axis);
    }
    return info;
}

std::string plan_failure(const DatasetInfo& info, const AxesRequest& request) {
    return failure_of([&] { (void)plan_read(info, request); });
}

/// The cube of the goldens (4 bands, 5 rows, 6 columns) read as rows, columns, bands.
double turned(const std::string& code, const Extents& p) {
    return golden_value(code, {p[2], p[0], p[1]});
}

TEST(Axes, TransposesAnyFormatIntoTheOrderWanted) {
    for (const std::string name :
         {"type_u2.npy", "fortran_u2.npy", "plain.h5:/packed", "plain.mat:type_u2",
          "packed.mat:type_u2", "version73.mat:type_u2", "bsq_u2_0.hdr", "bil_u2_1.hdr"}) {
        AxesRequest request;
        request.axes = {"bands", "rows", "cols"};
        const auto reader = open_golden(name);
        expect_tensor<float>(*reader, request, {5, 6, 4},
                             [](const Extents& p) { return turned("u2", p); });
        EXPECT_EQ(plan_read(reader->info(), request).axes,
                  (std::vector<std::string>{"rows", "cols", "bands"}));
        request.order = {"cols", "bands", "rows"};
        expect_tensor(*reader, request, {6, 4, 5}, [](const Extents& p) {
            return golden_value("u2", {p[1], p[2], p[0]});
        });
    }
}

TEST(Axes, TransposesEveryOrderOfFourAxes) {
    const auto reader = open_golden("order4.npy");
    AxesRequest request;
    request.axes = {"a", "b", "c", "d"};
    std::vector<std::string> order = request.axes;
    do {
        request.order = order;
        std::vector<int> place;  // of each mode of the tensor in the file
        Extents shape = reader->shape();
        for (std::size_t mode = 0; mode < order.size(); ++mode) {
            place.push_back(order[mode][0] - 'a');
            shape[static_cast<int>(mode)] = reader->shape()[place.back()];
        }
        expect_tensor(*reader, request, shape, [&](const Extents& p) {
            Extents position = p;
            for (int mode = 0; mode < 4; ++mode) {
                position[place[static_cast<std::size_t>(mode)]] = p[mode];
            }
            return golden_value("f8", position);
        });
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Axes, FoldsMatlabPixelsByColumns) {
    // pixels = reshape(cube, 4, 30): MATLAB counts the second axis first.
    for (const std::string name :
         {"plain.mat:pixels", "packed.mat:pixels", "version73.mat:pixels"}) {
        AxesRequest request;
        request.axes = {"bands", "rows", "cols"};
        request.shape = {4, 5, 6};
        expect_tensor(*open_golden(name), request, {5, 6, 4},
                      [](const Extents& p) { return turned("u2", p); });
        // The other way round: what was counted fastest is now called the last.
        request.axes = {"bands", "cols", "rows"};
        request.shape = {4, 6, 5};
        request.fold_order = FoldOrder::last_fastest;
        expect_tensor(*open_golden(name), request, {5, 6, 4},
                      [](const Extents& p) { return turned("u2", p); });
    }
}

TEST(Axes, FoldsOtherPixelsByRows) {
    const auto expected = [](const Extents& p) { return golden_value("i4", p); };
    AxesRequest request;
    request.shape = {3, 2, 4, 5};
    expect_tensor(*open_golden("plain.h5:/pixels"), request, {3, 2, 4, 5}, expected);
    request.shape = {3, 2, 5, 4};
    request.axes = {"a", "b", "d", "c"};
    request.order = {"a", "b", "c", "d"};
    request.fold_order = FoldOrder::first_fastest;
    expect_tensor(*open_golden("plain.h5:/pixels"), request, {3, 2, 4, 5}, expected);
}

TEST(Axes, FoldsRealPixels) {
    TESSERA_REQUIRE_DATA("hyperspectral/jasperRidge2_R198.mat");
    const Communicator& world = Communicator::world();
    const auto reader =
        TensorReader::open(test_data("hyperspectral/jasperRidge2_R198.mat").string() + ":Y", world);
    AxesRequest request;
    request.axes = {"bands", "rows", "cols"};
    request.shape = {198, 100, 100};
    const ReadPlan plan = plan_read(reader->info(), request);
    EXPECT_EQ(plan.understood,
              "jasperRidge2_R198.mat:Y is 198 x 10000 uint16, double in MATLAB (MATLAB v5, "
              "column-major), folded to bands 198 x rows 100 x cols 100 with the first of the "
              "parts changing fastest; read as rows 100 x cols 100 x bands 198");
    const auto folded =
        read_tensor<double>(*reader, plan, "cube", Partition(plan.shape, grids_for(plan.shape)[0]));
    // Y(band, row + 100 col), from the file as it is.
    const HostView<double> whole("whole", 198 * 10000);
    reader->read<double>({{0, 0}, {198, 10000}}, whole, world);
    EXPECT_ALL_RANKS(wrong_entries(folded, [&](const Extents& p) {
                         return whole(static_cast<std::size_t>(p[2] * 10000 + p[0] + 100 * p[1]));
                     }) == 0);
}

TEST(Axes, LeavesOutAxesOfLengthOneAndFillsInOneExtent) {
    EXPECT_EQ(plan_read(array_of({1, 6, 1, 5}), {.shape = {6, 5}}).shape, (Extents{6, 5}));
    EXPECT_EQ(plan_read(array_of({1, 6, 1, 5}), {.shape = {1, 6, 5}}).shape, (Extents{1, 6, 5}));
    EXPECT_EQ(plan_read(array_of({6, 5}), {.shape = {2, 3, 1, 5, 1}}).shape,
              (Extents{2, 3, 1, 5, 1}));
    EXPECT_EQ(plan_read(array_of({7, 12}), {.shape = {7, 0, 3}}).shape, (Extents{7, 4, 3}));
    EXPECT_EQ(plan_read(array_of({1, 1}), {.shape = {1}}).shape, (Extents{1}));
}

TEST(Axes, CropsAndAverages) {
    for (const std::string name : {"type_f8.npy", "packed.mat:type_f8", "plain.h5:/packed"}) {
        const std::string code = name == "plain.h5:/packed" ? "u2" : "f8";
        const auto reader = open_golden(name);
        AxesRequest request;
        request.axes = {"bands", "rows", "cols"};
        request.region = {{"rows", 1, 4}, {"bands", 2, -1}};
        expect_tensor(*reader, request, {3, 6, 2}, [&](const Extents& p) {
            return golden_value(code, {p[2] + 2, p[0] + 1, p[1]});
        });
        request.bins = {{"cols", 4}, {"rows", 2}};
        const ReadPlan plan = plan_read(reader->info(), request);
        EXPECT_NE(plan.understood.find("; read as rows 5 x cols 6 x bands 4, of rows only 1 to 3, "
                                       "of bands only 2 to 3, cols averaged by 4 (the last 2 left "
                                       "out), rows averaged by 2 (the last 1 left out): 1 x 1 x 2"),
                  std::string::npos)
            << plan.understood;
        expect_tensor(*reader, request, {1, 1, 2}, [&](const Extents& p) {
            double sum = 0.0;  // in the order in which the file has them
            const bool by_columns = reader->info().column_major();
            for (Index k = 0; k < 8; ++k) {
                const Index row = by_columns ? k % 2 : k / 4;
                const Index col = by_columns ? k / 2 : k % 4;
                sum += golden_value(code, {p[2] + 2, row + 1, col});
            }
            return sum / 8;
        });
    }
}

TEST(Axes, CarriesWavelengthsAlong) {
    const auto reader = open_golden("bil_i2_1.hdr");
    const ReadPlan all = plan_read(reader->info(), {});
    EXPECT_EQ(all.wavelengths, reader->info().wavelengths);
    EXPECT_EQ(all.wavelength_unit, "nm");
    const ReadPlan some =
        plan_read(reader->info(), {.region = {{"bands", 1, 6}}, .bins = {{"bands", 2}}});
    EXPECT_EQ(some.wavelengths, (std::vector<double>{415.5, 435.5}));
}

TEST(Axes, NamesAxesThatNobodyNamed) {
    EXPECT_EQ(plan_read(array_of({3, 4}), {}).axes, (std::vector<std::string>{"axis0", "axis1"}));
    EXPECT_EQ(plan_read(open_golden("plain.h5:/packed")->info(), {}).axes,
              (std::vector<std::string>{"time", "y", "x"}));
    EXPECT_EQ(plan_read(array_of({2, 3, 4, 5}), {.axes = {"time", "cols", "rows", "bands"}}).axes,
              (std::vector<std::string>{"time", "cols", "rows", "bands"}));
}

TEST(Axes, RefusesRequestsThatDoNotFit) {
    const DatasetInfo matrix = array_of({198, 10000}, true);
    EXPECT_EQ(plan_failure(matrix, {.axes = {"bands", "rows", "cols"}}),
              "2 data.axes names 3 axes (bands, rows, cols) but a.file:X is 198 x 10000: name each "
              "of its axes, or fold it with data.shape");
    EXPECT_EQ(plan_failure(matrix, {.axes = {"bands", "pixels"}, .shape = {198, 100, 100}}),
              "2 data.axes names 2 axes (bands, pixels) but a.file:X is folded to [198, 100, 100]: "
              "name each of these");
    const std::string no_fold =
        " does not fold a.file:X, which is 198 x 10000: split each of its axes, in that order, "
        "into one or several whose product it is";
    EXPECT_EQ(plan_failure(matrix, {.shape = {198, 100, 99}}),
              "2 data.shape = [198, 100, 99]" + no_fold);
    EXPECT_EQ(plan_failure(matrix, {.shape = {100, 100, 198}}),
              "2 data.shape = [100, 100, 198]" + no_fold);
    EXPECT_EQ(plan_failure(matrix, {.shape = {198, 0, 0}}), "2 data.shape = [198, 0, 0]" + no_fold);
    EXPECT_EQ(plan_failure(matrix, {.shape = {198, 7, 0}}), "2 data.shape = [198, 7, 0]" + no_fold);
    EXPECT_EQ(plan_failure(matrix, {.shape = {198, -100, -100}}),
              "2 data.shape = [198, -100, -100]" + no_fold);
    EXPECT_EQ(plan_failure(matrix, {.shape = {1980000, 1980000, 1980000, 1980000}}),
              "2 data.shape = [1980000, 1980000, 1980000, 1980000]" + no_fold);
    EXPECT_EQ(plan_failure(matrix, {.shape = {198, 10, 10, 10, 10, 1, 1}}),
              "2 data.shape = [198, 10, 10, 10, 10, 1, 1] has 7 axes, at most 6 are possible");
    EXPECT_EQ(plan_failure(matrix, {.axes = {"a", "a"}}), "2 data.axes = \"a, a\" names a twice");
    EXPECT_EQ(plan_failure(matrix, {.axes = {"a", ""}}), "2 data.axes = \"a, \" has an empty name");
    EXPECT_EQ(plan_failure(matrix, {.axes = {"a", "b"}, .order = {"b"}}),
              "2 data.order = \"b\" must have each of the axes once: a, b");
    EXPECT_EQ(plan_failure(matrix, {.axes = {"a", "b"}, .order = {"b", "c"}}),
              "2 data.order = \"b, c\" must have each of the axes once: a, b");
    EXPECT_EQ(plan_failure(matrix, {.axes = {"a", "b"}, .region = {{"c", 0, 1}}}),
              "2 data.region names the axis 'c', the axes are: a, b");
    EXPECT_EQ(plan_failure(matrix, {.axes = {"a", "b"}, .region = {{"a", 3, 199}}}),
              "2 data.region = \"a 3:199\" is no part of its 198 positions (from 0, without the "
              "end)");
    EXPECT_EQ(plan_failure(matrix, {.axes = {"a", "b"}, .region = {{"a", 198, -1}}}).substr(0, 27),
              "2 data.region = \"a 198:\" is");
    EXPECT_EQ(plan_failure(matrix, {.axes = {"a", "b"}, .bins = {{"a", 199}}}),
              "2 data.bin = \"a 199\" does not fit its 198 positions");
    DatasetInfo cells = matrix;
    cells.obstacle = "is a cell array";
    EXPECT_EQ(plan_failure(cells, {}), "2 a.file:X is a cell array");
}

TEST(Axes, RefusesToAverageMasks) {
    const auto reader = open_golden("type_b1.npy");
    const ReadPlan plan = plan_read(reader->info(), {.bins = {{"axis0", 2}}});
    EXPECT_EQ(failure_of([&] {
                  (void)read_tensor<std::uint8_t>(*reader, plan, "mask",
                                                  Partition(plan.shape, grids_for(plan.shape)[0]));
              }),
              "2 type_b1.npy is a mask, which cannot be averaged: leave out data.bin");
}

TEST(AxesText, ReadsNamesRegionsAndBins) {
    EXPECT_EQ(parse_axis_names("bands, rows,cols", "data.axes"),
              (std::vector<std::string>{"bands", "rows", "cols"}));
    const auto ranges = parse_region("rows 10:50, bands :100,cols 7 : ", "data.region");
    ASSERT_EQ(ranges.size(), 3u);
    EXPECT_EQ(ranges[0].axis, "rows");
    EXPECT_EQ(ranges[0].begin, 10);
    EXPECT_EQ(ranges[0].end, 50);
    EXPECT_EQ(ranges[1].begin, 0);
    EXPECT_EQ(ranges[1].end, 100);
    EXPECT_EQ(ranges[2].begin, 7);
    EXPECT_EQ(ranges[2].end, -1);
    const auto bins = parse_bins("rows 2,  cols 3", "data.bin");
    ASSERT_EQ(bins.size(), 2u);
    EXPECT_EQ(bins[1].axis, "cols");
    EXPECT_EQ(bins[1].count, 3);
}

TEST(AxesText, RefusesOtherText) {
    for (const std::string text : {"", "rows,,cols", "rows,"}) {
        EXPECT_EQ(failure_of([&] { (void)parse_axis_names(text, "data.axes"); }),
                  "2 data.axes = \"" + text +
                      "\": expected names separated by commas, such as \"bands, rows, cols\"");
    }
    for (const std::string text : {"", "rows", "rows 5", "rows a:b", "rows -1:5", ":5",
                                   "rows 1:2:3", "rows 1:99999999999999999999"}) {
        EXPECT_EQ(failure_of([&] { (void)parse_region(text, "data.region"); }),
                  "2 data.region = \"" + text +
                      "\": expected axes with ranges from 0, such as \"rows 10:50, bands :100\"");
    }
    for (const std::string text : {"", "rows", "rows 0", "rows x", "rows 2.5"}) {
        EXPECT_EQ(failure_of([&] { (void)parse_bins(text, "data.bin"); }),
                  "2 data.bin = \"" + text +
                      "\": expected axes with whole numbers from 1, such as \"rows 2, cols 2\"");
    }
}

}  // namespace
}  // namespace tessera
