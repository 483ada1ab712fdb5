#include "diagram_drawing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "axis_ticks.hpp"

namespace tessera::drawing {
namespace {

constexpr double tick_size = 11.0;
constexpr double few_points = 40;  ///< up to so many, each is marked by a dot

/// Range of values on an axis and how a value becomes a part of its length.
struct Scale {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
    bool logarithmic = false;
    bool whole_numbers = true;  ///< nothing else was included: steps, ranks

    void include(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
        whole_numbers = whole_numbers && value == std::floor(value);
    }
    [[nodiscard]] bool empty() const { return !(low <= high); }
    /// 0 at the low end, 1 at the high one.
    [[nodiscard]] double part(double value) const {
        return logarithmic ? std::log(value / low) / std::log(high / low)
                           : (value - low) / (high - low);
    }
    /// Room around the curves, and a width where all values are equal.
    void widen(double margin) {
        if (logarithmic) {
            const double factor = std::pow(high / low, margin);
            low /= factor;
            high *= factor;
        } else {
            const double flat = whole_numbers || low == 0.0 ? 1.0 : 0.1 * std::abs(low);
            const double room = high > low ? margin * (high - low) : flat;
            low -= room;
            high += room;
        }
    }
    [[nodiscard]] std::vector<Tick> ticks(int wanted) const {
        if (logarithmic) {
            return logarithmic_ticks(low, high, wanted);
        }
        return linear_ticks(low, high,
                            whole_numbers ? std::min(wanted, static_cast<int>(high - low)) : wanted,
                            whole_numbers);
    }
};

bool drawable(double position, double value) {
    return std::isfinite(position) && std::isfinite(value);
}

Scale position_scale(const Diagram& diagram) {
    Scale scale;
    for (const Curve& curve : diagram.curves) {
        for (std::size_t i = 0; i < curve.positions.size(); ++i) {
            if (drawable(curve.positions[i], curve.values[i])) {
                scale.include(curve.positions[i]);
            }
        }
    }
    if (!scale.empty()) {
        scale.widen(0.02);
    }
    return scale;
}

Scale value_scale(const Diagram& diagram) {
    Scale scale;
    for (const Curve& curve : diagram.curves) {
        for (std::size_t i = 0; i < curve.values.size(); ++i) {
            if (drawable(curve.positions[i], curve.values[i])) {
                scale.include(curve.values[i]);
            }
        }
    }
    if (!scale.empty()) {
        scale.logarithmic =
            diagram.may_be_logarithmic && scale.low > 0.0 && scale.high > 100.0 * scale.low;
        scale.widen(0.06);
    }
    return scale;
}

void draw_curve(Canvas& canvas, const Rectangle& plot, const Scale& across, const Scale& up,
                const Curve& curve, Colour colour) {
    std::vector<Point> run;
    for (std::size_t i = 0; i <= curve.values.size(); ++i) {
        const bool more = i < curve.values.size() && drawable(curve.positions[i], curve.values[i]);
        if (!more) {
            canvas.curve(run, colour, 1.8);
            run.clear();
            continue;
        }
        run.push_back({plot.x + plot.width * across.part(curve.positions[i]),
                       plot.y + plot.height * (1.0 - up.part(curve.values[i]))});
        if (static_cast<double>(curve.values.size()) <= few_points) {
            canvas.dot(run.back(), 2.6, colour);
        }
    }
}

double widest_label(const std::vector<Tick>& ticks) {
    double widest = 0.0;
    for (const Tick& tick : ticks) {
        widest = std::max(widest, Canvas::text_width(tick.label, {.size = tick_size}));
    }
    return widest;
}

/// Names in a row above the plot, right-aligned: there no curve can run under them.
void draw_legend(Canvas& canvas, const Rectangle& plot, const Diagram& diagram) {
    if (diagram.curves.size() < 2) {
        return;
    }
    double x = plot.x + plot.width;
    for (std::size_t i = diagram.curves.size(); i-- > 0;) {
        x -= Canvas::text_width(diagram.curves[i].name, {});
        canvas.text({x, plot.y - 8.0}, diagram.curves[i].name);
        canvas.line({x - 22.0, plot.y - 12.0}, {x - 5.0, plot.y - 12.0}, curve_colour(i), 2.5);
        x -= 38.0;
    }
}

}  // namespace

void draw_diagram(Canvas& canvas, const Rectangle& place, const Diagram& diagram) {
    const Scale across = position_scale(diagram);
    const Scale up = value_scale(diagram);
    const bool empty = across.empty();
    const std::vector<Tick> value_ticks =
        empty ? std::vector<Tick>{} : up.ticks(std::max(2, static_cast<int>(place.height / 45.0)));
    // The same for most diagrams of a column, so that their axes stand below each other.
    const double left = std::max(56.0, 16.0 + widest_label(value_ticks));
    const Rectangle plot{place.x + left, place.y + 26.0, place.width - left - 12.0,
                         place.height - 26.0 - 40.0};

    canvas.text({plot.x, plot.y - 8.0}, diagram.title, {.size = 13.0, .bold = true});
    if (empty) {
        canvas.text({plot.x + plot.width / 2.0, plot.y + plot.height / 2.0}, "no values",
                    {.colour = pale_ink, .across = 0.5});
    }
    for (const Tick& tick : value_ticks) {
        const double y = plot.y + plot.height * (1.0 - up.part(tick.value));
        canvas.line({plot.x, y}, {plot.x + plot.width, y}, grid_grey);
        canvas.text({plot.x - 6.0, y + 4.0}, tick.label, {.size = tick_size, .across = 1.0});
    }
    const std::vector<Tick> position_ticks =
        empty ? std::vector<Tick>{} : across.ticks(static_cast<int>(plot.width / 80.0));
    for (const Tick& tick : position_ticks) {
        const double x = plot.x + plot.width * across.part(tick.value);
        canvas.line({x, plot.y}, {x, plot.y + plot.height}, grid_grey);
        canvas.text({x, plot.y + plot.height + 15.0}, tick.label,
                    {.size = tick_size, .across = 0.5});
    }
    canvas.text({plot.x + plot.width / 2.0, plot.y + plot.height + 32.0}, diagram.position_label,
                {.size = tick_size, .colour = pale_ink, .across = 0.5});
    draw_legend(canvas, plot, diagram);
    canvas.clip(plot);
    for (std::size_t i = 0; i < diagram.curves.size(); ++i) {
        draw_curve(canvas, plot, across, up, diagram.curves[i], curve_colour(i));
    }
    canvas.release();
    canvas.frame(plot, pale_ink);
}

}  // namespace tessera::drawing
