#pragma once

#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// Squared singular values (descending) and left singular vectors of the unfolding of one mode, one
/// per entry of the mode; the same to the last bit on all ranks.
struct ModeSpectrum {
    std::vector<double> energies;
    Matrix vectors;  ///< extent x extent, one per column, signs by `fix_signs`

    /// Sum of all energies: the squared norm of the tensor.
    [[nodiscard]] double total() const;
    /// Sum of the energies from `rank` on, smallest first.
    [[nodiscard]] double tail(Index rank) const;
    /// The smallest rank whose tail is at most `budget`; at least 1.
    [[nodiscard]] Index smallest_rank(double budget) const;
};

/// From the eigenvalues of the Gram matrix. Energies below about 1e-15 of the largest are rounding,
/// so singular values below 1e-7 of the largest are lost. Collective; MemoryError,
/// ConvergenceError.
template <typename T>
[[nodiscard]] ModeSpectrum spectrum_by_gram(const DenseTensor<T>& tensor, int mode);

/// From a QR of the transposed unfolding and an SVD of R: singular values down to 1e-16 of the
/// largest. Where the mode is split over ranks the tensor is redistributed first, which takes one
/// more block. Collective; MemoryError, ConvergenceError.
template <typename T>
[[nodiscard]] ModeSpectrum spectrum_by_qr(const DenseTensor<T>& tensor, int mode);

/// Below this share of the largest energy, those of the Gram route carry too few digits: singular
/// values at 1e-6 of the largest still have two.
inline constexpr double least_gram_energy = 1e-12;

}  // namespace tessera
