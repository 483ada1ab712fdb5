#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/method/cp/component_model.hpp"
#include "tessera/method/cp/cp_options.hpp"
#include "tessera/method/method.hpp"
#include "tessera/tensor/compressed_fibres.hpp"
#include "tessera/tensor/dimension_tree.hpp"

namespace tessera {

/// CP decomposition of a dense or sparse tensor by alternating least squares (Kolda and Bader 2009,
/// section 3.4) or, with nonnegative factors, by hierarchical alternating least squares (Cichocki
/// and Phan 2009). A step is one sweep over all modes of one start.
///
/// The fit comes without forming the residual, from |X|^2 - 2 <X, M> + |M|^2, of which the MTTKRP
/// of the last mode gives the middle term. The difference cancels: the relative error sqrt(..) /
/// |X| can be trusted down to about 1e-7 (float64 data; 1e-3 for float32, whose MTTKRPs are rounded
/// to 24 bits), below that it is rounding.
template <typename T>
class CpMethod final : public Method<T> {
  public:
    /// Collective. The problem has no mask.
    CpMethod(const Problem<T>& problem, const CpOptions& options, std::uint64_t seed);
    /// The same for a sparse tensor whose other entries are zeros: the work is in proportion to the
    /// listed ones, and there is no whole estimate. Collective.
    CpMethod(const SparseProblem<T>& problem, const CpOptions& options, std::uint64_t seed);

    void step() override;
    [[nodiscard]] bool finished() const override { return finished_; }
    [[nodiscard]] bool converged() const override { return best_settled_; }
    [[nodiscard]] Index steps_done() const override { return steps_done_; }
    [[nodiscard]] Index steps_expected() const override {
        return options_.starts * options_.maximum_steps;
    }
    [[nodiscard]] std::vector<NamedValue> report() const override;
    [[nodiscard]] std::vector<std::string> take_remarks() override;
    void serialise(Archive& archive) override;
    [[nodiscard]] DenseTensor<T> estimate() const override;
    [[nodiscard]] std::vector<double> predict(const SparseTensor<T>& at) const override;
    [[nodiscard]] std::vector<Factor> factors() const override;

  private:
    void begin_start();
    void end_start(bool settled);
    /// Returns <X, M> after the update.
    double update(int mode);
    /// Gives the random start the size of the data: a nonnegative update begins from where it is.
    void scale_start(const std::vector<double>& rhs);
    [[nodiscard]] const ComponentModel& answer() const { return finished_ ? best_ : model_; }

    void allocate_products(const Extents& block_shape);
    /// MTTKRP of this rank's entries, into products_.
    void multiply(int mode);

    Communicator communicator_;
    std::vector<std::string> axes_;
    CpOptions options_;
    std::uint64_t seed_;
    std::optional<DenseTensor<T>> data_;       ///< dense data, with
    std::optional<DimensionTree<T>> tree_;     ///< their products
    std::vector<CompressedFibres<T>> fibres_;  ///< sparse data, one forest per mode
    HostView<double> products_;                ///< the MTTKRP of one mode: block rows x rank
    double squared_norm_ = 0.0;                ///< of the data
    std::vector<std::string> remarks_;

    // The state: what `serialise` lists.
    Index steps_done_ = 0;
    Index start_ = 0;   ///< which start is being run
    Index sweeps_ = 0;  ///< of this start
    bool finished_ = false;
    double fit_ = 0.0;
    double change_ = 0.0;
    ComponentModel model_;
    double best_fit_ = 0.0;
    bool best_settled_ = true;
    ComponentModel best_;  ///< of the starts that have ended
};

}  // namespace tessera
