#pragma once

#include <string>
#include <vector>

namespace tessera::drawing {

/// A mark on an axis.
struct Tick {
    double value = 0.0;
    std::string label;
};

/// About `wanted` round values (1, 2, 2.5 or 5 times a power of ten) within [low, high]; on request
/// whole numbers only.
[[nodiscard]] std::vector<Tick> linear_ticks(double low, double high, int wanted,
                                             bool whole_numbers = false);
/// Powers of ten within [low, high], thinned out to about `wanted`; both ends positive. Between few
/// powers also 2 and 5 times them.
[[nodiscard]] std::vector<Tick> logarithmic_ticks(double low, double high, int wanted);

}  // namespace tessera::drawing
