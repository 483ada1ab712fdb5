#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>

#include "all_ranks.hpp"
#include "failure.hpp"
#include "png_image.hpp"
#include "small_disk.hpp"
#include "tessera/io/picture.hpp"
#include "test_data.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using test_support::failure_of;
using test_support::PngImage;
using test_support::scratch_folder;

const Communicator& world() { return Communicator::world(); }

Panel panel_of(Panel::Kind kind, Index rows, Index columns, std::vector<float> values) {
    Panel panel;
    panel.title = "title";
    panel.kind = kind;
    panel.rows = rows;
    panel.columns = columns;
    panel.values = std::move(values);
    panel.low = {0.0F};
    panel.high = {1.0F};
    panel.row_label = "rows";
    panel.column_label = "cols";
    return panel;
}

/// Pure colours, which neither text nor axes contain, so that pixels can be counted. A panel of two
/// by two entries is drawn with 300 x 300 pixels; its frame takes the outermost.
TEST(PictureOneRank, PutsEntriesWhereTheyBelong) {
    const std::string path = (scratch_folder() / "sheet.png").string();
    PictureSheet sheet;
    sheet.panels = {
        panel_of(Panel::Kind::colour, 2, 2, {1, 0, 0, /**/ 0, 1, 0, /**/ 0, 0, 1, /**/ 1, 1, 0})};
    draw_sheet(path, sheet);
    const PngImage image(path);
    const std::vector<PngImage::Pixel> colours = {
        {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 0}};
    struct Place {
        double x = 0.0;
        double y = 0.0;
    };
    std::vector<Place> centres;
    for (const PngImage::Pixel& colour : colours) {
        const int count = image.count(colour);
        EXPECT_NEAR(count, 150 * 150, 600);
        Place centre;
        for (int y = 0; y < image.height; ++y) {
            for (int x = 0; x < image.width; ++x) {
                if (image.at(x, y) == colour) {
                    centre.x += static_cast<double>(x) / count;
                    centre.y += static_cast<double>(y) / count;
                }
            }
        }
        centres.push_back(centre);
    }
    // Row 0 on top, column 0 left.
    EXPECT_NEAR(centres[1].x - centres[0].x, 150.0, 2.0);
    EXPECT_NEAR(centres[1].y, centres[0].y, 2.0);
    EXPECT_NEAR(centres[2].y - centres[0].y, 150.0, 2.0);
    EXPECT_NEAR(centres[3].x, centres[1].x, 2.0);
}

TEST(PictureOneRank, ClampsGreyAndShowsMissingEntries) {
    const std::string path = (scratch_folder() / "sheet.png").string();
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float infinity = std::numeric_limits<float>::infinity();
    PictureSheet sheet;
    sheet.panels = {panel_of(Panel::Kind::grey, 1, 5, {-5.0F, -infinity, 0.6F, infinity, nan})};
    sheet.panels[0].row_end = 1.0;  // a square picture of 5 stripes
    sheet.panels[0].column_end = 1.0;
    draw_sheet(path, sheet);
    const PngImage image(path);
    const int stripe = 300 * 60;
    EXPECT_NEAR(image.count({0, 0, 0}), 2 * stripe, stripe / 10);
    // 0.6 is grey 153; the bar beside the picture has a line or two of it.
    EXPECT_NEAR(image.count({153, 153, 153}), stripe, stripe / 10);
    EXPECT_NEAR(image.count({217, 115, 115}), stripe, stripe / 10);
}

TEST(PictureOneRank, KeepsTheProportionsOfTheAxes) {
    const std::string path = (scratch_folder() / "sheet.png").string();
    PictureSheet sheet;
    sheet.panels = {panel_of(Panel::Kind::colour, 1, 1, {1, 0, 0})};
    sheet.panels[0].row_end = 2.0;
    sheet.panels[0].column_end = 5.0;
    draw_sheet(path, sheet);
    const PngImage image(path);
    EXPECT_NEAR(image.count({255, 0, 0}), 300 * 120, 1000);
}

TEST(PictureOneRank, DrawsWhateverIsAskedOfIt) {
    const std::string path = (scratch_folder() / "sheet.png").string();
    PictureSheet sheet;
    sheet.title = "no UTF-8: \xff\xfe, long: " + std::string(300, 'x');
    sheet.caption = {"", "\xce\xbb = 3"};
    sheet.columns = 2;
    Panel constant = panel_of(Panel::Kind::heat, 2, 3, std::vector<float>(6, 7.0F));
    constant.low = constant.high = {7.0F};
    Panel line = panel_of(Panel::Kind::line, 2, 3, {1, 2, 3, 3, std::nanf(""), 1});
    sheet.panels = {constant, Panel{}, line,
                    panel_of(Panel::Kind::grey, 1000, 1, std::vector<float>(1000, 0.5F))};
    draw_sheet(path, sheet);
    const PngImage image(path);
    EXPECT_GT(image.width, 400);
    EXPECT_GT(image.height, 600);
    draw_sheet(path, {});
    EXPECT_GT(PngImage(path).width, 0);
}

TEST(PictureOneRank, LeavesNothingHalfWritten) {
    const test_support::SmallDisk disk(scratch_folder() / "disk", 4096);
    if (!disk.available()) {
        GTEST_SKIP() << "needs the right to mount a tmpfs";
    }
    const std::string path = (disk.folder() / "sheet.png").string();
    PictureSheet sheet;
    std::vector<float> noise(300 * 300);
    for (std::size_t i = 0; i < noise.size(); ++i) {
        noise[i] = static_cast<float>((i * 2654435761U) % 1000) / 1000.0F;
    }
    sheet.panels = {panel_of(Panel::Kind::heat, 300, 300, noise)};
    EXPECT_TRUE(failure_of([&] {
                    draw_sheet(path, sheet);
                }).starts_with("3 " + path + ": cannot write: No space left on device"));
    EXPECT_TRUE(fs::is_empty(disk.folder()));
}

template <typename T>
DenseTensor<T> make(const Extents& shape, int cut_mode,
                    const std::function<double(const Extents&)>& value) {
    Extents grid = Extents::filled(shape.order(), 1);
    grid[cut_mode] = world().size();
    const DenseTensor<T> tensor("test", Partition(shape, ProcessGrid(world(), grid)));
    const auto host = Kokkos::create_mirror_view(tensor.block());
    const GlobalIndex global = global_index(tensor);
    for (Index local = 0; local < tensor.box().size(); ++local) {
        host(local) = static_cast<T>(value(row_major_position(global(local), shape)));
    }
    Kokkos::deep_copy(tensor.block(), host);
    return tensor;
}

double digits(const Extents& at) {
    double number = 0.0;
    for (int mode = 0; mode < at.order(); ++mode) {
        number = 10.0 * number + static_cast<double>(at[mode]);
    }
    return number;
}

TEST(PictureSheet, ShowsACubeInThreeBands) {
    const Extents shape{4, 5, 9};
    const auto truth = make<float>(shape, 0, digits);
    const auto estimate = make<float>(shape, 0, [](const Extents& at) { return digits(at) + 2.0; });
    SheetRequest<float> request;
    request.axes = {"rows", "cols", "bands"};
    request.estimate = &estimate;
    request.truth = &truth;
    request.caption = {"quality"};
    const PictureSheet sheet = make_sheet(request);
    ASSERT_ALL_RANKS(sheet.columns == 3 && sheet.panels.size() == 3);
    EXPECT_ALL_RANKS(sheet.panels[0].title == "estimate" && sheet.panels[1].title == "truth");
    EXPECT_ALL_RANKS(sheet.panels[2].title == "|estimate - truth|, mean of 9 bands");
    // Bands at 5/6, 3/6 and 1/6 of nine.
    EXPECT_ALL_RANKS(sheet.caption ==
                     std::vector<std::string>{"red, green, blue: bands 7, 4, 1", "quality"});
    if (world().rank() == 0) {
        const Panel& panel = sheet.panels[1];
        ASSERT_EQ(panel.values.size(), 60U);
        for (std::size_t pixel = 0; pixel < 20; ++pixel) {
            const auto base = static_cast<float>(100 * (pixel / 5) + 10 * (pixel % 5));
            EXPECT_EQ(panel.values[3 * pixel], base + 7.0F);
            EXPECT_EQ(panel.values[3 * pixel + 1], base + 4.0F);
            EXPECT_EQ(panel.values[3 * pixel + 2], base + 1.0F);
            EXPECT_EQ(sheet.panels[2].values[pixel], 2.0F);
        }
        // All images share the contrast of the truth.
        EXPECT_EQ(sheet.panels[0].low, panel.low);
        EXPECT_EQ(sheet.panels[0].high, panel.high);
        EXPECT_EQ(sheet.panels[2].low, std::vector<float>{0.0F});
    }
}

TEST(PictureSheet, ShowsAVolumeInThreeSlices) {
    const Extents shape{4, 6, 8};
    const auto input = make<double>(shape, 2, digits);
    SheetRequest<double> request;
    request.axes = {"z", "y", "x"};
    request.spacing = {2.0, 0.5, 0.25};
    request.units = {"mm", "mm", "mm"};
    request.input = &input;
    const PictureSheet sheet = make_sheet(request);
    ASSERT_ALL_RANKS(sheet.columns == 1 && sheet.panels.size() == 3);
    EXPECT_ALL_RANKS(sheet.panels[0].title == "input, z 2" &&
                     sheet.panels[1].title == "input, y 3" &&
                     sheet.panels[2].title == "input, x 4");
    EXPECT_ALL_RANKS(sheet.panels[1].row_label == "z / mm" &&
                     sheet.panels[1].column_label == "x / mm");
    EXPECT_ALL_RANKS(sheet.panels[1].row_begin == -1.0 && sheet.panels[1].row_end == 7.0);
    if (world().rank() == 0) {
        EXPECT_EQ(sheet.panels[0].values[8 * 5 + 7], 257.0F);
        EXPECT_EQ(sheet.panels[1].values[8 * 1 + 2], 132.0F);
        EXPECT_EQ(sheet.panels[2].values[6 * 3 + 1], 314.0F);
    }
}

TEST(PictureSheet, CutsFurtherModesInTheMiddle) {
    const Extents shape{5, 3, 4, 3};
    const auto estimate = make<float>(shape, 0, digits);
    SheetRequest<float> request;
    request.axes = {"time", "rows", "cols", "bands"};
    request.estimate = &estimate;
    const PictureSheet sheet = make_sheet(request);
    ASSERT_ALL_RANKS(sheet.panels.size() == 1 && sheet.panels[0].kind == Panel::Kind::colour);
    // Time 2, row 1, col 3, bands 2, 1, 0.
    EXPECT_ALL_RANKS(world().rank() != 0 || (sheet.panels[0].values[3 * 7] == 2132.0F &&
                                             sheet.panels[0].values[3 * 7 + 2] == 2130.0F));
}

TEST(PictureSheet, ShowsImagesAndCurves) {
    const auto image = make<float>({6, 7}, 1, digits);
    SheetRequest<float> request;
    request.axes = {"pixels", "bands"};
    request.estimate = &image;
    PictureSheet sheet = make_sheet(request);
    ASSERT_ALL_RANKS(sheet.panels.size() == 1 && sheet.panels[0].kind == Panel::Kind::grey);
    EXPECT_ALL_RANKS(sheet.panels[0].title == "estimate" && sheet.panels[0].rows == 6);

    const auto input = make<float>({50}, 0, digits);
    const auto truth = make<float>({50}, 0, [](const Extents&) { return 3.0; });
    request.axes = {"time"};
    request.input = nullptr;
    request.estimate = &input;
    request.truth = &truth;
    sheet = make_sheet(request);
    ASSERT_ALL_RANKS(sheet.panels.size() == 2 && sheet.panels[0].kind == Panel::Kind::line);
    EXPECT_ALL_RANKS(sheet.panels[0].rows == 2 &&
                     sheet.panels[0].curve_names == std::vector<std::string>{"estimate", "truth"});
    EXPECT_ALL_RANKS(world().rank() != 0 || sheet.panels[1].values[10] == 7.0F);
}

TEST(PictureSheetOneRank, FindsBandsNearRedGreenAndBlue) {
    std::vector<double> nanometres;
    std::vector<double> micrometres;
    for (int band = 0; band < 60; ++band) {
        nanometres.push_back(400.0 + 10.0 * band);
        micrometres.push_back(0.4 + 0.01 * band);
    }
    EXPECT_EQ(choose_colour_bands(60, nanometres), (std::vector<Index>{24, 15, 6}));
    EXPECT_EQ(choose_colour_bands(60, micrometres), (std::vector<Index>{24, 15, 6}));
    // Infrared only, or no wavelengths: spread over the range.
    EXPECT_EQ(choose_colour_bands(6, {1000, 1200, 1400, 1600, 1800, 2000}),
              (std::vector<Index>{5, 3, 1}));
    EXPECT_EQ(choose_colour_bands(3, {}), (std::vector<Index>{2, 1, 0}));
}

}  // namespace
}  // namespace tessera
