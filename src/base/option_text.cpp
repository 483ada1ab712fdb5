#include "tessera/base/option_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>

namespace tessera {

namespace {

/// Upper and lower case, and `-` and `_`, count as the same letter.
std::string folded(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        } else if (c == '-') {
            c = '_';
        }
    }
    return out;
}

struct TimeUnit {
    std::string_view name;
    double seconds;
};

constexpr std::array<TimeUnit, 16> time_units{{{"d", 86400},
                                               {"day", 86400},
                                               {"days", 86400},
                                               {"h", 3600},
                                               {"hour", 3600},
                                               {"hours", 3600},
                                               {"min", 60},
                                               {"minute", 60},
                                               {"minutes", 60},
                                               {"s", 1},
                                               {"sec", 1},
                                               {"second", 1},
                                               {"seconds", 1},
                                               {"ms", 1e-3},
                                               {"millisecond", 1e-3},
                                               {"milliseconds", 1e-3}}};

/// Digits only, so that no sign or exponent slips in; at most 9 of them, so that nothing overflows.
std::optional<std::int64_t> whole_number(std::string_view text) {
    const bool digits =
        !text.empty() && text.size() <= 9 &&
        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) {
        return std::nullopt;
    }
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// HH:MM:SS, hours of any size, or D-HH:MM:SS.
std::optional<double> clock_duration(std::string_view text) {
    std::int64_t days = 0;
    if (const auto dash = text.find('-'); dash != std::string_view::npos) {
        const auto parsed = whole_number(text.substr(0, dash));
        if (!parsed) {
            return std::nullopt;
        }
        days = *parsed;
        text.remove_prefix(dash + 1);
    }
    const auto first = text.find(':');
    const auto second = first == std::string_view::npos ? first : text.find(':', first + 1);
    if (second == std::string_view::npos) {
        return std::nullopt;
    }
    const auto hours = whole_number(text.substr(0, first));
    const auto minutes = whole_number(text.substr(first + 1, second - first - 1));
    const auto seconds = whole_number(text.substr(second + 1));
    if (!hours || !minutes || !seconds || *minutes > 59 || *seconds > 59) {
        return std::nullopt;
    }
    return static_cast<double>(((days * 24 + *hours) * 60 + *minutes) * 60 + *seconds);
}

void skip_blanks(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    // Rows i - 2, i - 1 and i of the usual table; the oldest is needed for swapped neighbours.
    std::vector<std::size_t> oldest;
    std::vector<std::size_t> previous(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(previous.begin(), previous.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replaced, previous[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], oldest[j - 2] + 1);
            }
        }
        oldest = std::exchange(previous, row);
    }
    return previous.back();
}

std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates) {
    constexpr std::size_t longest = 64;  // keeps a pasted paragraph from costing time
    if (name.empty() || name.size() > longest) {
        return std::nullopt;
    }
    const std::string wanted = folded(name);
    std::optional<std::string> best;
    std::size_t best_distance = std::string::npos;
    for (const std::string& candidate : candidates) {
        const std::string offered = folded(candidate);
        const std::size_t distance = edit_distance(wanted, offered);
        const bool begins = std::min(wanted.size(), offered.size()) >= 3 &&
                            (offered.starts_with(wanted) || wanted.starts_with(offered));
        const std::size_t allowed =
            std::max<std::size_t>(1, std::max(wanted.size(), offered.size()) / 3);
        // Two names of one or two letters that share none are no slip of the pen.
        const bool near = distance <= allowed && distance < wanted.size();
        if ((near || begins) && distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
    const auto nearest = nearest_name(name, candidates);
    return nearest ? fmt::format(" (did you mean \"{}\"?)", *nearest) : std::string();
}

std::optional<double> parse_duration(std::string_view text) {
    skip_blanks(text);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    if (text.find(':') != std::string_view::npos) {
        return clock_duration(text);
    }
    if (text.empty()) {
        return std::nullopt;
    }
    double total = 0;
    while (!text.empty()) {
        double amount = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount,
                                                  std::chars_format::fixed);
        if (error != std::errc() || !std::isfinite(amount) || amount < 0 || std::signbit(amount)) {
            return std::nullopt;
        }
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        skip_blanks(text);
        const std::size_t length = std::min(text.find_first_of(" \t0123456789."), text.size());
        const std::string_view unit_name = text.substr(0, length);
        const auto unit = std::find_if(time_units.begin(), time_units.end(),
                                       [&](const TimeUnit& u) { return u.name == unit_name; });
        if (unit == time_units.end()) {
            return std::nullopt;
        }
        // 250 / 1000 is the nearest number to a quarter; 250 * 0.001 may not be.
        total += unit->seconds < 1 ? amount / 1000 : amount * unit->seconds;
        text.remove_prefix(length);
        skip_blanks(text);
    }
    return std::isfinite(total) ? std::optional(total) : std::nullopt;
}

std::string format_duration(double seconds) {
    constexpr std::array<TimeUnit, 3> whole{{{"d", 86400}, {"h", 3600}, {"min", 60}}};
    constexpr double exact = 9e15;  // below 2^53, where every whole number is a double
    for (const TimeUnit& unit : whole) {
        if (seconds > 0 && seconds < exact && std::fmod(seconds, unit.seconds) == 0) {
            return fmt::format("{} {}", seconds / unit.seconds, unit.name);
        }
    }
    // Fixed notation, because parse_duration reads no exponents.
    std::array<char, 400> buffer{};
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), seconds,
                                            std::chars_format::fixed);
    return (error == std::errc() ? std::string(buffer.data(), end) : fmt::format("{}", seconds)) +
           " s";
}

std::string wrap_text(std::string_view text, std::string_view indent, std::size_t width) {
    std::string out;
    std::string line(indent);
    const auto flush = [&] {
        out += line + "\n";
        line = indent;
    };
    while (!text.empty()) {
        const std::size_t start = std::min(text.find_first_not_of(' '), text.size());
        text.remove_prefix(start);
        if (text.empty()) {
            break;
        }
        if (text.front() == '\n') {
            flush();
            text.remove_prefix(1);
            continue;
        }
        const std::size_t length = std::min(text.find_first_of(" \n"), text.size());
        if (line.size() > indent.size() && line.size() + 1 + length > width) {
            flush();
        }
        line += (line.size() > indent.size() ? " " : "") + std::string(text.substr(0, length));
        text.remove_prefix(length);
    }
    if (line.size() > indent.size()) {
        flush();
    }
    return out;
}

}  // namespace tessera
