#pragma once

#include "canvas.hpp"
#include "tessera/io/plot.hpp"

namespace tessera::drawing {

/// Draws a diagram into a place that also holds its title, axes and legend.
void draw_diagram(Canvas& canvas, const Rectangle& place, const Diagram& diagram);

}  // namespace tessera::drawing
