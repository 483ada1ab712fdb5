#include "canvas.hpp"

#include <cairo.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace tessera::drawing {
namespace {

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;
using Context = std::unique_ptr<cairo_t, decltype(&cairo_destroy)>;

void set_font(cairo_t* cairo, const TextStyle& style) {
    cairo_select_font_face(cairo, style.fixed_width ? "monospace" : "sans-serif",
                           CAIRO_FONT_SLANT_NORMAL,
                           style.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo, style.size);
}

/// A context only for asking. An error in a cairo context is for ever and would silence all that is
/// drawn after it, so fonts are tried here and not on a picture.
struct Probe {
    Surface surface{cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1), cairo_surface_destroy};
    Context context{cairo_create(surface.get()), cairo_destroy};
};

bool fonts_are_there() {
    static const bool answer = [] {
        const Probe probe;
        set_font(probe.context.get(), {});
        cairo_text_extents_t extents{};
        cairo_text_extents(probe.context.get(), "0", &extents);
        return cairo_status(probe.context.get()) == CAIRO_STATUS_SUCCESS && extents.width > 0.0;
    }();
    return answer;
}

/// cairo goes silent for ever at the first byte that is not UTF-8: such text is shown with '?'.
std::string clean(const std::string& words) {
    std::string result;
    for (std::size_t i = 0; i < words.size();) {
        const auto lead = static_cast<unsigned char>(words[i]);
        const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
        bool valid =
            lead != 0 && lead < 0xF5 && (lead < 0x80 || lead >= 0xC2) && i + length <= words.size();
        for (std::size_t k = 1; valid && k < length; ++k) {
            valid = (static_cast<unsigned char>(words[i + k]) & 0xC0U) == 0x80U;
        }
        result += valid ? words.substr(i, length) : "?";
        i += valid ? length : 1;
    }
    return result;
}

cairo_status_t append_bytes(void* target, const unsigned char* bytes, unsigned int count) {
    static_cast<std::string*>(target)->append(reinterpret_cast<const char*>(bytes), count);
    return CAIRO_STATUS_SUCCESS;
}

}  // namespace

struct Canvas::State {
    State(int width, int height)
        : surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height),
                  cairo_surface_destroy),
          context(cairo_create(surface.get()), cairo_destroy) {}

    void set(Colour colour) {
        cairo_set_source_rgb(context.get(), colour.red, colour.green, colour.blue);
    }

    Surface surface;
    Context context;
};

Canvas::Canvas(int width, int height) : state_(std::make_unique<State>(width, height)) {
    state_->set({1.0, 1.0, 1.0});
    cairo_paint(state_->context.get());
}

Canvas::~Canvas() = default;

void Canvas::text(Point at, const std::string& words, const TextStyle& style) {
    if (words.empty() || !fonts_are_there()) {
        return;
    }
    cairo_t* const cairo = state_->context.get();
    const double before = style.across * text_width(words, style);
    cairo_save(cairo);
    state_->set(style.colour);
    set_font(cairo, style);
    cairo_move_to(cairo, style.upright ? at.x : at.x - before,
                  style.upright ? at.y + before : at.y);
    if (style.upright) {
        cairo_rotate(cairo, -std::numbers::pi / 2.0);
    }
    cairo_show_text(cairo, clean(words).c_str());
    cairo_restore(cairo);
}

void Canvas::line(Point from, Point to, Colour colour, double width) {
    curve({from, to}, colour, width);
}

void Canvas::curve(const std::vector<Point>& points, Colour colour, double width) {
    cairo_t* const cairo = state_->context.get();
    state_->set(colour);
    cairo_set_line_width(cairo, width);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_new_path(cairo);
    for (const Point& point : points) {
        cairo_line_to(cairo, point.x, point.y);
    }
    cairo_stroke(cairo);
}

void Canvas::dot(Point at, double radius, Colour colour) {
    state_->set(colour);
    cairo_arc(state_->context.get(), at.x, at.y, radius, 0.0, 2.0 * std::numbers::pi);
    cairo_fill(state_->context.get());
}

void Canvas::frame(const Rectangle& place, Colour colour, double width) {
    state_->set(colour);
    cairo_set_line_width(state_->context.get(), width);
    cairo_rectangle(state_->context.get(), place.x, place.y, place.width, place.height);
    cairo_stroke(state_->context.get());
}

void Canvas::fill(const Rectangle& place, Colour colour) {
    state_->set(colour);
    cairo_rectangle(state_->context.get(), place.x, place.y, place.width, place.height);
    cairo_fill(state_->context.get());
}

void Canvas::image(const Rectangle& place, const Pixels& pixels) {
    if (pixels.rows == 0 || pixels.columns == 0) {
        return;
    }
    const Surface source(
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, pixels.columns, pixels.rows),
        cairo_surface_destroy);
    if (cairo_surface_status(source.get()) != CAIRO_STATUS_SUCCESS) {
        return;
    }
    cairo_surface_flush(source.get());
    unsigned char* const data = cairo_image_surface_get_data(source.get());
    const std::ptrdiff_t stride = cairo_image_surface_get_stride(source.get());
    for (int row = 0; row < pixels.rows; ++row) {
        auto* const target = reinterpret_cast<std::uint32_t*>(data + row * stride);
        for (int column = 0; column < pixels.columns; ++column) {
            const std::size_t first =
                3U * (static_cast<std::size_t>(row) * static_cast<std::size_t>(pixels.columns) +
                      static_cast<std::size_t>(column));
            target[column] = static_cast<std::uint32_t>(pixels.values[first]) << 16U |
                             static_cast<std::uint32_t>(pixels.values[first + 1]) << 8U |
                             static_cast<std::uint32_t>(pixels.values[first + 2]);
        }
    }
    cairo_surface_mark_dirty(source.get());
    cairo_t* const cairo = state_->context.get();
    cairo_save(cairo);
    cairo_rectangle(cairo, place.x, place.y, place.width, place.height);
    cairo_clip(cairo);
    cairo_translate(cairo, place.x, place.y);
    cairo_scale(cairo, place.width / pixels.columns, place.height / pixels.rows);
    cairo_set_source_surface(cairo, source.get(), 0.0, 0.0);
    const bool enlarged = place.width >= pixels.columns && place.height >= pixels.rows;
    cairo_pattern_set_filter(cairo_get_source(cairo),
                             enlarged ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
    // Beyond its border an image is transparent; averaging would let the white through.
    cairo_pattern_set_extend(cairo_get_source(cairo), CAIRO_EXTEND_PAD);
    cairo_paint(cairo);
    cairo_restore(cairo);
}

void Canvas::clip(const Rectangle& place) {
    cairo_save(state_->context.get());
    cairo_rectangle(state_->context.get(), place.x, place.y, place.width, place.height);
    cairo_clip(state_->context.get());
}

void Canvas::release() { cairo_restore(state_->context.get()); }

std::string Canvas::png() const {
    std::string bytes;
    cairo_surface_flush(state_->surface.get());
    if (cairo_surface_write_to_png_stream(state_->surface.get(), append_bytes, &bytes) !=
        CAIRO_STATUS_SUCCESS) {
        return "";
    }
    return bytes;
}

double Canvas::text_width(const std::string& words, const TextStyle& style) {
    if (words.empty() || !fonts_are_there()) {
        return 0.0;
    }
    static const Probe probe;
    set_font(probe.context.get(), style);
    cairo_text_extents_t extents{};
    cairo_text_extents(probe.context.get(), clean(words).c_str(), &extents);
    return extents.x_advance;
}

Colour curve_colour(std::size_t number) {
    static constexpr std::array<Colour, 7> colours = {{{0.00, 0.45, 0.70},
                                                       {0.84, 0.37, 0.00},
                                                       {0.00, 0.62, 0.45},
                                                       {0.80, 0.47, 0.65},
                                                       {0.90, 0.62, 0.00},
                                                       {0.34, 0.71, 0.91},
                                                       {0.20, 0.20, 0.20}}};
    return colours[number % colours.size()];
}

Colour heat_colour(double value) {
    // Every sixteenth of viridis (van der Walt and Smith, 2015, CC0).
    static constexpr std::array<Colour, 17> map = {{{0.267, 0.005, 0.329},
                                                    {0.282, 0.095, 0.417},
                                                    {0.278, 0.180, 0.486},
                                                    {0.259, 0.261, 0.527},
                                                    {0.230, 0.322, 0.546},
                                                    {0.200, 0.388, 0.555},
                                                    {0.173, 0.449, 0.558},
                                                    {0.149, 0.508, 0.557},
                                                    {0.128, 0.567, 0.551},
                                                    {0.120, 0.626, 0.533},
                                                    {0.166, 0.691, 0.497},
                                                    {0.267, 0.749, 0.441},
                                                    {0.369, 0.789, 0.383},
                                                    {0.536, 0.838, 0.281},
                                                    {0.678, 0.864, 0.190},
                                                    {0.846, 0.887, 0.100},
                                                    {0.993, 0.906, 0.144}}};
    const double place = std::clamp(value, 0.0, 1.0) * (map.size() - 1);
    const auto below = std::min(static_cast<std::size_t>(place), map.size() - 2);
    const double part = place - static_cast<double>(below);
    const auto blend = [&](double a, double b) { return a + part * (b - a); };
    const Colour& a = map[below];
    const Colour& b = map[below + 1];
    return {blend(a.red, b.red), blend(a.green, b.green), blend(a.blue, b.blue)};
}

}  // namespace tessera::drawing
