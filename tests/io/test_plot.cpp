#include <gtest/gtest.h>

#include <cmath>

#include "png_image.hpp"
#include "tessera/io/plot.hpp"
#include "test_data.hpp"

namespace tessera {
namespace {

using test_support::PngImage;
using test_support::scratch_folder;

/// Heights (from the top) of the centres of the dots of the first curve, left to right: runs of
/// columns that hold its colour.
std::vector<double> dot_heights(const PngImage& image) {
    const PngImage::Pixel blue{0, 115, 179};
    std::vector<double> heights;
    double sum = 0.0;
    int count = 0;
    for (int x = 0; x < image.width; ++x) {
        int in_column = 0;
        for (int y = 0; y < image.height; ++y) {
            if (image.at(x, y) == blue) {
                sum += y;
                ++in_column;
            }
        }
        count += in_column;
        if (in_column == 0 && count > 0) {
            heights.push_back(sum / count);
            sum = 0.0;
            count = 0;
        }
    }
    return heights;
}

/// Single points, each a curve of its own between gaps: only dots are drawn.
Diagram dots(const std::vector<double>& values, bool may_be_logarithmic = true) {
    Diagram diagram{"title", "step", {{"name", {}, {}}}, may_be_logarithmic};
    for (std::size_t i = 0; i < values.size(); ++i) {
        for (const double value : {values[i], std::nan("")}) {
            diagram.curves[0].positions.push_back(static_cast<double>(i));
            diagram.curves[0].values.push_back(value);
        }
    }
    return diagram;
}

TEST(PlotOneRank, SpacesDecadesEvenlyOnALogarithmicAxis) {
    const std::string path = (scratch_folder() / "plot.png").string();
    draw_diagrams(path, "", {dots({1e-3, 1e-2, 1e-1, 1.0, 10.0})});
    const std::vector<double> heights = dot_heights(PngImage(path));
    ASSERT_EQ(heights.size(), 5U);
    const double decade = heights[0] - heights[1];
    EXPECT_GT(decade, 20.0);
    for (std::size_t i = 1; i < 5; ++i) {
        EXPECT_NEAR(heights[i - 1] - heights[i], decade, 1.0);
    }
}

TEST(PlotOneRank, UsesALinearAxisForNegativeValuesAndOnRequest) {
    const std::string path = (scratch_folder() / "plot.png").string();
    for (const auto& [values, may_be_logarithmic] :
         {std::pair{std::vector<double>{-100.0, 0.0, 300.0}, true},
          std::pair{std::vector<double>{1.0, 101.0, 401.0}, false}}) {
        draw_diagrams(path, "", {dots(values, may_be_logarithmic)});
        const std::vector<double> heights = dot_heights(PngImage(path));
        ASSERT_EQ(heights.size(), 3U);
        EXPECT_NEAR(heights[1] - heights[2], 3.0 * (heights[0] - heights[1]), 2.0);
    }
}

TEST(PlotOneRank, DrawsWhateverIsAskedOfIt) {
    const std::string path = (scratch_folder() / "plot.png").string();
    draw_diagrams(path, "nothing", {});
    EXPECT_GT(PngImage(path).width, 0);
    const double inf = std::numeric_limits<double>::infinity();
    Diagram wild{"wild", "step", {{"a", {1, 2, 3}, {inf, 1e300, 1e-300}}, {"b", {1}, {5}}}, true};
    Diagram empty{"empty", "step", {{"a", {1}, {std::nan("")}}}, true};
    Diagram constant{"constant", "step", {{"a", {5, 5}, {0, 0}}}, true};
    draw_diagrams(path, "five", {wild, empty, constant, dots({-1e-12}), dots({1e9, 2e9})});
    EXPECT_GT(PngImage(path).height, 3 * 200);
}

TEST(PlotOneRank, SortsReportedNumbersIntoDiagrams) {
    const std::vector<MetricsLine> metrics = {
        {1, {{"objective", 3.0}, {"data_fit", 2.0}, {"change", 1.0}, {"seconds_per_step", 9.0}}},
        {2, {{"objective", 2.0}, {"psnr", 30.0}, {"memory_bytes_per_rank", 1e9}}}};
    const std::vector<Diagram> diagrams = convergence_diagrams(metrics);
    ASSERT_EQ(diagrams.size(), 3U);
    EXPECT_EQ(diagrams[0].title, "objective");
    ASSERT_EQ(diagrams[0].curves.size(), 2U);
    EXPECT_EQ(diagrams[0].curves[0].positions, (std::vector<double>{1.0, 2.0}));
    EXPECT_EQ(diagrams[0].curves[0].values, (std::vector<double>{3.0, 2.0}));
    EXPECT_EQ(diagrams[0].curves[1].name, "data_fit");
    EXPECT_EQ(diagrams[1].title, "change");
    EXPECT_EQ(diagrams[2].title, "psnr");
    EXPECT_EQ(diagrams[2].curves[0].positions, std::vector<double>{2.0});
}

}  // namespace
}  // namespace tessera
