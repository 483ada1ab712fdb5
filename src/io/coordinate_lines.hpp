#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "input_file.hpp"

namespace tessera {

/// The fields of a line: apart by any number of blanks and tabs, or by a separator, and then
/// without the blanks around them.
void split_fields(std::string_view line, char separator, std::vector<std::string_view>& fields);

/// Whether a line holds an entry, or is empty or a comment.
[[nodiscard]] bool is_content(std::string_view line);

/// The whole text is a number.
[[nodiscard]] std::optional<Index> whole_number(std::string_view text);
[[nodiscard]] std::optional<double> real_number(std::string_view text);

/// The first line that begins at `offset` or later; `body`, where lines begin, is the earliest.
[[nodiscard]] Index line_begin(const InputFile& file, Index body, Index offset);

/// Calls visit(line, number) for the lines that begin in bytes begin..end-1 of a file, `begin`
/// being such a place, without their line ends, until it returns false; lines are numbered from 0.
/// Returns how many lines begin there, visited or not. Reads in pieces; throws IoError for a line
/// longer than a piece.
Index for_each_line(const InputFile& file, Index begin, Index end,
                    const std::function<bool(std::string_view, Index)>& visit);

}  // namespace tessera
