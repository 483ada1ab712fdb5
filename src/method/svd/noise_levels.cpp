#include "tessera/method/svd/noise_levels.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tessera/base/error.hpp"

namespace tessera {
namespace {

NoiseLevels from_list(const std::vector<double>& sigma) {
    NoiseLevels levels;
    if (sigma.size() == 1) {
        levels.white_sigma = sigma.front();
    } else {
        levels.column_sigma = sigma;
    }
    return levels;
}

// Levels per band say something of the columns only when the columns are the bands.
template <typename T>
bool columns_are_mode(const WorkingMatrix<T>& matrix, int mode) {
    const ColumnModes& modes = matrix.modes();
    return modes.last - modes.first == 1 &&
           modes.mode_order[static_cast<std::size_t>(modes.first)] == mode;
}

}  // namespace

template <typename T>
NoiseLevels known_noise(const Problem<T>& problem, const SvdOptions& options,
                        const WorkingMatrix<T>& matrix) {
    const NoiseModel& noise = problem.noise;
    if (options.stabilisation == SvdOptions::Stabilisation::anscombe) {
        if (noise.kind != NoiseModel::Kind::poisson || noise.peak <= 0.0) {
            throw UsageError(
                "method.stabilise = \"anscombe\" needs the counts at value 1: give data.noise = "
                "\"poisson\" with data.noise_peak");
        }
        return from_list({1.0});
    }
    if (!options.noise_sigma.empty()) {
        const auto given = static_cast<Index>(options.noise_sigma.size());
        if (given != 1 && given != matrix.columns()) {
            throw UsageError(fmt::format(
                "method.noise_sigma has {} numbers, but the matrix has {} columns: give "
                "one number, or one per column",
                given, matrix.columns()));
        }
        return from_list(options.noise_sigma);
    }
    if (noise.kind != NoiseModel::Kind::gaussian) {
        return {};
    }
    const int last_mode = problem.observation.order() - 1;
    const int band_mode = noise.band_mode < 0 ? last_mode : noise.band_mode;
    if (noise.sigma.size() > 1 && !columns_are_mode(matrix, band_mode)) {
        return {};
    }
    return from_list(noise.sigma);
}

void guard_noise_levels(std::vector<double>& sigma) {
    double smallest = 1.0;
    bool found = false;
    for (const double level : sigma) {
        if (level > 0.0 && (!found || level < smallest)) {
            smallest = level;
            found = true;
        }
    }
    std::replace_if(
        sigma.begin(), sigma.end(), [](double level) { return !(level > 0.0); }, smallest);
}

template NoiseLevels known_noise<float>(const Problem<float>&, const SvdOptions&,
                                        const WorkingMatrix<float>&);
template NoiseLevels known_noise<double>(const Problem<double>&, const SvdOptions&,
                                         const WorkingMatrix<double>&);

}  // namespace tessera
