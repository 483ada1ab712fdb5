#include "tessera/problem/line_corruptions.hpp"

#include <fmt/format.h>

#include "corruption_support.hpp"
#include "tessera/base/error.hpp"

namespace tessera {
namespace detail {

/// One number for every column of every band that this rank owns.
template <typename V>
struct ColumnTable {
    Range bands;
    Range cols;
    std::vector<V> values;

    /// The row of a band (a global position), or null when this rank does not own it.
    V* row(Index band) {
        return band < bands.begin || band >= bands.end
                   ? nullptr
                   : values.data() + (band - bands.begin) * cols.size();
    }
    void set(Index band, Index col, V value) {
        if (col >= cols.begin && col < cols.end) {
            row(band)[col - cols.begin] = value;
        }
    }
};

template <typename V, typename T>
ColumnTable<V> column_table(const DenseTensor<T>& tensor, const AxisRoles& roles) {
    const Box box = tensor.box();
    ColumnTable<V> table;
    table.bands =
        roles.bands < 0 ? Range{0, 1} : Range{box.begin[roles.bands], box.end[roles.bands]};
    table.cols = {box.begin[roles.cols], box.end[roles.cols]};
    if (table.bands.size() > 0 && table.cols.size() > 0) {
        table.values.resize(static_cast<std::size_t>(table.bands.size() * table.cols.size()), V{});
    }
    return table;
}

/// Calls `body(x, v)` for every entry, with the v of its column.
template <typename V, typename T, typename Body>
void transform_columns(const std::string& name, const DenseTensor<T>& tensor,
                       const AxisRoles& roles, const ColumnTable<V>& table, const Body& body) {
    const DeviceView<V> values = to_device("tessera::columns", table.values);
    const Range bands = table.bands;
    const Range cols = table.cols;
    const int band_mode = roles.bands;
    const int col_mode = roles.cols;
    transform_entries(
        name, tensor, KOKKOS_LAMBDA(double x, const EntryPlace& place) {
            const Index row = band_of(place, band_mode) - bands.begin;
            const Index column = place.position[col_mode] - cols.begin;
            return body(x, values(row * (cols.end - cols.begin) + column));
        });
}

/// The columns' mode, or a UsageError.
void require_columns(const AxisRoles& roles, const std::string& kind) {
    if (roles.cols < 0) {
        throw UsageError(fmt::format(
            "corrupt.{}: the tensor has no mode of columns: expected an axis named \"cols\"",
            kind));
    }
}

/// The listed bands that this rank owns; throws when the list does not fit.
Range listed_bands(const std::vector<Index>& listed, Index count, const std::string& kind) {
    if (listed.empty()) {
        return {0, count};
    }
    if (listed[0] < 0 || listed[0] >= listed[1] || listed[1] > count) {
        throw UsageError(
            fmt::format("corrupt.{}.bands: expected [begin, end) within the {} bands, counted from "
                        "0, got [{}, {}]",
                        kind, count, listed[0], listed[1]));
    }
    return {listed[0], listed[1]};
}

/// A range option of one or two integers.
Range closed_range(const std::vector<Index>& given) { return {given.front(), given.back()}; }

void check_range(const std::vector<Index>& given, Index largest, const std::string& key) {
    const Range range = closed_range(given);
    if (range.begin > range.end || range.end > largest) {
        throw UsageError(
            fmt::format("corrupt.{}: expected one number or [lowest, highest] up to {} (the "
                        "columns), got [{}, {}]",
                        key, largest, range.begin, range.end));
    }
}

template <typename T>
void add_deadlines(const DeadlineCorruption& options, CorruptionContext<T>& context) {
    const AxisRoles roles = context.roles();
    const Extents shape = context.values.shape();
    options.check(shape, context.axes);
    const Random counts = context.random(0);
    const Random lines = context.random(1);
    const Range count = closed_range(options.count);
    const Range width = closed_range(options.width);
    const Range bands = listed_bands(options.bands, roles.band_count(shape), "deadline");

    auto dead = column_table<std::uint8_t>(context.values, roles);
    for (Index band = bands.begin; band < bands.end; ++band) {
        if (dead.values.empty() || dead.row(band) == nullptr) {
            continue;
        }
        const Index line_count = uniform_integer(count.begin, count.end, counts.uniform(band));
        for (Index line = 0; line < line_count; ++line) {
            const auto step = static_cast<std::uint32_t>(2 * line);
            const Index wide = uniform_integer(width.begin, width.end, lines.uniform(band, step));
            const Index first =
                uniform_integer(0, shape[roles.cols] - wide, lines.uniform(band, step + 1));
            for (Index col = first; col < first + wide; ++col) {
                dead.set(band, col, 1);
            }
        }
    }
    transform_columns(
        "corrupt_deadline", context.values, roles, dead,
        KOKKOS_LAMBDA(double x, std::uint8_t zero) { return zero != 0 ? 0.0 : x; });
    forget_noise(context);
}

template <typename T>
void add_stripes(const StripeCorruption& options, CorruptionContext<T>& context) {
    const AxisRoles roles = context.roles();
    const Extents shape = context.values.shape();
    options.check(shape, context.axes);
    const Index cols = shape[roles.cols];
    const Random counts = context.random(0);
    const Random places = context.random(1);
    const Random shifts = context.random(2);
    const Range count = closed_range(options.count);
    const Range bands = listed_bands(options.bands, roles.band_count(shape), "stripe");

    auto shift = column_table<double>(context.values, roles);
    for (Index band = bands.begin; band < bands.end; ++band) {
        if (shift.values.empty() || shift.row(band) == nullptr) {
            continue;
        }
        const Index striped = uniform_integer(count.begin, count.end, counts.uniform(band));
        for (const Index col : choose(cols, striped, places, band * cols)) {
            const double u = shifts.uniform(band * cols + col);
            shift.set(band, col, options.amplitude * (2.0 * u - 1.0));
        }
    }
    transform_columns(
        "corrupt_stripe", context.values, roles, shift,
        KOKKOS_LAMBDA(double x, double by) { return x + by; });
    forget_noise(context);
}

template <typename T>
void zero_columns(const ColumnZeroCorruption& options, CorruptionContext<T>& context) {
    const AxisRoles roles = context.roles();
    const Extents shape = context.values.shape();
    options.check(shape, context.axes);
    const Index band_count = roles.band_count(shape);
    const Index cols = shape[roles.cols];
    const Random places = context.random(1);

    auto dead = column_table<std::uint8_t>(context.values, roles);
    for (const Index band :
         choose(band_count, rounded_share(options.band_ratio, band_count), context.random(0), 0)) {
        if (dead.values.empty() || dead.row(band) == nullptr) {
            continue;
        }
        for (const Index col :
             choose(cols, rounded_share(options.column_ratio, cols), places, band * cols)) {
            dead.set(band, col, 1);
        }
    }
    transform_columns(
        "corrupt_column_zero", context.values, roles, dead,
        KOKKOS_LAMBDA(double x, std::uint8_t zero) { return zero != 0 ? 0.0 : x; });
    forget_noise(context);
}

/// The keys `bands` and `count`, which deadlines and stripes share.
void declare_bands_and_count(OptionTable& table, std::vector<Index>& bands,
                             std::vector<Index>& count, const std::string& what) {
    table
        .add("bands", bands,
             "bands that get " + what + ": [begin, end), counted from 0; empty: all")
        .minimum(0);
    table.add_check("bands", [&bands] {
        return bands.empty() || bands.size() == 2 ? std::string()
                                                  : std::string("expected [begin, end) or []");
    });
    table
        .add_number_or_list("count", count,
                            what + " per band: one number, or a range [lowest, highest]")
        .minimum(0)
        .length(1, 2);
}

}  // namespace detail

void DeadlineCorruption::declare(OptionTable& table) {
    detail::declare_bands_and_count(table, bands, count, "dead lines");
    table
        .add_number_or_list("width", width,
                            "neighbouring columns per dead line: one number, or a range")
        .minimum(1)
        .length(1, 2);
}

void DeadlineCorruption::check(const Extents& shape, const std::vector<std::string>& axes) const {
    const AxisRoles roles = axis_roles(axes, shape.order());
    detail::require_columns(roles, kind());
    (void)detail::listed_bands(bands, roles.band_count(shape), kind());
    detail::check_range(count, std::numeric_limits<std::int32_t>::max() / 2, "deadline.count");
    detail::check_range(width, shape[roles.cols], "deadline.width");
}

void StripeCorruption::declare(OptionTable& table) {
    detail::declare_bands_and_count(table, bands, count, "stripes");
    table.add("amplitude", amplitude, "largest shift of a column")
        .minimum(0.0)
        .unit("of the scaled data");
}

void StripeCorruption::check(const Extents& shape, const std::vector<std::string>& axes) const {
    const AxisRoles roles = axis_roles(axes, shape.order());
    detail::require_columns(roles, kind());
    (void)detail::listed_bands(bands, roles.band_count(shape), kind());
    detail::check_range(count, shape[roles.cols], "stripe.count");
}

void ColumnZeroCorruption::declare(OptionTable& table) {
    table.add("band_ratio", band_ratio, "share of the bands").minimum(0.0).maximum(1.0);
    table.add("column_ratio", column_ratio, "share of the columns of such a band")
        .minimum(0.0)
        .maximum(1.0);
}

void ColumnZeroCorruption::check(const Extents& shape, const std::vector<std::string>& axes) const {
    detail::require_columns(axis_roles(axes, shape.order()), kind());
}

TESSERA_CORRUPTION_APPLY(DeadlineCorruption, add_deadlines)
TESSERA_CORRUPTION_APPLY(StripeCorruption, add_stripes)
TESSERA_CORRUPTION_APPLY(ColumnZeroCorruption, zero_columns)

}  // namespace tessera
