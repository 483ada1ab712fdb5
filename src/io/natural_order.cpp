#include "natural_order.hpp"

#include <cctype>

namespace tessera {
namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// The digits from `place` on without leading zeros; moves `place` behind them.
std::string digits_at(const std::string& text, std::size_t& place) {
    const std::size_t begin = place;
    while (place < text.size() && is_digit(text[place])) {
        ++place;
    }
    std::size_t first = begin;
    while (first + 1 < place && text[first] == '0') {
        ++first;
    }
    return text.substr(first, place - first);
}

}  // namespace

bool natural_less(const std::string& a, const std::string& b) {
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() && j < b.size()) {
        if (is_digit(a[i]) && is_digit(b[j])) {
            const std::string left = digits_at(a, i);
            const std::string right = digits_at(b, j);
            if (left != right) {
                return left.size() != right.size() ? left.size() < right.size() : left < right;
            }
        } else if (a[i] != b[j]) {
            // A folder ends before its name goes on: "s1/2" before "s1b/1".
            return a[i] == '/' || (b[j] != '/' && a[i] < b[j]);
        } else {
            ++i;
            ++j;
        }
    }
    const bool both_ended = i == a.size() && j == b.size();
    return both_ended ? a < b : i == a.size();
}

}  // namespace tessera
