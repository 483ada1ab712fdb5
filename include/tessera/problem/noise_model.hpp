#pragma once

#include <vector>

namespace tessera {

/// What is known about the noise of the observed values, in the units of the (scaled) data.
struct NoiseModel {
    enum class Kind {
        unknown,   ///< estimate it from the data
        gaussian,  ///< additive, standard deviation `sigma`
        poisson    ///< counts: value = (Poisson(peak * x) + readout * N(0,1)) / peak
    };
    Kind kind = Kind::unknown;
    std::vector<double> sigma;  ///< one for all entries, or one per slice of `band_mode`
    int band_mode = -1;         ///< the mode of a sigma per band; -1: the last
    double peak = 0.0;          ///< counts at value 1
    double readout = 0.0;       ///< standard deviation of the readout noise, in counts
};

}  // namespace tessera
