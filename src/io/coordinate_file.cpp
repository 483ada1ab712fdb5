#include "tessera/io/coordinate_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "coordinate_lines.hpp"
#include "tessera/base/error.hpp"

namespace tessera {
namespace {

/// The first lines with content, and where the line after each of them begins.
struct FirstLines {
    struct Line {
        std::string text;
        Index number = 0;       ///< from 1
        Index next_offset = 0;  ///< of the line after it
    };
    std::vector<Line> lines;
    std::vector<std::string> comments;  ///< before the first line
};

FirstLines first_lines(const InputFile& file, std::size_t wanted) {
    constexpr Index most_bytes = Index{4} << 20;  // a comment of that length is none
    FirstLines result;
    Index offset = 0;
    (void)for_each_line(file, 0, std::min(file.size(), most_bytes),
                        [&](std::string_view line, Index number) {
                            offset += static_cast<Index>(line.size()) + 1;
                            if (is_content(line)) {
                                result.lines.push_back({std::string(line), number + 1, offset});
                            } else if (result.lines.empty()) {
                                result.comments.emplace_back(line);
                            }
                            return result.lines.size() < wanted;
                        });
    return result;
}

[[noreturn]] void refuse_line(const std::string& path, Index line, const std::string& reason) {
    throw IoError(fmt::format("{}, line {}: {}", path, line, reason));
}

/// "sptensor", order, extents, number of entries.
void read_sptensor_header(const FirstLines& first, CoordinateFile& file) {
    file.format = "GenTen sptensor text";
    if (first.lines.size() < 4) {
        throw IoError(
            file.path +
            ": the header of an sptensor has four lines (sptensor, order, extents, number "
            "of entries), but the file ends before them");
    }
    const auto numbers_of = [&](std::size_t line) {
        std::vector<std::string_view> fields;
        split_fields(first.lines[line].text, ' ', fields);
        std::vector<Index> numbers;
        for (const std::string_view field : fields) {
            const auto number = whole_number(field);
            if (!number || *number < 0) {
                refuse_line(file.path, first.lines[line].number,
                            fmt::format("\"{}\" is no whole number, as the header of an sptensor "
                                        "must have there",
                                        field));
            }
            numbers.push_back(*number);
        }
        return numbers;
    };
    const std::vector<Index> order = numbers_of(1);
    file.shape = numbers_of(2);
    const std::vector<Index> entries = numbers_of(3);
    if (order.size() != 1 || static_cast<Index>(file.shape.size()) != order[0]) {
        refuse_line(file.path, first.lines[2].number,
                    fmt::format("there are {} extents, but the header states {} modes",
                                file.shape.size(), order.empty() ? 0 : order[0]));
    }
    if (entries.size() != 1) {
        refuse_line(file.path, first.lines[3].number,
                    "expected the number of entries alone on this line");
    }
    file.columns = static_cast<Index>(file.shape.size()) + 1;
    file.index_base = {0};
    file.stated_entries = entries[0];
    file.body_offset = first.lines[3].next_offset;
    file.body_line = first.lines[3].number + 1;
}

/// The separator of a line without a header before it.
char separator_of(std::string_view line) {
    for (const char candidate : {',', ';'}) {
        if (line.find(candidate) != std::string_view::npos) {
            return candidate;
        }
    }
    return ' ';
}

void read_plain_start(const FirstLines& first, CoordinateFile& file) {
    const FirstLines::Line& line = first.lines.front();
    file.separator = separator_of(line.text);
    file.format = file.separator == ' ' ? "FROSTT text" : "CSV";
    std::vector<std::string_view> fields;
    split_fields(line.text, file.separator, fields);
    file.columns = static_cast<Index>(fields.size());
    const auto is_number = [](std::string_view field) { return real_number(field).has_value(); };
    if (file.format == "CSV" && std::none_of(fields.begin(), fields.end(), is_number)) {
        file.column_names.assign(fields.begin(), fields.end());
        file.body_offset = line.next_offset;
        file.body_line = line.number + 1;
    } else if (!std::all_of(fields.begin(), fields.end(), is_number)) {
        refuse_line(file.path, line.number,
                    "expected the position and the value of an entry, all of them numbers");
    }
}

/// What `write_tensor` says of a list in comments before it: names of the axes and extents, with
/// positions from 1.
void read_own_comments(const FirstLines& first, CoordinateFile& file) {
    const auto fields_after = [&](std::string_view head) {
        std::vector<std::string> words;
        for (const std::string& comment : first.comments) {
            if (comment.starts_with(head)) {
                std::vector<std::string_view> fields;
                split_fields(std::string_view(comment).substr(head.size()), ' ', fields);
                words.assign(fields.begin(), fields.end());
            }
        }
        return words;
    };
    const std::vector<std::string> axes = fields_after("# axes:");
    std::vector<Index> shape;
    for (const std::string& word : fields_after("# shape:")) {
        shape.push_back(whole_number(word).value_or(0));
    }
    const bool extents = std::all_of(shape.begin(), shape.end(), [](Index n) { return n > 0; });
    if (file.columns == static_cast<Index>(shape.size()) + 1 && axes.size() == shape.size() &&
        extents) {
        file.column_names = axes;
        file.shape = shape;
        file.index_base = {1};
    }
}

}  // namespace

bool looks_like_coordinates(const std::string& path) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored)) {
        return false;  // what is wrong with it is for others to say
    }
    const InputFile file(path);
    constexpr Index start_bytes = 4096;
    const std::string start = file.text(0, start_bytes);
    // Text has no control characters but blanks and line ends.
    const bool is_text = std::all_of(start.begin(), start.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 32 || c == '\n' || c == '\r' || c == '\t';
    });
    if (!is_text || start.empty()) {
        return false;
    }
    try {
        return inspect_coordinates(path).columns >= 2;
    } catch (const IoError&) {
        return start.starts_with("sptensor");  // then its header is to be complained of
    }
}

CoordinateFile inspect_coordinates(const std::string& path) {
    const InputFile input(path);
    constexpr std::size_t header_lines = 4;
    const FirstLines first = first_lines(input, header_lines);
    if (first.lines.empty()) {
        throw IoError(path +
                      " holds no entries: expected a line per entry, with its position and "
                      "its value");
    }
    CoordinateFile file;
    file.path = path;
    std::vector<std::string_view> fields;
    split_fields(first.lines.front().text, ' ', fields);
    if (fields.size() == 1 && fields.front() == "sptensor") {
        read_sptensor_header(first, file);
    } else {
        read_plain_start(first, file);
        read_own_comments(first, file);
    }
    return file;
}

}  // namespace tessera
