#pragma once

#include <cstdint>

#include "tessera/base/memory.hpp"
#include "tessera/sampling/poisson_law.hpp"

namespace tessera {

/// What chains of matrices were measured as: Y = X + noise on the observed entries, or counts of
/// mean `counted.rate(peak X)`, divided by the peak. Several chains may belong to one measurement.
struct MatrixObservations {
    DeviceView<double> values;      ///< measurements one after the other, in the matrices' layout
    bool masked = false;            ///< some entries are missing
    DeviceView<std::uint8_t> mask;  ///< 1 where observed; not there unless `masked`
    DeviceView<Index> of_matrix;    ///< which measurement each matrix of the batch has
    bool counts = false;            ///< values are counts / peak; else their noise is Gaussian
    PoissonLaw counted;             ///< the law of counts

    /// Whether a local entry of a matrix was observed, callable in kernels.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION bool observed(Index matrix, Index local,
                                                       Index entries) const {
        return !masked || mask(of_matrix(matrix) * entries + local) != 0;
    }
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double value(Index matrix, Index local,
                                                      Index entries) const {
        return values(of_matrix(matrix) * entries + local);
    }
};

/// What the measurement of an entry says about its value phi in standard units (X = phi / rho):
/// all that kernels know of the noise. Callable in kernels; `local` is a local entry of `matrix`,
/// and observed unless said otherwise.
struct MatrixLikelihood {
    MatrixObservations measured;
    DeviceView<double> rho;  ///< one per matrix
    Index entries = 0;       ///< local entries of a matrix

    [[nodiscard]] KOKKOS_INLINE_FUNCTION bool observed(Index matrix, Index local) const {
        return measured.observed(matrix, local, entries);
    }
    /// The measurement, rho Y: the centre of the likelihood's quadratic part.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double centre(Index matrix, Index local) const {
        return rho(matrix) * measured.value(matrix, local, entries);
    }
    /// -log likelihood up to a constant.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double cost(Index matrix, Index local, double phi) const {
        if (measured.counts) {
            return measured.counted.cost(count(matrix, local), counts_per_unit(matrix) * phi);
        }
        const double residual = centre(matrix, local) - phi;
        return 0.5 * residual * residual;
    }
    /// d cost / d phi.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double gradient(Index matrix, Index local,
                                                         double phi) const {
        if (measured.counts) {
            const double unit = counts_per_unit(matrix);
            return unit * measured.counted.gradient(count(matrix, local), unit * phi);
        }
        return phi - centre(matrix, local);
    }
    /// Of the quadratic part, precision (phi - centre)^2 / 2, which is all of a Gaussian cost.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double precision(Index matrix, Index local) const {
        if (measured.counts) {
            const double unit = counts_per_unit(matrix);
            return unit * unit * measured.counted.precision(count(matrix, local));
        }
        return 1.0;
    }
    /// What the measurement of an entry would be without noise, in the units of the data; also of
    /// entries that are missing.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double mean(Index matrix, double phi) const {
        if (measured.counts) {
            return measured.counted.rate(counts_per_unit(matrix) * phi) / measured.counted.peak;
        }
        return phi / rho(matrix);
    }

  private:
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double counts_per_unit(Index matrix) const {
        return measured.counted.peak / rho(matrix);
    }
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double count(Index matrix, Index local) const {
        return measured.counted.peak * measured.value(matrix, local, entries);
    }
};

}  // namespace tessera
