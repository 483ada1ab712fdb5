#include <charconv>

#include "tessera/base/error.hpp"
#include "tessera/io/axes.hpp"

namespace tessera {

namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    return begin == std::string_view::npos
               ? std::string_view()
               : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The parts between commas, without blanks around them.
std::vector<std::string_view> parts_of(std::string_view text) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        parts.push_back(trimmed(text.substr(begin, end - begin)));
        begin = end + 1;
    }
    return parts;
}

/// Splits "rows 10:50" at its first blank.
std::pair<std::string, std::string_view> name_and_rest(std::string_view part) {
    const std::size_t blank = part.find_first_of(" \t");
    return {std::string(part.substr(0, blank)),
            blank == std::string_view::npos ? std::string_view() : trimmed(part.substr(blank))};
}

bool read_number(std::string_view text, Index& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && value >= 0;
}

[[noreturn]] void bad(const std::string& key, std::string_view text, const char* expected) {
    throw UsageError(key + " = \"" + std::string(text) + "\": expected " + expected);
}

}  // namespace

std::vector<std::string> parse_axis_names(std::string_view text, const std::string& key) {
    std::vector<std::string> names;
    for (const std::string_view part : parts_of(text)) {
        if (part.empty()) {
            bad(key, text, "names separated by commas, such as \"bands, rows, cols\"");
        }
        names.emplace_back(part);
    }
    return names;
}

std::vector<AxisRange> parse_region(std::string_view text, const std::string& key) {
    const char* expected = "axes with ranges from 0, such as \"rows 10:50, bands :100\"";
    std::vector<AxisRange> ranges;
    for (const std::string_view part : parts_of(text)) {
        AxisRange range;
        const auto [name, limits] = name_and_rest(part);
        const std::size_t colon = limits.find(':');
        range.axis = name;
        if (name.empty() || colon == std::string_view::npos) {
            bad(key, text, expected);
        }
        const std::string_view begin = trimmed(limits.substr(0, colon));
        const std::string_view end = trimmed(limits.substr(colon + 1));
        if ((!begin.empty() && !read_number(begin, range.begin)) ||
            (!end.empty() && !read_number(end, range.end))) {
            bad(key, text, expected);
        }
        ranges.push_back(range);
    }
    return ranges;
}

std::vector<AxisBin> parse_bins(std::string_view text, const std::string& key) {
    std::vector<AxisBin> bins;
    for (const std::string_view part : parts_of(text)) {
        AxisBin bin;
        const auto [name, count] = name_and_rest(part);
        bin.axis = name;
        if (name.empty() || !read_number(count, bin.count) || bin.count < 1) {
            bad(key, text, "axes with whole numbers from 1, such as \"rows 2, cols 2\"");
        }
        bins.push_back(bin);
    }
    return bins;
}

}  // namespace tessera
