#pragma once

#include <string>
#include <vector>

#include "tessera/io/json_lines.hpp"

namespace tessera {

/// A named curve; positions where the value is not finite leave a gap.
struct Curve {
    std::string name;
    std::vector<double> positions;
    std::vector<double> values;
};

/// A diagram of one or more curves over a common axis. The value axis is logarithmic, if it may be,
/// when all values are positive and span more than two decades.
struct Diagram {
    std::string title;
    std::string position_label;
    std::vector<Curve> curves;
    bool may_be_logarithmic = true;
};

/// Draws diagrams below each other (in two columns from the fourth on) into a PNG file, whole or
/// not at all. For one rank. Throws IoError.
void draw_diagrams(const std::string& path, const std::string& title,
                   const std::vector<Diagram>& diagrams);

/// Diagrams of a run's metrics: objective terms, change, quality figures, each where reported.
[[nodiscard]] std::vector<Diagram> convergence_diagrams(const std::vector<MetricsLine>& metrics);

}  // namespace tessera
