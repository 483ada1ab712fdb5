#include "tessera/problem/missing_corruption.hpp"

#include <fmt/format.h>

#include "corruption_support.hpp"
#include "tessera/base/error.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/reductions.hpp"

namespace tessera {
namespace detail {

using Pattern = MissingCorruption::Pattern;

/// The mode along which entries go missing together (pixels, lines, fibres), or of whose slices
/// (bands, views); -1 for single entries.
int pattern_mode(const MissingCorruption& options, const Extents& shape,
                 const std::vector<std::string>& axes) {
    const AxisRoles roles = axis_roles(axes, shape.order());
    int mode = -1;
    const char* name = "";
    switch (options.pattern) {
        case Pattern::entries:
            return -1;
        case Pattern::pixels:
        case Pattern::bands:
            mode = roles.bands;
            name = "bands";
            break;
        case Pattern::lines:
            mode = roles.rows;
            name = "rows";
            break;
        case Pattern::views:
            mode = roles.views;
            name = "views";
            break;
        case Pattern::fibres:
            return mode_by_name(options.mode, axes, shape.order(), "corrupt.missing.mode");
    }
    if (mode < 0) {
        throw UsageError(
            fmt::format("corrupt.missing.pattern: the tensor has no mode of {0}: expected an axis "
                        "named \"{0}\"",
                        name));
    }
    return mode;
}

bool whole_slices(Pattern pattern) {
    return pattern == Pattern::bands || pattern == Pattern::views;
}

/// One byte per slice: exactly the rounded share of them is 1.
std::vector<std::uint8_t> kept_slices(const MissingCorruption& options, Index count,
                                      const Random& random) {
    std::vector<std::uint8_t> kept(static_cast<std::size_t>(count), 0);
    for (const Index slice : choose(count, rounded_share(options.keep, count), random, 0)) {
        kept[static_cast<std::size_t>(slice)] = 1;
    }
    return kept;
}

template <typename T>
void create_mask(CorruptionContext<T>& context) {
    if (!context.mask) {
        agree(context.values.communicator(),
              [&] { context.mask.emplace("tessera::mask", context.values.partition()); });
        fill(*context.mask, std::uint8_t{1});
    }
}

/// Clears mask and value of every entry for which `observed(place)` is false; returns how many
/// entries of the whole tensor are left.
template <typename T, typename Observed>
Index take_out(CorruptionContext<T>& context, const Observed& observed) {
    create_mask(context);
    const EntryLocator locate{context.values.box(), context.values.block_shape(),
                              context.values.shape()};
    const DeviceView<T> block = context.values.block();
    const DeviceView<std::uint8_t> mask = context.mask->block();
    Index left = 0;
    Kokkos::parallel_reduce(
        "tessera::corrupt_missing", Kokkos::RangePolicy<>(0, block.size()),
        KOKKOS_LAMBDA(std::size_t i, Index & sum) {
            if (mask(i) != 0 && observed(locate(static_cast<Index>(i)))) {
                ++sum;
            } else {
                mask(i) = 0;
                block(i) = T(0);
            }
        },
        left);
    return context.values.communicator().sum(left);
}

template <typename T>
void lose_entries(const MissingCorruption& options, CorruptionContext<T>& context) {
    const Extents shape = context.values.shape();
    options.check(shape, context.axes);
    const int mode = pattern_mode(options, shape, context.axes);
    const Random random = context.random(0);
    Index left = 0;
    if (whole_slices(options.pattern)) {
        const DeviceView<std::uint8_t> kept =
            to_device("tessera::kept_slices", kept_slices(options, shape[mode], random));
        left = take_out(
            context,
            KOKKOS_LAMBDA(const EntryPlace& place) { return kept(place.position[mode]) != 0; });
    } else {
        const double keep = options.keep;
        left = take_out(
            context, KOKKOS_LAMBDA(const EntryPlace& place) {
                // A fibre is drawn under the index of its entry at position 0.
                Extents unit = place.position;
                if (mode >= 0) {
                    unit[mode] = 0;
                }
                return random.uniform(row_major_offset(unit, shape)) < keep;
            });
    }
    if (left == 0) {
        throw UsageError(
            fmt::format("corrupt.missing: keep = {:g} left no entry observed", options.keep));
    }
    context.remarks.push_back(fmt::format(
        "missing: {} of {} entries are observed ({:.2f} %)", left, context.values.size(),
        100.0 * static_cast<double>(left) / static_cast<double>(context.values.size())));
}

}  // namespace detail

void MissingCorruption::declare(OptionTable& table) {
    table.add_choice("pattern", pattern,
                     {{"entries", Pattern::entries, "single entries"},
                      {"pixels", Pattern::pixels, "all bands of a pixel together"},
                      {"bands", Pattern::bands, "whole bands"},
                      {"lines", Pattern::lines, "whole columns of single bands"},
                      {"fibres", Pattern::fibres, "fibres along `mode`"},
                      {"views", Pattern::views, "whole views"}},
                     "what goes missing together");
    table.add("keep", keep, "share that stays observed")
        .above(0.0)
        .maximum(1.0)
        .details(
            "Of bands and views exactly the rounded number stays; of the other patterns each unit "
            "stays with this probability.");
    table.add("mode", mode, "axis of the fibres, by name or number (from 0)").example("\"rows\"");
    table.add_check("mode", [this] {
        return (pattern == Pattern::fibres) == !mode.empty()
                   ? std::string()
                   : std::string("must be given with pattern = \"fibres\", and only then");
    });
}

void MissingCorruption::check(const Extents& shape, const std::vector<std::string>& axes) const {
    const int along = detail::pattern_mode(*this, shape, axes);
    if (detail::whole_slices(pattern) && rounded_share(keep, shape[along]) == 0) {
        throw UsageError(fmt::format("corrupt.missing: keep = {:g} of {} slices leaves none", keep,
                                     shape[along]));
    }
}

TESSERA_CORRUPTION_APPLY(MissingCorruption, lose_entries)

}  // namespace tessera
