#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/method/method.hpp"
#include "tessera/method/nmf/nmf_options.hpp"
#include "tessera/method/nmf/observed_entries.hpp"
#include "tessera/method/working_matrix.hpp"

namespace tessera {

/// Nonnegative factorisation X ~ W H^T of one unfolding in the Frobenius norm. A step updates W
/// (rows x rank, shared out with the rows), then H (columns x rank, on every rank). With missing
/// entries only the observed ones are looked at, and the objective is the relative error on them.
///
/// With `update = "kullback_leibler"` the divergence is made small instead, and the objective is
/// its value relative to the sum of the data.
///
/// Without missing entries the error comes from |X|^2 - 2 <X, W H^T> + |W H^T|^2, which cancels: it
/// can be trusted down to about 1e-7 (float64 data; 1e-3 for float32).
template <typename T>
class NmfMethod final : public Method<T> {
  public:
    /// Collective. Throws UsageError when the data have negative entries.
    NmfMethod(const Problem<T>& problem, NmfOptions options, std::uint64_t seed);

    void step() override;
    [[nodiscard]] bool finished() const override { return finished_; }
    [[nodiscard]] bool converged() const override { return converged_; }
    [[nodiscard]] Index steps_done() const override { return steps_done_; }
    [[nodiscard]] Index steps_expected() const override { return options_.maximum_steps; }
    [[nodiscard]] std::vector<NamedValue> report() const override;
    [[nodiscard]] std::vector<std::string> take_remarks() override;
    void serialise(Archive& archive) override;
    [[nodiscard]] DenseTensor<T> estimate() const override;
    [[nodiscard]] std::vector<Factor> factors() const override;

  private:
    void start(std::uint64_t seed);
    void start_randomly(std::uint64_t seed);
    void scale_start();
    /// NNDSVD; for multiplicative updates, which never leave 0, with the mean in place of zeros.
    void start_from_svd(std::uint64_t seed);
    double complete_step();
    double observed_step();
    /// Returns the divergence relative to the sum of the data.
    double divergence_step();
    /// One step down for the rows of x towards the minimum of 1/2 x gram x^T - rhs x^T.
    void improve(const std::vector<double>& rhs, const Matrix& gram, std::vector<double>& x) const;
    /// X H for the own rows, and X^T W summed over all ranks.
    [[nodiscard]] std::vector<double> row_products() const;
    [[nodiscard]] std::vector<double> column_products() const;
    [[nodiscard]] Matrix row_gram() const;
    [[nodiscard]] Matrix column_gram() const;
    /// How far the columns of W are from being flat (Hoyer 2004, section 3.1), in the mean: 0 for
    /// equal entries, 1 for a single one that is not 0.
    [[nodiscard]] double sparseness() const;
    /// Columns of both factors to norm 1, components in order of their weights.
    void arrange();
    [[nodiscard]] BlockPlace row_place() const;

    const Problem<T>& problem_;
    NmfOptions options_;
    WorkingMatrix<T> matrix_;
    std::optional<ObservedEntries<T>> observed_;  ///< with missing entries only
    double squared_norm_ = 0.0;                   ///< of the observed entries
    double sum_ = 0.0;                            ///< of all entries
    std::vector<std::string> remarks_;

    // The state: what `serialise` lists.
    Index steps_done_ = 0;
    bool finished_ = false;
    bool converged_ = true;
    double objective_ = 1.0;
    double change_ = 0.0;
    std::vector<double> w_;        ///< own rows x rank, row-major
    std::vector<double> h_;        ///< columns x rank, row-major
    std::vector<double> weights_;  ///< 1 until the end
};

}  // namespace tessera
