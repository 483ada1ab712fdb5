#include "tessera/io/plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "diagram_drawing.hpp"
#include "tessera/base/error.hpp"
#include "tessera/io/atomic_file.hpp"

namespace tessera {
namespace {

using drawing::Canvas;

constexpr int diagram_width = 640;
constexpr int diagram_height = 260;
constexpr int margin = 16;
constexpr int title_height = 30;

bool contains(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

/// Which diagram a reported number belongs to; empty for those that say nothing about convergence.
std::string diagram_of(const std::string& name) {
    static constexpr std::array<const char*, 4> terms = {"objective", "data_fit", "penalty",
                                                         "loss"};
    if (contains(name, "seconds") || contains(name, "memory") || name == "t") {
        return "";
    }
    if (std::any_of(terms.begin(), terms.end(), [&](const char* t) { return contains(name, t); })) {
        return "objective";
    }
    return contains(name, "change") ? "change" : name;
}

}  // namespace

void draw_diagrams(const std::string& path, const std::string& title,
                   const std::vector<Diagram>& diagrams) {
    const int count = std::max(1, static_cast<int>(diagrams.size()));
    // Beyond three a single column would not fit on a screen.
    const int columns = count > 3 ? 2 : 1;
    const int rows = (count + columns - 1) / columns;
    Canvas canvas(columns * diagram_width + 2 * margin,
                  rows * diagram_height + 2 * margin + title_height);
    canvas.text({margin, margin + 14.0}, title, {.size = 15.0, .bold = true});
    for (int i = 0; i < static_cast<int>(diagrams.size()); ++i) {
        const int row = i / columns;
        const drawing::Rectangle place{
            static_cast<double>(margin + i % columns * diagram_width),
            static_cast<double>(margin + title_height + row * diagram_height), diagram_width,
            diagram_height};
        drawing::draw_diagram(canvas, place, diagrams[static_cast<std::size_t>(i)]);
    }
    write_text_atomically(path, canvas.png());
}

std::vector<Diagram> convergence_diagrams(const std::vector<MetricsLine>& metrics) {
    std::vector<Diagram> diagrams;
    const auto curve_of = [&](const std::string& title, const std::string& name) -> Curve& {
        auto diagram = std::find_if(diagrams.begin(), diagrams.end(),
                                    [&](const Diagram& d) { return d.title == title; });
        if (diagram == diagrams.end()) {
            diagrams.push_back({title, "step", {}, true});
            diagram = diagrams.end() - 1;
        }
        auto curve = std::find_if(diagram->curves.begin(), diagram->curves.end(),
                                  [&](const Curve& c) { return c.name == name; });
        if (curve == diagram->curves.end()) {
            diagram->curves.push_back({name, {}, {}});
            curve = diagram->curves.end() - 1;
        }
        return *curve;
    };
    for (const MetricsLine& line : metrics) {
        for (const auto& [name, value] : line.values) {
            const std::string title = diagram_of(name);
            if (!title.empty()) {
                Curve& curve = curve_of(title, name);
                curve.positions.push_back(static_cast<double>(line.step));
                curve.values.push_back(value);
            }
        }
    }
    return diagrams;
}

}  // namespace tessera
