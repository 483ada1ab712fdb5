#include "tessera/io/picture.hpp"

#include <algorithm>
#include <cmath>

#include "axis_ticks.hpp"
#include "canvas.hpp"
#include "diagram_drawing.hpp"
#include "tessera/io/atomic_file.hpp"

namespace tessera {
namespace {

using drawing::Canvas;
using drawing::Colour;
using drawing::Pixels;
using drawing::Rectangle;
using drawing::Tick;

constexpr double margin = 18.0;
constexpr double sheet_title_height = 30.0;
constexpr double panel_title_height = 22.0;
constexpr double panel_foot_height = 42.0;  ///< ticks and name of the column axis
constexpr double panel_left_width = 52.0;   ///< ticks and name of the row axis
constexpr double panel_gap = 14.0;
constexpr double bar_offset = 10.0;
constexpr double bar_width = 13.0;
constexpr double tick_size = 10.5;
constexpr double caption_line_height = 16.0;
constexpr double smallest_side = 300.0;  ///< longer side of a panel's image, in pixels
constexpr double largest_side = 460.0;
constexpr double thinnest_side = 60.0;
constexpr Colour missing = {0.85, 0.45, 0.45};  ///< NaN, which no colour map contains
const drawing::TextStyle caption_style = {.size = 12.0, .fixed_width = true};

bool has_bar(const Panel& panel) {
    return panel.kind == Panel::Kind::grey || panel.kind == Panel::Kind::heat;
}

double side_or(double begin, double end, Index count) {
    return begin == end ? static_cast<double>(count) : std::abs(end - begin);
}

/// Size of a panel's image: the axes' proportions, and large enough to see the entries.
drawing::Point image_size(const Panel& panel) {
    if (panel.kind == Panel::Kind::line) {
        return {480.0, 260.0};
    }
    const auto entries = static_cast<double>(std::max(panel.rows, panel.columns));
    const double longer = std::clamp(entries, smallest_side, largest_side);
    const double height = side_or(panel.row_begin, panel.row_end, panel.rows);
    const double width = side_or(panel.column_begin, panel.column_end, panel.columns);
    const double scale = longer / std::max(height, width);
    return {std::max(thinnest_side, std::round(scale * width)),
            std::max(thinnest_side, std::round(scale * height))};
}

std::vector<Tick> bar_ticks(const Panel& panel, double height) {
    return drawing::linear_ticks(static_cast<double>(panel.low[0]),
                                 static_cast<double>(panel.high[0]),
                                 static_cast<int>(height / 60.0) + 1);
}

/// Width of colour bar and numbers right of the image.
double right_width(const Panel& panel) {
    if (!has_bar(panel) || panel.values.empty()) {
        return 0.0;
    }
    double widest = 0.0;
    for (const Tick& tick : bar_ticks(panel, image_size(panel).y)) {
        widest = std::max(widest, Canvas::text_width(tick.label, {.size = tick_size}));
    }
    return bar_offset + bar_width + 6.0 + widest;
}

double brightness(float value, float low, float high) {
    const double range = static_cast<double>(high) - static_cast<double>(low);
    return range > 0.0 ? std::clamp((static_cast<double>(value) - low) / range, 0.0, 1.0) : 0.5;
}

Colour colour_of(const Panel& panel, std::size_t pixel) {
    const auto channel = [&](std::size_t which, std::size_t entry) {
        return brightness(panel.values[entry], panel.low[std::min(which, panel.low.size() - 1)],
                          panel.high[std::min(which, panel.high.size() - 1)]);
    };
    if (panel.kind == Panel::Kind::colour) {
        const bool whole = std::isfinite(panel.values[3 * pixel]) &&
                           std::isfinite(panel.values[3 * pixel + 1]) &&
                           std::isfinite(panel.values[3 * pixel + 2]);
        return whole ? Colour{channel(0, 3 * pixel), channel(1, 3 * pixel + 1),
                              channel(2, 3 * pixel + 2)}
                     : missing;
    }
    if (std::isnan(panel.values[pixel])) {
        return missing;
    }
    const double value = channel(0, pixel);
    return panel.kind == Panel::Kind::heat ? drawing::heat_colour(value)
                                           : Colour{value, value, value};
}

Pixels pixels_of(const Panel& panel) {
    Pixels pixels{static_cast<int>(panel.rows), static_cast<int>(panel.columns), {}};
    const auto count = static_cast<std::size_t>(panel.rows * panel.columns);
    pixels.values.reserve(3 * count);
    for (std::size_t pixel = 0; pixel < count; ++pixel) {
        const Colour colour = colour_of(panel, pixel);
        for (const double part : {colour.red, colour.green, colour.blue}) {
            pixels.values.push_back(static_cast<std::uint8_t>(std::lround(255.0 * part)));
        }
    }
    return pixels;
}

void draw_axes(Canvas& canvas, const Rectangle& image, const Panel& panel) {
    const auto ticks = [](double begin, double end, Index count, double pixels) {
        const bool counted = begin == end;
        const double first = counted ? -0.5 : begin;
        const double last = counted ? static_cast<double>(count) - 0.5 : end;
        std::vector<Tick> marks =
            drawing::linear_ticks(std::min(first, last), std::max(first, last),
                                  std::clamp(static_cast<int>(pixels / 70.0), 2, 5));
        for (Tick& mark : marks) {
            mark.value = (mark.value - first) / (last - first);
        }
        return marks;
    };
    const drawing::TextStyle number = {.size = tick_size, .colour = drawing::pale_ink};
    const double bottom = image.y + image.height;
    for (const Tick& tick :
         ticks(panel.column_begin, panel.column_end, panel.columns, image.width)) {
        const double x = image.x + tick.value * image.width;
        canvas.line({x, bottom}, {x, bottom + 4.0}, drawing::pale_ink);
        drawing::TextStyle centred = number;
        centred.across = 0.5;
        canvas.text({x, bottom + 15.0}, tick.label, centred);
    }
    for (const Tick& tick : ticks(panel.row_begin, panel.row_end, panel.rows, image.height)) {
        const double y = image.y + tick.value * image.height;
        canvas.line({image.x - 4.0, y}, {image.x, y}, drawing::pale_ink);
        drawing::TextStyle before = number;
        before.across = 1.0;
        canvas.text({image.x - 6.0, y + 4.0}, tick.label, before);
    }
    const drawing::TextStyle name = {.colour = drawing::pale_ink, .across = 0.5};
    canvas.text({image.x + image.width / 2.0, bottom + 31.0}, panel.column_label, name);
    drawing::TextStyle upright = name;
    upright.upright = true;
    canvas.text({image.x - panel_left_width + 12.0, image.y + image.height / 2.0}, panel.row_label,
                upright);
}

void draw_bar(Canvas& canvas, const Rectangle& image, const Panel& panel) {
    constexpr int steps = 256;
    Panel ramp;
    ramp.kind = panel.kind;
    ramp.rows = steps;
    ramp.columns = 1;
    ramp.low = {0.0F};
    ramp.high = {1.0F};
    for (int step = 0; step < steps; ++step) {
        ramp.values.push_back(1.0F - static_cast<float>(step) / (steps - 1));
    }
    const Rectangle bar{image.x + image.width + bar_offset, image.y, bar_width, image.height};
    canvas.image(bar, pixels_of(ramp));
    canvas.frame(bar, drawing::pale_ink);
    for (const Tick& tick : bar_ticks(panel, image.height)) {
        const double part =
            (tick.value - static_cast<double>(panel.low[0])) /
            (static_cast<double>(panel.high[0]) - static_cast<double>(panel.low[0]));
        const double y = bar.y + bar.height * (1.0 - part);
        canvas.line({bar.x + bar.width, y}, {bar.x + bar.width + 3.0, y}, drawing::pale_ink);
        canvas.text({bar.x + bar.width + 6.0, y + 4.0}, tick.label, {.size = tick_size});
    }
}

void draw_lines(Canvas& canvas, const Rectangle& place, const Panel& panel) {
    Diagram diagram{panel.title, panel.column_label, {}, false};
    const double begin = panel.column_begin;
    const double width = side_or(begin, panel.column_end, panel.columns);
    for (Index row = 0; row < panel.rows; ++row) {
        const auto which = static_cast<std::size_t>(row);
        Curve curve{which < panel.curve_names.size() ? panel.curve_names[which] : "", {}, {}};
        for (Index column = 0; column < panel.columns; ++column) {
            const double centre = panel.column_end == begin ? 0.0 : 0.5;
            curve.positions.push_back(begin + (static_cast<double>(column) + centre) * width /
                                                  static_cast<double>(panel.columns));
            curve.values.push_back(static_cast<double>(
                panel.values[static_cast<std::size_t>(row * panel.columns + column)]));
        }
        diagram.curves.push_back(std::move(curve));
    }
    drawing::draw_diagram(canvas, place, diagram);
}

/// `corner` is the upper left one of the panel's cell, `left` the width before the image.
void draw_panel(Canvas& canvas, drawing::Point corner, const Panel& panel) {
    const drawing::Point size = image_size(panel);
    const Rectangle image{corner.x + panel_left_width, corner.y + panel_title_height, size.x,
                          size.y};
    if (panel.kind == Panel::Kind::line) {
        draw_lines(canvas,
                   {corner.x, corner.y, panel_left_width + size.x,
                    panel_title_height + size.y + panel_foot_height},
                   panel);
        return;
    }
    canvas.text({image.x, image.y - 8.0}, panel.title, {.size = 13.0, .bold = true});
    canvas.image(image, pixels_of(panel));
    canvas.frame(image, drawing::pale_ink);
    draw_axes(canvas, image, panel);
    if (has_bar(panel)) {
        draw_bar(canvas, image, panel);
    }
}

/// Where columns and rows of panels begin, and where the last ones end.
struct Layout {
    std::vector<double> column_edges;
    std::vector<double> row_edges;
};

Layout lay_out(const PictureSheet& sheet) {
    const auto columns = static_cast<std::size_t>(std::max(1, sheet.columns));
    const std::size_t rows = (sheet.panels.size() + columns - 1) / columns;
    std::vector<double> widths(columns, 0.0);
    std::vector<double> heights(rows, 0.0);
    for (std::size_t i = 0; i < sheet.panels.size(); ++i) {
        const Panel& panel = sheet.panels[i];
        if (panel.values.empty()) {
            continue;
        }
        const drawing::Point size = image_size(panel);
        const double title = Canvas::text_width(panel.title, {.size = 13.0, .bold = true});
        double& width = widths[i % columns];
        double& height = heights[i / columns];
        width = std::max({width, panel_left_width + size.x + right_width(panel) + panel_gap,
                          panel_left_width + title + panel_gap});
        height = std::max(height, panel_title_height + size.y + panel_foot_height);
    }
    Layout layout{{margin}, {margin + (sheet.title.empty() ? 0.0 : sheet_title_height)}};
    for (const double width : widths) {
        layout.column_edges.push_back(layout.column_edges.back() + width);
    }
    for (const double height : heights) {
        layout.row_edges.push_back(layout.row_edges.back() + height);
    }
    return layout;
}

}  // namespace

void draw_sheet(const std::string& path, const PictureSheet& sheet) {
    const Layout layout = lay_out(sheet);
    double width = layout.column_edges.back() + margin;
    width = std::max(width,
                     2.0 * margin + Canvas::text_width(sheet.title, {.size = 15.0, .bold = true}));
    for (const std::string& line : sheet.caption) {
        width = std::max(width, 2.0 * margin + Canvas::text_width(line, caption_style));
    }
    const double caption_top = layout.row_edges.back() + 12.0;
    const double height =
        caption_top + caption_line_height * static_cast<double>(sheet.caption.size()) + margin;
    Canvas canvas(static_cast<int>(std::ceil(width)), static_cast<int>(std::ceil(height)));
    canvas.text({margin, margin + 14.0}, sheet.title, {.size = 15.0, .bold = true});
    const auto columns = static_cast<std::size_t>(std::max(1, sheet.columns));
    for (std::size_t i = 0; i < sheet.panels.size(); ++i) {
        if (!sheet.panels[i].values.empty()) {
            draw_panel(canvas, {layout.column_edges[i % columns], layout.row_edges[i / columns]},
                       sheet.panels[i]);
        }
    }
    for (std::size_t i = 0; i < sheet.caption.size(); ++i) {
        canvas.text({margin, caption_top + caption_line_height * (static_cast<double>(i) + 0.8)},
                    sheet.caption[i], caption_style);
    }
    write_text_atomically(path, canvas.png());
}

}  // namespace tessera
