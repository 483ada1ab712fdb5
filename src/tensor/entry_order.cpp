#include "entry_order.hpp"

#include <limits>
#include <numeric>

#include "tessera/base/error.hpp"

namespace tessera::detail {
namespace {

constexpr int digit_bits = 16;
constexpr std::uint32_t digit_mask = (1U << digit_bits) - 1;

/// Sorts `order` by one digit of the positions, keeping the order of equal ones.
void sort_by_digit(const std::uint32_t* positions, int shift, std::size_t digits,
                   std::vector<std::uint32_t>& order, std::vector<std::uint32_t>& sorted) {
    std::vector<std::uint32_t> next(digits + 1, 0);
    for (const std::uint32_t entry : order) {
        ++next[((positions[entry] >> shift) & digit_mask) + 1];
    }
    std::partial_sum(next.begin(), next.end(), next.begin());
    for (const std::uint32_t entry : order) {
        sorted[next[(positions[entry] >> shift) & digit_mask]++] = entry;
    }
    order.swap(sorted);
}

}  // namespace

std::vector<std::uint32_t> sorted_order(const std::vector<const std::uint32_t*>& positions,
                                        const Extents& shape, Index count,
                                        const std::vector<int>& mode_order) {
    if (count >= static_cast<Index>(std::numeric_limits<std::uint32_t>::max())) {
        throw MemoryError("a rank holds more than 2^32 entries of a sparse tensor: use more ranks");
    }
    std::vector<std::uint32_t> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0U);
    std::vector<std::uint32_t> sorted(order.size());
    for (auto mode = mode_order.rbegin(); mode != mode_order.rend(); ++mode) {
        // The largest position that can occur decides how many digits there are.
        const auto largest = static_cast<std::uint64_t>(shape[*mode] > 0 ? shape[*mode] - 1 : 0);
        for (int shift = 0; shift < 32 && (largest >> shift) > 0; shift += digit_bits) {
            const std::uint64_t digits = std::min<std::uint64_t>(largest >> shift, digit_mask) + 1;
            sort_by_digit(positions[static_cast<std::size_t>(*mode)], shift,
                          static_cast<std::size_t>(digits), order, sorted);
        }
    }
    return order;
}

}  // namespace tessera::detail
