#pragma once

#include <vector>

#include "tessera/linalg/batched.hpp"
#include "tessera/sampling/matrix_batch.hpp"

namespace tessera {

/// Singular values and right singular vectors of each matrix A = U diag(s) V^T of a batch: enough
/// for every function of the spectrum, since U diag(f(s)) V^T = A V diag(f(s) / s) V^T. Left
/// vectors are never formed, and a large matrix stays where it is.
struct RightSpectrum {
    explicit RightSpectrum(const MatrixBatch& batch);

    [[nodiscard]] double* values(Index matrix) { return singular_values.data() + matrix * columns; }
    [[nodiscard]] const double* values(Index matrix) const {
        return singular_values.data() + matrix * columns;
    }
    /// sum_i weights_i s_i, with one weight for each column; the nuclear norm where all are 1.
    [[nodiscard]] double norm(Index matrix, const std::vector<double>& weights) const;
    /// The spectrum of `factor` A.
    void scale(Index matrix, double factor);
    /// Takes over the spectrum of one matrix.
    void copy_from(const RightSpectrum& other, Index matrix);

    Index columns;
    std::vector<double> singular_values;  ///< count x columns, descending in each matrix
    DeviceView<double> vectors;           ///< count x columns x columns; vector j is contiguous
};

/// How well a spectrum must be known.
enum class SpectrumAccuracy {
    full,     ///< errors of 1e-15 of the largest singular value: for densities that are compared
    gradient  ///< large matrices through their Gram matrix, where singular values below 1e-8 of the
              ///< largest are lost: for proposals, a few times faster
};

/// Fills the spectra of the matrices named in `which` (ascending) from `a`. Small matrices on one
/// rank are decomposed together, one per vector lane (up to 64 columns always, up to 256 where they
/// fill half of the lanes); others one by one through a QR factorisation over the group. Collective
/// over the group; throws ConvergenceError where an entry is no number.
void decompose(const MatrixBatch& batch, const DeviceView<double>& a,
               const std::vector<Index>& which, RightSpectrum& spectrum,
               SpectrumAccuracy accuracy = SpectrumAccuracy::full);

/// out = A V diag(weights) V^T, or out += that, for the matrices named in `which`; `weights` has
/// one number per singular value of every matrix. `out` must not overlap `a`.
void apply_weights(const MatrixBatch& batch, const DeviceView<double>& a,
                   const RightSpectrum& spectrum, const std::vector<double>& weights,
                   const std::vector<Index>& which, Target target, const DeviceView<double>& out);

/// All matrices of a batch.
[[nodiscard]] std::vector<Index> all_matrices(const MatrixBatch& batch);

/// What `apply_weights` takes for the soft threshold of the singular values: max(0, 1 - threshold /
/// s), with one threshold per singular value of every matrix. The proximal operator of
/// sum_i threshold_i s_i where the thresholds of a matrix do not descend (all equal: Cai, Candes
/// and Shen 2010; ascending: Gu et al. 2014).
[[nodiscard]] std::vector<double> shrinkage_weights(const RightSpectrum& spectrum,
                                                    const std::vector<double>& thresholds);

}  // namespace tessera
