#include "tessera/problem/noise_corruptions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "corruption_support.hpp"
#include "tessera/base/error.hpp"
#include "tessera/problem/poisson_sampling.hpp"
#include "tessera/tensor/reductions.hpp"

namespace tessera {

std::vector<double> resolve_band_levels(const std::vector<double>& given, Index bands,
                                        const Random& random, const std::string& key) {
    const auto count = static_cast<std::size_t>(bands);
    if (given.size() == count) {
        return given;
    }
    if (given.size() == 1) {
        return std::vector<double>(count, given.front());
    }
    if (given.size() != 2 || given[0] > given[1]) {
        throw UsageError(fmt::format(
            "{}: expected one number, {} numbers (one per band) or a range [lowest, highest], got "
            "{} numbers{}",
            key, bands, given.size(),
            given.size() == 2 ? " of which the first is the larger one" : ""));
    }
    std::vector<double> drawn(count);
    for (Index band = 0; band < bands; ++band) {
        drawn[static_cast<std::size_t>(band)] =
            given[0] + (given[1] - given[0]) * random.uniform(band);
    }
    return drawn;
}

namespace detail {

/// The sigma that gives `snr_db` over the observed entries.
template <typename T>
double sigma_of_snr(const CorruptionContext<T>& context, double snr_db) {
    auto observed = static_cast<double>(context.values.size());
    if (context.mask) {
        const DeviceView<std::uint8_t> mask = context.mask->block();
        Index count = 0;
        Kokkos::parallel_reduce(
            "tessera::count_observed", Kokkos::RangePolicy<>(0, mask.size()),
            KOKKOS_LAMBDA(std::size_t i, Index & sum) { sum += mask(i) != 0 ? 1 : 0; }, count);
        observed = static_cast<double>(context.values.communicator().sum(count));
    }
    // The sum must not depend on the number of ranks, because it becomes part of the data.
    const double power = reproducible_squared_norm(context.values) / std::max(observed, 1.0);
    return std::sqrt(power / std::pow(10.0, snr_db / 10.0));
}

template <typename T>
void add_gaussian(const GaussianCorruption& options, CorruptionContext<T>& context) {
    const int band_mode = context.roles().bands;
    std::vector<double> sigma;
    if (options.snr_db) {
        sigma = {sigma_of_snr(context, *options.snr_db)};
        context.remarks.push_back(
            fmt::format("gaussian: sigma = {:.6g} for {:g} dB", sigma[0], *options.snr_db));
    } else if (options.sigma->size() == 1) {
        sigma = *options.sigma;
    } else {
        sigma =
            resolve_band_levels(*options.sigma, context.roles().band_count(context.values.shape()),
                                context.random(0), "corrupt.gaussian.sigma");
        const auto [lowest, highest] = std::minmax_element(sigma.begin(), sigma.end());
        context.remarks.push_back(
            fmt::format("gaussian: sigma per band, from {:.4g} to {:.4g}", *lowest, *highest));
    }
    const Random random = context.random(1);
    const DeviceView<double> levels = to_device("tessera::gaussian_sigma", sigma);
    const int level_mode = sigma.size() == 1 ? -1 : band_mode;
    transform_entries(
        "corrupt_gaussian", context.values, KOKKOS_LAMBDA(double x, const EntryPlace& place) {
            return x + levels(band_of(place, level_mode)) * random.normal(place.global);
        });
    record_gaussian(context, std::move(sigma), band_mode);
}

/// Negative values: how many, and the lowest global index of one.
template <typename T>
NonFinite find_negative(const DenseTensor<T>& tensor) {
    const GlobalIndex global = global_index(tensor);
    const DeviceView<T> block = tensor.block();
    const Index none = tensor.size();
    Index count = 0;
    Index first = none;
    Kokkos::parallel_reduce(
        "tessera::find_negative", Kokkos::RangePolicy<>(0, block.size()),
        KOKKOS_LAMBDA(std::size_t i, Index & sum, Index & lowest) {
            if (block(i) < T(0)) {
                ++sum;
                const Index here = global(static_cast<Index>(i));
                lowest = here < lowest ? here : lowest;
            }
        },
        Kokkos::Sum<Index>(count), Kokkos::Min<Index>(first));
    count = tensor.communicator().sum(count);
    first = tensor.communicator().min(std::min(first, none));
    return {count, count > 0 ? first : -1};
}

template <typename T>
void count_photons(const PoissonCorruption& options, CorruptionContext<T>& context) {
    const NonFinite negative = find_negative(context.values);
    if (negative.count > 0 && !options.is_signed) {
        throw UsageError(fmt::format(
            "corrupt.poisson: {} values are negative, the first at {}: counts need values >= 0; "
            "scale the data first or set signed = true",
            negative.count, describe_position(negative.first, context.values.shape())));
    }
    const Random counts = context.random(0);
    const Random electrons = context.random(1);
    const double peak = options.peak;
    const double readout = options.readout;
    transform_entries(
        "corrupt_poisson", context.values, KOKKOS_LAMBDA(double x, const EntryPlace& place) {
            const double drawn = sample_poisson(counts, place.global, peak * Kokkos::abs(x));
            const double read = readout > 0.0 ? readout * electrons.normal(place.global) : 0.0;
            return ((x < 0.0 ? -drawn : drawn) + read) / peak;
        });
    if (negative.count > 0) {
        forget_noise(context);
    } else {
        record_poisson(context, peak, readout);
    }
}

template <typename T>
void make_rician(const RicianCorruption& options, CorruptionContext<T>& context) {
    const Random random = context.random(0);
    const double sigma = options.sigma;
    transform_entries(
        "corrupt_rician", context.values, KOKKOS_LAMBDA(double x, const EntryPlace& place) {
            const auto n = random.normal_pair(place.global);
            return Kokkos::hypot(x + sigma * n.first, sigma * n.second);
        });
    forget_noise(context);
}

template <typename T>
void add_squared_gaussian(const SquaredGaussianCorruption& options, CorruptionContext<T>& context) {
    const Random random = context.random(0);
    const double a = options.a;
    const double b = options.b;
    transform_entries(
        "corrupt_squared_gaussian", context.values,
        KOKKOS_LAMBDA(double x, const EntryPlace& place) {
            const auto n = random.normal_pair(place.global);
            return x + a * n.first + b * n.second * n.second;
        });
    forget_noise(context);
}

template <typename T>
void measure_transmission(const TransmissionPoissonCorruption& options,
                          CorruptionContext<T>& context) {
    double scale = 1.0;
    if (options.max_attenuation) {
        const double largest = summary(context.values).maximum;
        if (!(largest > 0.0)) {
            throw UsageError(
                "corrupt.transmission-poisson: max_attenuation needs a positive line integral, "
                "but no value of the data is positive");
        }
        scale = *options.max_attenuation / largest;
    }
    const EntryLocator locate{context.values.box(), context.values.block_shape(),
                              context.values.shape()};
    const DeviceView<T> block = context.values.block();
    const Random counts = context.random(0);
    const Random electrons = context.random(1);
    const double photons = options.photons;
    const double electronic = options.electronic;
    Index clamped = 0;
    Kokkos::parallel_reduce(
        "tessera::corrupt_transmission", Kokkos::RangePolicy<>(0, block.size()),
        KOKKOS_LAMBDA(std::size_t i, Index & sum) {
            const Index global = locate(static_cast<Index>(i)).global;
            const double expected = photons * Kokkos::exp(-scale * static_cast<double>(block(i)));
            double reading = sample_poisson(counts, global, expected);
            if (electronic > 0.0) {
                reading += electronic * electrons.normal(global);
            }
            if (reading < 1.0) {
                reading = 1.0;
                ++sum;
            }
            block(i) = static_cast<T>(-Kokkos::log(reading / photons) / scale);
        },
        clamped);
    clamped = context.values.communicator().sum(clamped);
    context.remarks.push_back(
        fmt::format("transmission-poisson: {} of {} readings were below one count and clamped",
                    clamped, context.values.size()));
    forget_noise(context);
}

template <typename T>
void clip_values(const ClipCorruption& options, CorruptionContext<T>& context) {
    const double low = options.low;
    const double high = options.high;
    transform_entries(
        "corrupt_clip", context.values, KOKKOS_LAMBDA(double x, const EntryPlace&) {
            return x < low ? low : (x > high ? high : x);
        });
    forget_noise(context);
}

}  // namespace detail

void GaussianCorruption::declare(OptionTable& table) {
    table
        .add_number_or_list("sigma", sigma,
                            "standard deviation: one number, one per band, or a range per band")
        .minimum(0.0)
        .unit("of the scaled data")
        .details(
            "A list with as many numbers as there are bands gives each band its own; any other "
            "list must be [lowest, highest], and each band draws its sigma uniformly from it. "
            "(With "
            "two bands a list of two is one number per band.)");
    table.add("snr_db", snr_db, "signal-to-noise ratio that sets one sigma, in place of `sigma`")
        .unit("dB")
        .details("sigma^2 = mean(x^2) / 10^(snr_db / 10), over the observed entries.");
    table.add_check("sigma", [this] {
        return sigma.has_value() == snr_db.has_value()
                   ? std::string("give exactly one of sigma and snr_db")
                   : std::string();
    });
}

void GaussianCorruption::check(const Extents& shape, const std::vector<std::string>& axes) const {
    if (sigma && sigma->size() != 1) {
        const AxisRoles roles = axis_roles(axes, shape.order());
        (void)resolve_band_levels(*sigma, roles.band_count(shape), Random(0, 0),
                                  "corrupt.gaussian.sigma");
    }
}

void PoissonCorruption::declare(OptionTable& table) {
    table.add("peak", peak, "photons that a value of 1 stands for")
        .above(0.0)
        .required()
        .unit("counts")
        .example("1000.0");
    table.add("readout", readout, "standard deviation of the readout noise")
        .minimum(0.0)
        .unit("counts");
    table.add("signed", is_signed, "negative values become minus the counts of their magnitude");
}

void RicianCorruption::declare(OptionTable& table) {
    table.add("sigma", sigma, "standard deviation of the real and the imaginary part")
        .minimum(0.0)
        .required()
        .unit("of the scaled data")
        .example("0.02");
}

void SquaredGaussianCorruption::declare(OptionTable& table) {
    table.add("a", a, "factor of the normal part").minimum(0.0);
    table.add("b", b, "factor of the squared normal part");
}

void TransmissionPoissonCorruption::declare(OptionTable& table) {
    table.add("photons", photons, "photons per reading without absorber")
        .minimum(1.0)
        .required()
        .unit("counts")
        .example("1e5");
    table.add("electronic", electronic, "standard deviation of the electronic noise")
        .minimum(0.0)
        .unit("counts");
    table
        .add("max_attenuation", max_attenuation,
             "line integral that the largest value is scaled to while photons are counted")
        .above(0.0)
        .details("The result is in the units of the data again.");
}

void ClipCorruption::declare(OptionTable& table) {
    table.add("low", low, "smallest value left");
    table.add("high", high, "largest value left");
    table.add_check("low", [this] {
        return low < high ? std::string() : std::string("must be less than high");
    });
}

TESSERA_CORRUPTION_APPLY(GaussianCorruption, add_gaussian)
TESSERA_CORRUPTION_APPLY(PoissonCorruption, count_photons)
TESSERA_CORRUPTION_APPLY(RicianCorruption, make_rician)
TESSERA_CORRUPTION_APPLY(SquaredGaussianCorruption, add_squared_gaussian)
TESSERA_CORRUPTION_APPLY(TransmissionPoissonCorruption, measure_transmission)
TESSERA_CORRUPTION_APPLY(ClipCorruption, clip_values)

}  // namespace tessera
