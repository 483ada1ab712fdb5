#include "singular_parts.hpp"

#include <algorithm>
#include <cmath>

namespace tessera {

std::vector<double> signed_squared_norms(const std::vector<double>& rows, Index rank) {
    const auto columns = static_cast<std::size_t>(rank);
    std::vector<double> sums(2 * columns, 0.0);
    for (std::size_t entry = 0; entry < rows.size(); ++entry) {
        const std::size_t part = rows[entry] < 0.0 ? columns : 0;
        sums[part + entry % columns] += rows[entry] * rows[entry];
    }
    return sums;
}

void take_larger_parts(const std::vector<double>& own, const std::vector<double>& other,
                       double fill, Index rank, std::vector<double>& rows) {
    const auto columns = static_cast<std::size_t>(rank);
    for (std::size_t entry = 0; entry < rows.size(); ++entry) {
        const std::size_t plus = entry % columns;
        const std::size_t minus = plus + columns;
        const bool negative = own[minus] * other[minus] > own[plus] * other[plus];
        const std::size_t part = negative ? minus : plus;
        const double value = std::max(0.0, negative ? -rows[entry] : rows[entry]);
        // Root of the product of norms, over the own norm.
        const double scale = own[part] > 0.0 ? std::pow(other[part] / own[part], 0.25) : 0.0;
        rows[entry] = value > 0.0 && scale > 0.0 ? value * scale : fill;
    }
}

}  // namespace tessera
