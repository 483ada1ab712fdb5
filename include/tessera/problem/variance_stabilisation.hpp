#pragma once

#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// Generalised Anscombe transform of values (Poisson(peak x) + readout N(0, 1)) / peak: afterwards
/// the noise is close to N(0, 1) for all x (Starck, Murtagh and Bijaoui 1998, with unit gain).
struct VarianceStabilisation {
    double peak = 1.0;     ///< counts at value 1
    double readout = 0.0;  ///< standard deviation of the readout noise, in counts

    /// In place: v becomes 2 sqrt(max(peak v + 3/8 + readout^2, 0)).
    template <typename T>
    void forward(const DenseTensor<T>& tensor) const;

    /// In place: the closed form of the exact unbiased inverse (Makitalo and Foi 2013, eq. 10),
    /// which maps the mean of the transformed values back to the mean of the counts; back to
    /// values. Never negative.
    template <typename T>
    void inverse(const DenseTensor<T>& tensor) const;
};

}  // namespace tessera
