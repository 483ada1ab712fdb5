#include "tessera/problem/scene.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "entry_kernel.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/random.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

/// Streams of scenes: one per endmember's field from the first, then the parcels'.
constexpr std::uint32_t first_scene_stream = 0xB0000000U;

/// A feature of Gaussian shape around a wavelength, all in micrometres.
double bump(double wavelength, double centre, double width) {
    const double x = (wavelength - centre) / width;
    return std::exp(-0.5 * x * x);
}

/// A step from 0 to 1.
double edge(double wavelength, double centre, double width) {
    return 1.0 / (1.0 + std::exp((centre - wavelength) / width));
}

/// A rise from 0 at 0.35 towards 1.
double rise(double wavelength, double width) {
    return 1.0 - std::exp(-(wavelength - 0.35) / width);
}

/// What liquid water in leaves, soil and minerals leaves of the light, by depth of its bands.
double moist(double w, double depth) {
    return (1.0 - 0.15 * depth * bump(w, 0.97, 0.04)) * (1.0 - 0.25 * depth * bump(w, 1.19, 0.05)) *
           (1.0 - 0.75 * depth * bump(w, 1.45, 0.07)) * (1.0 - 0.90 * depth * bump(w, 1.94, 0.10));
}

double soil(double w) {
    return (0.05 + 0.38 * rise(w, 0.8)) * moist(w, 0.25) * (1.0 - 0.12 * bump(w, 2.20, 0.04));
}

double vegetation(double w) {
    const double leaf = 0.03 + 0.07 * bump(w, 0.55, 0.035) + 0.46 * edge(w, 0.715, 0.015);
    return leaf * moist(w, 0.9) * (1.0 - 0.5 * edge(w, 1.6, 0.25));
}

double water(double w) {
    return 0.004 + 0.05 * std::exp(-(w - 0.4) / 0.2) + 0.03 * bump(w, 0.57, 0.05);
}

double asphalt(double w) { return 0.06 + 0.05 * rise(w, 1.2) - 0.01 * bump(w, 2.31, 0.05); }

double dry_grass(double w) {
    return (0.05 + 0.42 * rise(w, 0.35)) * moist(w, 0.35) * (1.0 - 0.16 * bump(w, 2.10, 0.07)) *
           (1.0 - 0.10 * bump(w, 2.31, 0.04)) * (1.0 - 0.25 * edge(w, 1.8, 0.2));
}

double red_tile(double w) {
    return (0.05 + 0.33 * edge(w, 0.58, 0.03)) * (1.0 - 0.22 * bump(w, 0.87, 0.08)) *
           (1.0 + 0.15 * edge(w, 1.3, 0.2));
}

/// Kaolinite-like, with the hydroxyl doublet near 2.2.
double clay(double w) {
    return (0.35 + 0.42 * rise(w, 0.4)) * (1.0 - 0.30 * bump(w, 1.40, 0.02)) *
           (1.0 - 0.20 * bump(w, 1.91, 0.03)) * (1.0 - 0.25 * bump(w, 2.16, 0.018)) *
           (1.0 - 0.42 * bump(w, 2.21, 0.022));
}

double concrete(double w) {
    return (0.16 + 0.20 * rise(w, 0.5)) * moist(w, 0.15) * (1.0 - 0.09 * bump(w, 2.34, 0.04));
}

struct Endmember {
    const char* name;
    double (*reflectance)(double wavelength_um);
};

constexpr std::array<Endmember, max_endmembers> library = {{{"soil", soil},
                                                            {"vegetation", vegetation},
                                                            {"water", water},
                                                            {"asphalt", asphalt},
                                                            {"dry grass", dry_grass},
                                                            {"red tile", red_tile},
                                                            {"clay", clay},
                                                            {"concrete", concrete}}};

/// What the water vapour of the air lets through.
double air(double w) {
    return (1.0 - 0.80 * bump(w, 1.39, 0.035)) * (1.0 - 0.85 * bump(w, 1.88, 0.045));
}

/// Noise on a lattice, smoothly interpolated, of four scales that halve in size and height; in
/// [0, 1). x and y in cells of the coarsest lattice.
KOKKOS_INLINE_FUNCTION double smooth_noise(const Random& random, double x, double y) {
    double sum = 0.0;
    double height = 0.5;
    for (std::uint32_t octave = 0; octave < 4; ++octave) {
        const double cell_x = Kokkos::floor(x);
        const double cell_y = Kokkos::floor(y);
        const auto corner = [&](int dx, int dy) {
            const Index index = (static_cast<Index>(cell_y) + dy) * (Index{1} << 30) +
                                static_cast<Index>(cell_x) + dx;
            return random.uniform(index, octave);
        };
        const double u = x - cell_x;
        const double v = y - cell_y;
        const double smooth_u = u * u * (3.0 - 2.0 * u);
        const double smooth_v = v * v * (3.0 - 2.0 * v);
        const double top = corner(0, 0) + smooth_u * (corner(1, 0) - corner(0, 0));
        const double bottom = corner(0, 1) + smooth_u * (corner(1, 1) - corner(0, 1));
        sum += height * (top + smooth_v * (bottom - top));
        height *= 0.5;
        x *= 2.0;
        y *= 2.0;
    }
    return sum;
}

/// Endmember of the parcel (Voronoi cell of one random point per lattice cell) around a place.
KOKKOS_INLINE_FUNCTION int parcel(const Random& random, double x, double y, int endmembers) {
    const auto cell_x = static_cast<Index>(Kokkos::floor(x));
    const auto cell_y = static_cast<Index>(Kokkos::floor(y));
    double nearest = 1e300;
    int owner = 0;
    for (Index j = cell_y - 1; j <= cell_y + 1; ++j) {
        for (Index i = cell_x - 1; i <= cell_x + 1; ++i) {
            const Index index = (j + 1) * (Index{1} << 30) + i + 1;
            const double dx = static_cast<double>(i) + random.uniform(index, 0) - x;
            const double dy = static_cast<double>(j) + random.uniform(index, 1) - y;
            const double distance = dx * dx + dy * dy;
            if (distance < nearest) {
                nearest = distance;
                owner = static_cast<int>(random.uniform(index, 2) * endmembers);
            }
        }
    }
    return owner;
}

/// Shares of the endmembers at a place: softmax of smooth fields, with the parcel's own on top.
KOKKOS_INLINE_FUNCTION void mix(std::uint64_t seed, double x, double y, int endmembers,
                                double* abundance) {
    constexpr double contrast = 9.0;      // of the smooth fields' 0 to 1
    constexpr double parcel_bonus = 3.5;  // leaves the own endmember some 80 % of a parcel
    const int owner =
        parcel(Random(seed, first_scene_stream + max_endmembers), 1.5 * x, 1.5 * y, endmembers);
    double sum = 0.0;
    for (int e = 0; e < endmembers; ++e) {
        const Random field(seed, first_scene_stream + static_cast<std::uint32_t>(e));
        abundance[e] = Kokkos::exp(contrast * (smooth_noise(field, x, y) - 0.5) +
                                   (e == owner ? parcel_bonus : 0.0));
        sum += abundance[e];
    }
    for (int e = 0; e < endmembers; ++e) {
        abundance[e] /= sum;
    }
}

template <typename T>
HyperspectralScene<T> empty_scene(const Partition& partition, int endmembers) {
    if (partition.order() != 3 || endmembers < 2 || endmembers > max_endmembers) {
        throw UsageError(fmt::format(
            "the simulated scene needs a shape of 3 numbers (rows, cols, bands) and 2 to {} "
            "endmembers, got {} numbers and {} endmembers",
            max_endmembers, partition.order(), endmembers));
    }
    std::optional<DenseTensor<T>> values;
    agree(partition.communicator(), [&] { values.emplace("tessera::scene", partition); });
    HyperspectralScene<T> scene{*values, {}, {}, Matrix(partition.shape()[2], endmembers)};
    const Index bands = partition.shape()[2];
    for (Index band = 0; band < bands; ++band) {
        const double place = (static_cast<double>(band) + 0.5) / static_cast<double>(bands);
        scene.wavelengths_um.push_back(0.4 + 2.1 * place);
    }
    for (int e = 0; e < endmembers; ++e) {
        const Endmember& endmember = library[static_cast<std::size_t>(e)];
        scene.names.emplace_back(endmember.name);
        for (Index band = 0; band < bands; ++band) {
            const double w = scene.wavelengths_um[static_cast<std::size_t>(band)];
            scene.spectra(band, e) = endmember.reflectance(w) * air(w);
        }
    }
    return scene;
}

}  // namespace

template <typename T>
HyperspectralScene<T> simulate_hyperspectral(const Partition& partition, int endmembers,
                                             std::uint64_t seed) {
    HyperspectralScene<T> scene = empty_scene<T>(partition, endmembers);
    const DeviceView<double> spectra = to_device("tessera::scene_spectra", scene.spectra.values);
    const DeviceView<T> block = scene.values.block();
    const Box box = scene.values.box();
    const Extents local = box.shape();
    const Extents shape = partition.shape();
    // Six cells of the coarsest lattice across the longer side.
    const double cell = static_cast<double>(std::max(shape[0], shape[1])) / 6.0;
    using Policy = Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>;
    Kokkos::parallel_for(
        "tessera::simulate_hyperspectral", Policy(0, local[0] * local[1]),
        KOKKOS_LAMBDA(Index pixel) {
            const Index local_row = pixel / local[1];
            const auto row = static_cast<double>(box.begin[0] + local_row);
            const auto col = static_cast<double>(box.begin[1] + pixel % local[1]);
            double abundance[max_endmembers];
            mix(seed, col / cell, row / cell, endmembers, abundance);
            for (Index band = 0; band < local[2]; ++band) {
                // fma by name: the bits must not depend on how the compiler cuts this loop.
                double value = 0.0;
                for (int e = 0; e < endmembers; ++e) {
                    const Index at = box.begin[2] + band + e * shape[2];
                    value = Kokkos::fma(abundance[e], spectra(at), value);
                }
                block(pixel * local[2] + band) = static_cast<T>(value);
            }
        });
    Kokkos::fence("tessera::simulate_hyperspectral");
    return scene;
}

template HyperspectralScene<float> simulate_hyperspectral(const Partition&, int, std::uint64_t);
template HyperspectralScene<double> simulate_hyperspectral(const Partition&, int, std::uint64_t);

}  // namespace tessera
