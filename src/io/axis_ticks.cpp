#include "axis_ticks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tessera::drawing {
namespace {

/// Enough digits to tell neighbours apart; as 1e5 where the axis' numbers have many plain digits.
std::string label_of(double value, double step, double largest) {
    if (largest >= 1e5 || largest < 1e-3) {
        const int digits =
            value == 0.0 ? 0
                         : std::max(0, static_cast<int>(std::floor(std::log10(std::abs(value)))) -
                                           static_cast<int>(std::floor(std::log10(step) + 1e-9)));
        return value == 0.0 ? "0" : fmt::format("{:.{}e}", value, std::min(digits, 6));
    }
    // A step of 2.5, 0.25, ... has one digit more than its power of ten.
    const double power = std::pow(10.0, std::floor(std::log10(step) + 1e-9));
    const bool quarter = std::abs(step / power - 2.5) < 1e-6;
    const int digits = static_cast<int>(std::ceil(-std::log10(power) - 1e-9)) + (quarter ? 1 : 0);
    return fmt::format("{:.{}f}", value, std::clamp(digits, 0, 9));
}

}  // namespace

std::vector<Tick> linear_ticks(double low, double high, int wanted, bool whole_numbers) {
    std::vector<Tick> ticks;
    const double span = high - low;
    if (!(span > 0.0) || !std::isfinite(span)) {
        return ticks;
    }
    const double rough = span / std::max(1, wanted);
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    double step = 10.0 * power;
    for (const double factor : {5.0, 2.5, 2.0, 1.0}) {
        const double candidate = factor * power;
        const bool allowed = !whole_numbers || candidate == std::floor(candidate);
        if (allowed && candidate >= rough * (1.0 - 1e-9)) {
            step = candidate;
        }
    }
    if (whole_numbers) {
        step = std::max(step, 1.0);
    }
    const double slack = 1e-9 * span;
    const double largest = std::max(std::abs(low), std::abs(high));
    for (double number = std::ceil((low - slack) / step); number * step <= high + slack;
         number += 1.0) {
        // -0.0 would be labelled "-0".
        const double value = number == 0.0 ? 0.0 : number * step;
        ticks.push_back({value, label_of(value, step, largest)});
    }
    return ticks;
}

std::vector<Tick> logarithmic_ticks(double low, double high, int wanted) {
    std::vector<Tick> ticks;
    const int first = static_cast<int>(std::floor(std::log10(low)));
    const int last = static_cast<int>(std::ceil(std::log10(high)));
    const int stride = std::max(1, (last - first + wanted - 1) / std::max(1, wanted));
    for (int power = first; power <= last; ++power) {
        for (const double factor : {1.0, 2.0, 5.0}) {
            const double value = factor * std::pow(10.0, power);
            const bool inside = value >= low * (1.0 - 1e-9) && value <= high * (1.0 + 1e-9);
            const bool kept =
                factor == 1.0 ? (power - first) % stride == 0 : last - first <= wanted / 3;
            if (inside && kept) {
                ticks.push_back({value, power >= -3 && power <= 4 ? fmt::format("{:.6g}", value)
                                                                  : fmt::format("{:.0e}", value)});
            }
        }
    }
    return ticks;
}

}  // namespace tessera::drawing
