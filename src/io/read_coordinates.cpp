#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "coordinate_lines.hpp"
#include "tessera/base/error.hpp"
#include "tessera/io/coordinate_file.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

/// How the fields of a line become an entry.
struct LineRule {
    char separator;
    Index columns;
    std::vector<std::size_t> position_columns;
    std::size_t value_column;
    std::vector<Index> base;   ///< empty: not known yet
    std::vector<Index> shape;  ///< empty: not known, or base not known
};

LineRule rule_of(const CoordinateFile& file, const CoordinateOptions& options) {
    std::vector<Index> columns = options.columns;
    if (columns.empty()) {
        for (Index column = 1; column <= file.columns; ++column) {
            columns.push_back(column);
        }
    }
    const Index order = static_cast<Index>(columns.size()) - 1;
    const auto outside = std::find_if(columns.begin(), columns.end(), [&](Index column) {
        return column < 1 || column > file.columns;
    });
    if (outside != columns.end()) {
        throw UsageError(fmt::format("data.columns names column {}, but the lines of {} have {}",
                                     *outside, file.path, file.columns));
    }
    if (order < 1 || order > max_order) {
        throw UsageError(
            fmt::format("the entries of {} have {} positions and a value, but tensors have 1 to {} "
                        "modes: choose "
                        "columns with data.columns",
                        file.path, order, max_order));
    }
    LineRule rule{file.separator,
                  file.columns,
                  {},
                  static_cast<std::size_t>(columns.back() - 1),
                  options.index_base,
                  options.shape.empty() ? file.shape : options.shape};
    for (Index mode = 0; mode < order; ++mode) {
        rule.position_columns.push_back(
            static_cast<std::size_t>(columns[static_cast<std::size_t>(mode)] - 1));
    }
    if (rule.base.empty()) {
        rule.base = file.index_base;
    }
    if (rule.base.size() == 1) {
        rule.base.resize(static_cast<std::size_t>(order), rule.base[0]);
    }
    const auto fits = [&](const std::vector<Index>& list) {
        return list.empty() || static_cast<Index>(list.size()) == order;
    };
    if (!fits(rule.base) || !fits(rule.shape)) {
        throw UsageError(
            fmt::format("{} has entries of {} modes, but data.{} has {} numbers: give one per mode",
                        file.path, order, fits(rule.base) ? "shape" : "index_base",
                        fits(rule.base) ? rule.shape.size() : rule.base.size()));
    }
    for (const Index extent : rule.shape) {
        if (extent < 1 || extent > SparseTensor<double>::largest_extent) {
            throw UsageError(fmt::format("{}: an extent is {}, but extents are between 1 and 2^32",
                                         file.path, extent));
        }
    }
    return rule;
}

/// One rank's lines as it has read them, positions as in the file.
template <typename T>
struct OwnLines {
    CoordinateList<T> entries;
    Index lines = 0;
    std::string error;  ///< what is wrong with the first offending line
    Index error_line = -1;
};

/// Parses lines into a list; says what is wrong with a line.
template <typename T>
class LineParser {
  public:
    LineParser(const LineRule& rule, CoordinateList<T>& list) : rule_(rule), list_(list) {
        list_.positions.resize(rule.position_columns.size());
    }

    /// Empty when the line was understood.
    std::string take(std::string_view line) {
        split_fields(line, rule_.separator, fields_);
        if (static_cast<Index>(fields_.size()) != rule_.columns) {
            return fmt::format("it has {} columns, but the first entry has {}", fields_.size(),
                               rule_.columns);
        }
        for (std::size_t mode = 0; mode < rule_.position_columns.size(); ++mode) {
            std::string error = take_position(mode, fields_[rule_.position_columns[mode]]);
            if (!error.empty()) {
                return error;
            }
        }
        const std::string_view text = fields_[rule_.value_column];
        const std::optional<double> value = real_number(text);
        if (!value) {
            return fmt::format("the value \"{}\" is no number", text);
        }
        if (!std::isfinite(static_cast<double>(static_cast<T>(*value)))) {
            return fmt::format("the value {} is not finite{}", text,
                               std::isfinite(*value) ? " in single precision" : "");
        }
        list_.values.push_back(static_cast<T>(*value));
        return "";
    }

  private:
    std::string take_position(std::size_t mode, std::string_view text) {
        const std::optional<Index> position = whole_number(text);
        if (!position) {
            return fmt::format("the position \"{}\" in mode {} is no whole number", text, mode + 1);
        }
        const Index base = rule_.base.empty() ? 0 : rule_.base[mode];
        if (*position < base) {
            return fmt::format("the position {} in mode {} is below {}, the first one", *position,
                               mode + 1, base);
        }
        const bool knows_extent = !rule_.base.empty() && !rule_.shape.empty();
        if (knows_extent && *position - base >= rule_.shape[mode]) {
            return fmt::format(
                "the position {} in mode {} is beyond the extent {} (positions begin at {})",
                *position, mode + 1, rule_.shape[mode], base);
        }
        if (*position - base > static_cast<Index>(std::numeric_limits<std::uint32_t>::max())) {
            return fmt::format("the position {} in mode {} is beyond 2^32, the longest mode",
                               *position, mode + 1);
        }
        list_.positions[mode].push_back(static_cast<std::uint32_t>(*position - base));
        return "";
    }

    const LineRule& rule_;
    CoordinateList<T>& list_;
    std::vector<std::string_view> fields_;
};

template <typename T>
OwnLines<T> read_own_lines(const CoordinateFile& file, const LineRule& rule,
                           const Communicator& communicator) {
    const InputFile input(file.path);
    const Index bytes = input.size() - file.body_offset;
    const auto share = [&](Index rank) {
        return line_begin(input, file.body_offset,
                          file.body_offset + bytes / communicator.size() * rank);
    };
    const Index begin = share(communicator.rank());
    const Index end = communicator.rank() + 1 < communicator.size() ? share(communicator.rank() + 1)
                                                                    : input.size();
    OwnLines<T> own;
    LineParser<T> parser(rule, own.entries);
    own.lines = for_each_line(input, begin, end, [&](std::string_view line, Index number) {
        if (!is_content(line)) {
            return true;
        }
        own.error = parser.take(line);
        if (!own.error.empty()) {
            own.error_line = number;
            own.error += fmt::format(" (\"{}\")", line.substr(0, 80));
            return false;
        }
        return true;
    });
    return own;
}

/// Throws on all ranks for the first offending line of the file.
template <typename T>
void refuse_bad_lines(const CoordinateFile& file, const OwnLines<T>& own,
                      const Communicator& communicator) {
    const std::vector<Index> lines = communicator.all_gather(std::vector<Index>{own.lines});
    Index before = file.body_line;
    for (int rank = 0; rank < communicator.rank(); ++rank) {
        before += lines[static_cast<std::size_t>(rank)];
    }
    agree(communicator, [&] {
        if (own.error_line >= 0) {
            throw IoError(
                fmt::format("{}, line {}: {}", file.path, before + own.error_line, own.error));
        }
    });
}

/// Smallest and largest position of each mode over all ranks.
struct PositionRange {
    std::vector<Index> least;
    std::vector<Index> largest;
};

template <typename T>
PositionRange position_range(const CoordinateList<T>& list, const Communicator& communicator) {
    PositionRange range;
    for (const std::vector<std::uint32_t>& positions : list.positions) {
        const auto [least, largest] = std::minmax_element(positions.begin(), positions.end());
        const bool none = positions.empty();
        range.least.push_back(none ? std::numeric_limits<Index>::max() : Index{*least});
        range.largest.push_back(none ? -1 : Index{*largest});
    }
    const auto modes = static_cast<Index>(range.least.size());
    communicator.min_in_place(range.least.data(), modes);
    communicator.max_in_place(range.largest.data(), modes);
    return range;
}

/// The base that the positions speak for, and the sentence that says so.
std::vector<Index> detect_base(const PositionRange& range, const std::string& path,
                               std::vector<std::string>& remarks) {
    const std::size_t order = range.least.size();
    std::vector<std::size_t> with_zero;
    for (std::size_t mode = 0; mode < order; ++mode) {
        if (range.least[mode] == 0) {
            with_zero.push_back(mode + 1);
        }
    }
    if (with_zero.empty()) {
        remarks.push_back(path +
                          ": no position is 0, so positions are taken to begin at 1 "
                          "(data.index_base states it)");
        return std::vector<Index>(order, 1);
    }
    remarks.push_back(
        with_zero.size() == order
            ? path + ": every mode has positions 0, so positions begin at 0"
            : fmt::format("{}: there are positions 0, but only in mode {}; all modes are taken to "
                          "begin at 0, so the first slice of the others is empty "
                          "(data.index_base = [..] states it for each mode)",
                          path, fmt::join(with_zero, ", ")));
    return std::vector<Index>(order, 0);
}

template <typename T>
void check_count(const CoordinateFile& file, Index count) {
    if (count == 0) {
        throw IoError(file.path + " holds no entries");
    }
    if (file.stated_entries >= 0 && file.stated_entries != count) {
        throw IoError(
            fmt::format("{}: the header states {} entries, but there are {}: the file {}",
                        file.path, file.stated_entries, count,
                        count < file.stated_entries ? "is truncated" : "or its header is damaged"));
    }
}

/// Whether the last line has no line end: what is left of a file that was cut.
bool ends_within_a_line(const CoordinateFile& file) {
    const InputFile input(file.path);
    return input.size() > 0 && input.text(input.size() - 1, 1) != "\n";
}

}  // namespace

template <typename T>
CoordinateEntries<T> read_coordinates(const CoordinateFile& file, const CoordinateOptions& options,
                                      const Communicator& communicator) {
    LineRule rule = rule_of(file, options);
    const auto read = [&] {
        OwnLines<T> own;
        agree(communicator, [&] { own = read_own_lines<T>(file, rule, communicator); });
        refuse_bad_lines(file, own, communicator);
        return own;
    };
    OwnLines<T> own = read();
    CoordinateEntries<T> result;
    result.entry_count = communicator.sum(static_cast<Index>(own.entries.values.size()));
    check_count<T>(file, result.entry_count);
    PositionRange range = position_range(own.entries, communicator);
    if (rule.base.empty()) {
        rule.base = detect_base(range, file.path, result.remarks);
        const bool beyond = [&] {
            for (std::size_t mode = 0; mode < rule.shape.size(); ++mode) {
                if (range.largest[mode] - rule.base[mode] >= rule.shape[mode]) {
                    return true;
                }
            }
            return false;
        }();
        if (beyond) {
            own = read();  // now that positions have a meaning, the offending line is found
        } else {
            for (std::size_t mode = 0; mode < rule.base.size(); ++mode) {
                for (std::uint32_t& position : own.entries.positions[mode]) {
                    position -= static_cast<std::uint32_t>(rule.base[mode]);
                }
                range.largest[mode] -= rule.base[mode];
            }
        }
    }
    bool cut = false;
    agree(communicator, [&] { cut = ends_within_a_line(file); });
    if (cut) {
        result.remarks.push_back(file.path +
                                 ": the last line has no line end; the file may be truncated");
    }
    if (rule.shape.empty()) {
        for (const Index largest : range.largest) {
            rule.shape.push_back(largest + 1);
        }
    }
    result.shape = Extents(rule.shape);
    result.index_base = rule.base;
    result.entries = std::move(own.entries);
    return result;
}

#define TESSERA_INSTANTIATE(T)                                            \
    template CoordinateEntries<T> read_coordinates(const CoordinateFile&, \
                                                   const CoordinateOptions&, const Communicator&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
