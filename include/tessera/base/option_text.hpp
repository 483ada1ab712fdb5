#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tessera {

/// Levenshtein distance with swaps: the fewest insertions, deletions and replacements of one
/// character and swaps of two neighbours that turn `a` into `b` (optimal string alignment).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `name` if it is near enough to be a slip of the pen (at most a third of
/// the letters differ, or one begins with the other), else nothing. Ties go to the earlier
/// candidate.
[[nodiscard]] std::optional<std::string> nearest_name(std::string_view name,
                                                      const std::vector<std::string>& candidates);

/// ` (did you mean "rank"?)`, or nothing if no candidate is near.
[[nodiscard]] std::string did_you_mean(std::string_view name,
                                       const std::vector<std::string>& candidates);

/// Seconds of "20 min", "1.5 h", "30 s", "250 ms", "2 d", "1 h 30 min", "01:50:00" or "2-12:00:00"
/// (SLURM's days-hours:minutes:seconds). Nothing if the text is none of these; a bare number has no
/// unit and is refused, because SLURM reads it as minutes and most programs as seconds.
[[nodiscard]] std::optional<double> parse_duration(std::string_view text);

/// Seconds in the largest unit that gives a whole number, e.g. "20 min"; reads back exactly.
[[nodiscard]] std::string format_duration(double seconds);

/// Text broken into lines of at most `width` columns, each after `indent`, every line ended by \n.
[[nodiscard]] std::string wrap_text(std::string_view text, std::string_view indent,
                                    std::size_t width = 96);

}  // namespace tessera
