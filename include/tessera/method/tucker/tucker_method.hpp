#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/method/method.hpp"
#include "tessera/method/tucker/tucker_completion.hpp"
#include "tessera/method/tucker/tucker_options.hpp"

namespace tessera {

/// Tucker decomposition: a small core times one factor with orthonormal columns per mode.
///
/// The first steps are those of the sequentially truncated HOSVD (Vannieuwenhoven, Vandebril and
/// Meerbergen 2012), one mode each: the leading left singular vectors of the unfolding become the
/// factor, and the tensor is projected on them before the next mode. The squared error is the sum
/// of all discarded squared singular values. Then, where asked for, each step is one sweep of
/// HOOI.
///
/// With missing entries the truncation (of the data with zeros for them) is only the start: each
/// further step is one sweep of alternating least squares on the observed entries alone, and the
/// objective is the relative error on these.
template <typename T>
class TuckerMethod final : public Method<T> {
  public:
    /// Collective. Throws UsageError when options and shape do not fit together.
    TuckerMethod(const Problem<T>& problem, TuckerOptions options);

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
    [[nodiscard]] int order() const { return problem_.observation.order(); }
    [[nodiscard]] const DenseTensor<T>& current() const {
        return core_ ? *core_ : problem_.observation;
    }
    void choose_route();
    void choose_order();
    void truncate_next_mode();
    void improve();
    void complete();
    /// The observed entries, and the start for the sweeps over them.
    void prepare_completion();
    /// The core of the model as a distributed tensor.
    [[nodiscard]] DenseTensor<T> distributed_core() const;
    /// The relative error that the squared one stands for.
    [[nodiscard]] double relative(double squared_error) const;
    /// Number of entries of core and factors.
    [[nodiscard]] double stored_entries() const;

    const Problem<T>& problem_;
    TuckerOptions options_;
    std::vector<Index> ranks_;  ///< as asked for; empty: by the tolerance
    std::vector<int> modes_;    ///< in the order of truncation
    std::vector<std::string> remarks_;

    // The state: what `serialise` lists.
    Index steps_done_ = 0;
    bool finished_ = false;
    bool converged_ = true;
    bool by_qr_ = false;
    double squared_norm_ = 0.0;
    double discarded_ = 0.0;  ///< sum of squared singular values that the truncation left out
    double objective_ = 1.0;  ///< relative error of the estimate
    double change_ = 0.0;     ///< of that, by the last sweep
    /// Factors: empty where not yet truncated. Core: of the completion only, else empty.
    TuckerModel model_;
    std::vector<std::vector<double>> singular_values_;  ///< of each mode when it was truncated
    std::optional<DenseTensor<T>> core_;  ///< the tensor projected on the factors so far

    std::optional<TuckerCompletion<T>> completion_;  ///< made when its first sweep begins
};

}  // namespace tessera
