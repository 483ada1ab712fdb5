#pragma once

#include <string>
#include <vector>

#include "tessera/base/archive.hpp"
#include "tessera/sampling/matrix_chains.hpp"

namespace tessera {

/// Mean, variance and two quantiles of every entry of every chain, in the units of the data (of
/// counts: of the intensity, which is never negative),
/// accumulated draw by draw: no draw is stored.
class PosteriorMoments {
  public:
    /// `interval`: share of the posterior between the quantiles; 0: no quantiles.
    PosteriorMoments(const MatrixBatch& batch, double interval);

    /// Takes the chains' present X = Phi / rho, or the intensities of it.
    void add(const MatrixChains& chains);
    [[nodiscard]] Index draws() const { return draws_; }

    /// What is wanted of the posterior: an estimate alone, or its uncertainty too.
    enum class Fields { mean, all };
    /// Sums over this group's chains of each measurement, which has `entries` entries here: of the
    /// mean and, of all fields, of the second moment about zero and, where there are any, of the
    /// lower and the upper quantile.
    [[nodiscard]] std::vector<DeviceView<double>> sums(const MatrixObservations& measured,
                                                       Index measurements, Fields wanted) const;

    /// `place`: units x rows x columns, this rank's part.
    void serialise(Archive& archive, const BlockPlace& place);

  private:
    MatrixBatch batch_;
    bool quantiles_;  ///< the same on all ranks, also on those without entries
    double low_share_;
    Index draws_ = 0;
    DeviceView<double> mean_;
    DeviceView<double> squares_;  ///< sum of squared distances from the mean
    DeviceView<float> low_;       ///< states of the running quantiles
    DeviceView<float> high_;
};

}  // namespace tessera
