#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/linalg/distributed_svd.hpp"
#include "tessera/method/method.hpp"
#include "tessera/method/svd/imputation.hpp"
#include "tessera/method/svd/right_factors.hpp"
#include "tessera/method/svd/spectrum_rule.hpp"
#include "tessera/method/svd/svd_options.hpp"
#include "tessera/method/working_matrix.hpp"

namespace tessera {

/// Truncated or shrunk singular value decomposition of one unfolding.
///
/// With every entry observed the steps are the batches of triplets that the solver finds (one for
/// tsqr, which finds all). With missing entries each step is one round of imputation: decompose the
/// filled matrix, keep what the rule keeps, fill the missing entries from that; the objective is
/// the relative error on observed entries only.
///
/// The estimate is A V diag(w) V^T for singular vectors V and weights w, formed panel by panel:
/// left vectors are never stored.
template <typename T>
class SvdMethod final : public Method<T> {
  public:
    /// Collective. Throws UsageError when options, shape and noise model do not fit together.
    SvdMethod(const Problem<T>& problem, SvdOptions options, std::uint64_t seed);

    void step() override;
    [[nodiscard]] bool finished() const override { return finished_; }
    [[nodiscard]] bool converged() const override { return converged_; }
    [[nodiscard]] Index steps_done() const override { return steps_done_; }
    [[nodiscard]] Index steps_expected() const override;
    [[nodiscard]] std::vector<NamedValue> report() const override;
    [[nodiscard]] std::vector<std::string> take_remarks() override;
    void serialise(Archive& archive) override;
    [[nodiscard]] DenseTensor<T> estimate() const override;
    [[nodiscard]] std::vector<Factor> factors() const override;

  private:
    [[nodiscard]] bool masked() const { return matrix_.mask() != nullptr; }
    void prepare_noise();
    void step_complete();
    void step_imputation();
    /// All singular values and right vectors of the (whitened) working matrix.
    void decompose_directly();
    /// The next batch of triplets beside those known already.
    void decompose_batch();
    void find_hysime_rank(const Matrix& gram);
    [[nodiscard]] std::optional<KeptSpectrum> keep();
    void fill_missing();
    /// Writes the missing entries of the working matrix from scores and right factors.
    ImputationSums impute_from_scores();
    [[nodiscard]] HostView<T> allocate_scores() const;
    [[nodiscard]] Index rank() const { return static_cast<Index>(weights_.size()); }
    [[nodiscard]] RightFactors right() const {
        return right_factors(right_, weights_, column_sigma_);
    }

    const Problem<T>& problem_;
    SvdOptions options_;
    std::uint64_t seed_;
    bool direct_;
    WorkingMatrix<T> matrix_;
    std::optional<double> noise_sigma_;  ///< of white noise on the (whitened) matrix
    std::vector<double> column_sigma_;   ///< whitening: noise of each column; empty: none
    std::vector<std::string> remarks_;

    // The state: what `serialise` lists.
    Index steps_done_ = 0;
    bool finished_ = false;
    bool converged_ = true;
    Spectrum spectrum_;
    std::vector<double> residuals_;  ///< of iteratively found triplets
    Matrix right_;                   ///< columns x known triplets, orthonormal
    std::vector<double> weights_;
    Index hysime_rank_ = -1;
    double objective_ = 1.0;  ///< relative error of the estimate on the observed entries
    double change_ = 0.0;     ///< of the missing entries, relative
    HostView<T> scores_;      ///< rows x kept triplets: A in_; with missing entries only
};

}  // namespace tessera
