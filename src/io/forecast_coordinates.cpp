#include <algorithm>

#include "coordinate_lines.hpp"
#include "tessera/io/coordinate_file.hpp"

namespace tessera {
namespace {

// Of longer files that many pieces of that length, evenly spread, are looked at.
constexpr Index pieces = 16;
constexpr Index piece_bytes = Index{1} << 18;

struct Glance {
    Index lines = 0;
    Index bytes = 0;
    std::vector<Index> largest;  ///< position of each mode, as in the file
    bool has_zero = false;
};

std::vector<std::size_t> position_columns(const CoordinateFile& file,
                                          const CoordinateOptions& options) {
    std::vector<std::size_t> columns;
    for (const Index column : options.columns) {
        columns.push_back(static_cast<std::size_t>(column - 1));
    }
    for (Index column = 0; options.columns.empty() && column < file.columns; ++column) {
        columns.push_back(static_cast<std::size_t>(column));
    }
    columns.pop_back();  // the value's
    return columns;
}

void look_at(const InputFile& input, const CoordinateFile& file,
             const std::vector<std::size_t>& columns, Index begin, Index end, Glance& glance) {
    std::vector<std::string_view> fields;
    (void)for_each_line(input, begin, end, [&](std::string_view line, Index) {
        if (is_content(line)) {
            ++glance.lines;
            split_fields(line, file.separator, fields);
            for (std::size_t mode = 0; mode < columns.size(); ++mode) {
                const auto position = columns[mode] < fields.size()
                                          ? whole_number(fields[columns[mode]])
                                          : std::nullopt;
                glance.largest[mode] = std::max(glance.largest[mode], position.value_or(0));
                glance.has_zero = glance.has_zero || position == 0;
            }
        }
        return true;
    });
    glance.bytes += end - begin;
}

}  // namespace

CoordinateForecast forecast_coordinates(const CoordinateFile& file,
                                        const CoordinateOptions& options) {
    const InputFile input(file.path);
    const Index body = input.size() - file.body_offset;
    const std::vector<std::size_t> columns = position_columns(file, options);
    Glance glance;
    glance.largest.assign(columns.size(), 0);
    CoordinateForecast forecast;
    forecast.exact = body <= pieces * piece_bytes;
    if (forecast.exact) {
        look_at(input, file, columns, file.body_offset, input.size(), glance);
    }
    for (Index piece = 0; !forecast.exact && piece < pieces; ++piece) {
        const Index from = file.body_offset + (body - piece_bytes) / (pieces - 1) * piece;
        look_at(input, file, columns, line_begin(input, file.body_offset, from),
                line_begin(input, file.body_offset, from + piece_bytes), glance);
    }
    forecast.entries = file.stated_entries >= 0
                           ? static_cast<double>(file.stated_entries)
                           : static_cast<double>(glance.lines) * static_cast<double>(body) /
                                 static_cast<double>(std::max<Index>(1, glance.bytes));
    std::vector<Index> shape = options.shape.empty() ? file.shape : options.shape;
    for (std::size_t mode = 0; shape.size() < columns.size(); ++mode) {
        const std::vector<Index>& base =
            options.index_base.empty() ? file.index_base : options.index_base;
        const Index first =
            base.empty() ? Index{!glance.has_zero} : base[base.size() == 1 ? 0 : mode];
        shape.push_back(std::max<Index>(1, glance.largest[mode] + 1 - first));
    }
    forecast.shape = Extents(shape);
    return forecast;
}

}  // namespace tessera
