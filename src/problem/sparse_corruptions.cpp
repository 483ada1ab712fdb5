#include "tessera/problem/sparse_corruptions.hpp"

#include "corruption_support.hpp"
#include "tessera/problem/noise_corruptions.hpp"

namespace tessera {
namespace detail {

template <typename T>
void add_salt_and_pepper(const SaltPepperCorruption& options, CorruptionContext<T>& context) {
    const AxisRoles roles = context.roles();
    const DeviceView<double> ratios =
        to_device("tessera::salt_pepper_ratio",
                  resolve_band_levels(options.ratio, roles.band_count(context.values.shape()),
                                      context.random(0), "corrupt.salt-pepper.ratio"));
    const Random chosen = context.random(1);
    const Random colour = context.random(2);
    const int band_mode = roles.bands;
    const bool clip = options.clip;
    transform_entries(
        "corrupt_salt_pepper", context.values, KOKKOS_LAMBDA(double x, const EntryPlace& place) {
            if (chosen.uniform(place.global) < ratios(band_of(place, band_mode))) {
                return colour.uniform(place.global) < 0.5 ? 0.0 : 1.0;
            }
            return clip ? Kokkos::fmin(Kokkos::fmax(x, 0.0), 1.0) : x;
        });
    forget_noise(context);
}

template <typename T>
void add_impulses(const ImpulseCorruption& options, CorruptionContext<T>& context) {
    const Random chosen = context.random(0);
    const Random height = context.random(1);
    const double ratio = options.ratio;
    const double low = options.low;
    const double span = options.high - options.low;
    transform_entries(
        "corrupt_impulse", context.values, KOKKOS_LAMBDA(double x, const EntryPlace& place) {
            return chosen.uniform(place.global) < ratio
                       ? x + low + span * height.uniform(place.global)
                       : x;
        });
    forget_noise(context);
}

template <typename T>
void zero_entries(const EntryZeroCorruption& options, CorruptionContext<T>& context) {
    const Random chosen = context.random(0);
    const double ratio = options.ratio;
    transform_entries(
        "corrupt_entry_zero", context.values, KOKKOS_LAMBDA(double x, const EntryPlace& place) {
            return chosen.uniform(place.global) < ratio ? 0.0 : x;
        });
    forget_noise(context);
}

}  // namespace detail

void SaltPepperCorruption::declare(OptionTable& table) {
    table
        .add_number_or_list(
            "ratio", ratio,
            "share of replaced entries: one number, one per band, or a range per band")
        .minimum(0.0)
        .maximum(1.0)
        .required()
        .example("0.15")
        .details("Lists are read as those of corrupt.gaussian.sigma.");
    table.add("clip", clip, "clip all values to [0, 1] afterwards");
}

void SaltPepperCorruption::check(const Extents& shape, const std::vector<std::string>& axes) const {
    (void)resolve_band_levels(ratio, axis_roles(axes, shape.order()).band_count(shape),
                              Random(0, 0), "corrupt.salt-pepper.ratio");
}

void ImpulseCorruption::declare(OptionTable& table) {
    table.add("ratio", ratio, "share of entries that gain an impulse")
        .minimum(0.0)
        .maximum(1.0)
        .required()
        .example("0.1");
    table.add("low", low, "smallest impulse");
    table.add("high", high, "largest impulse");
    table.add_check("low", [this] {
        return low <= high ? std::string() : std::string("must not be larger than high");
    });
}

void EntryZeroCorruption::declare(OptionTable& table) {
    table.add("ratio", ratio, "share of entries set to 0")
        .minimum(0.0)
        .maximum(1.0)
        .required()
        .example("0.1");
}

TESSERA_CORRUPTION_APPLY(SaltPepperCorruption, add_salt_and_pepper)
TESSERA_CORRUPTION_APPLY(ImpulseCorruption, add_impulses)
TESSERA_CORRUPTION_APPLY(EntryZeroCorruption, zero_entries)

}  // namespace tessera
