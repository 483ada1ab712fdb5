#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/method/method.hpp"
#include "tessera/method/nuclear_norm/chain_records.hpp"
#include "tessera/method/nuclear_norm/noise_scale.hpp"
#include "tessera/method/nuclear_norm/nuclear_norm_options.hpp"
#include "tessera/method/nuclear_norm/patch_exchange.hpp"
#include "tessera/method/nuclear_norm/posterior_moments.hpp"
#include "tessera/sampling/matrix_kernel.hpp"

namespace tessera {

/// Posterior sampling of low-rank matrices under the nuclear-norm distribution (arXiv 2510.05447):
/// Y = X + gamma E where observed, X | gamma with density proportional to exp(-lambda ||X||_* /
/// gamma), lambda and gamma fixed or inferred; or Y are counts of mean rate(X), and gamma is the
/// root mean square of their noise. The matrices are the whole tensor unfolded, its
/// slices, or overlapping patches.
///
/// A step is one step of the kernel for every chain, then one draw of the scales. The estimate is
/// the posterior mean; its standard deviation and quantiles are maps beside it.
template <typename T>
class NuclearNormMethod final : public Method<T> {
  public:
    /// Collective. Throws UsageError when options, shape and noise model do not fit together.
    NuclearNormMethod(const Problem<T>& problem, const NuclearNormOptions& options,
                      std::uint64_t seed);

    void step() override;
    [[nodiscard]] bool finished() const override { return steps_done_ >= options_.steps(); }
    [[nodiscard]] bool converged() const override;
    [[nodiscard]] Index steps_done() const override { return steps_done_; }
    [[nodiscard]] Index steps_expected() const override { return options_.steps(); }
    [[nodiscard]] std::vector<NamedValue> report() const override;
    [[nodiscard]] std::vector<std::string> take_remarks() override;
    void serialise(Archive& archive) override;
    [[nodiscard]] DenseTensor<T> estimate() const override;
    [[nodiscard]] std::vector<EstimateMap<T>> maps() const override;
    [[nodiscard]] std::vector<Factor> factors() const override;

  private:
    [[nodiscard]] MatrixBatch make_batch() const;
    [[nodiscard]] MatrixObservations observe() const;
    [[nodiscard]] bool counts() const {
        return options_.likelihood == NuclearNormOptions::Likelihood::poisson;
    }
    [[nodiscard]] bool noise_free() const {
        return !counts() && (options_.infer_noise || !noise_.sigma);
    }
    /// Noise levels of the matrices, which all but inferred ones keep.
    [[nodiscard]] std::vector<double> first_noise_levels() const;
    /// First values of the scales, and first matrices: chains of one matrix start at different
    /// thresholds of its singular values.
    void start_chains();
    void draw_scales();
    /// Traces, and the figures of the progress line.
    void record();
    void judge();
    void describe();
    /// First, middle and last entry of every traced chain, in standard units (collective over the
    /// group).
    [[nodiscard]] std::vector<std::array<double, 3>> traced_entries() const;
    [[nodiscard]] BlockPlace place(Index rows, Index columns, const Range& own_rows) const;
    /// Posterior mean, standard deviation and quantiles on the observation's partition.
    [[nodiscard]] std::vector<DenseTensor<T>> fields(PosteriorMoments::Fields wanted) const;

    const Problem<T>& problem_;
    NuclearNormOptions options_;
    std::uint64_t seed_;
    PatchExchange exchange_;
    NoiseScale noise_;
    MatrixChains chains_;
    std::unique_ptr<MatrixKernel> kernel_;
    PosteriorMoments moments_;
    ChainRecords records_;
    std::vector<ScaleSums> sums_;  ///< of the present state
    std::vector<std::string> remarks_;
    std::vector<NamedValue> report_;
    std::optional<ConvergenceSummary> summary_;
    Index steps_done_ = 0;
};

}  // namespace tessera
