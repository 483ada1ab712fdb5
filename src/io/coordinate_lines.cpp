#include "coordinate_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "tessera/base/error.hpp"

namespace tessera {
namespace {

constexpr Index piece_bytes = Index{8} << 20;
constexpr Index longest_line = Index{1} << 20;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

template <typename Number>
std::optional<Number> whole_text(std::string_view text) {
    if (text.size() > 1 && text.front() == '+' && text[1] != '-') {
        text.remove_prefix(1);
    }
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && rest == end ? std::optional(number) : std::nullopt;
}

/// The first byte after a line end at or after `offset`, which lies behind the first line.
Index next_line(const InputFile& file, Index offset) {
    for (Index place = offset - 1; place < file.size();) {
        const std::string text = file.text(place, longest_line);
        const std::size_t found = text.find('\n');
        if (found != std::string::npos) {
            return place + static_cast<Index>(found) + 1;
        }
        place += static_cast<Index>(text.size());
    }
    return file.size();
}

}  // namespace

void split_fields(std::string_view line, char separator, std::vector<std::string_view>& fields) {
    fields.clear();
    if (separator != ' ') {
        for (;;) {
            const std::size_t found = line.find(separator);
            fields.push_back(trimmed(line.substr(0, found)));
            if (found == std::string_view::npos) {
                return;
            }
            line.remove_prefix(found + 1);
        }
    }
    for (std::size_t begin = 0; begin < line.size();) {
        if (is_blank(line[begin])) {
            ++begin;
            continue;
        }
        std::size_t end = begin;
        while (end < line.size() && !is_blank(line[end])) {
            ++end;
        }
        fields.push_back(line.substr(begin, end - begin));
        begin = end;
    }
}

bool is_content(std::string_view line) {
    const std::string_view text = trimmed(line);
    return !text.empty() && text.front() != '#';
}

std::optional<Index> whole_number(std::string_view text) { return whole_text<Index>(text); }
std::optional<double> real_number(std::string_view text) { return whole_text<double>(text); }

Index for_each_line(const InputFile& file, Index begin, Index end,
                    const std::function<bool(std::string_view, Index)>& visit) {
    Index lines = 0;
    bool wanted = true;
    Index place = begin;
    while (place < end) {
        // A line that begins before `end` may go on behind it.
        const std::string text =
            file.text(place, std::min(piece_bytes, end - place) + longest_line);
        const std::string_view piece = text;
        const bool at_end = place + static_cast<Index>(text.size()) >= file.size();
        std::size_t from = 0;
        while (from < piece.size() && place + static_cast<Index>(from) < end) {
            const std::size_t found = piece.find('\n', from);
            if (found == std::string_view::npos && !at_end) {
                break;
            }
            const std::string_view line = piece.substr(from, found - from);
            wanted = wanted && visit(line, lines);
            ++lines;
            from = found == std::string_view::npos ? piece.size() : found + 1;
        }
        if (from == 0) {
            throw IoError(fmt::format(
                "{}: a line is longer than {} bytes, so it is no list of entries: check the file",
                file.path(), longest_line));
        }
        place += static_cast<Index>(from);
    }
    return lines;
}

Index line_begin(const InputFile& file, Index body, Index offset) {
    return offset <= body ? body : next_line(file, offset);
}

}  // namespace tessera
