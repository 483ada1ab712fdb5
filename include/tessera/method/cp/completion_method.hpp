#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/method/cp/component_model.hpp"
#include "tessera/method/cp/cp_options.hpp"
#include "tessera/method/method.hpp"
#include "tessera/tensor/completion_rows.hpp"

namespace tessera {

/// CP completion: alternating least squares over the observed entries alone, with a ridge (Tomasi
/// and Bro 2005; Smith et al. 2016). A step is one sweep over all modes of one start; each row of a
/// factor is the solution of its own normal equations, so the cost is in proportion to the observed
/// entries. Minimises sum over them of (x - m)^2 + ridge sum over modes of |A|^2, for data scaled
/// to a root mean square of 1.
template <typename T>
class CompletionMethod final : public Method<T> {
  public:
    /// `observed` are the entries; with `dense`, the partition of the tensor that they come from,
    /// there is a whole estimate. Collective. Throws MemoryError.
    CompletionMethod(const SparseTensor<T>& observed, std::optional<Partition> dense,
                     std::vector<std::string> axes, const CpOptions& options, std::uint64_t seed);

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

    /// Bytes of the normal equations that a rank holds at a time.
    [[nodiscard]] static double equation_bytes(const Extents& block_shape, Index rank);

  private:
    /// The rows of every mode's factor that belong to this rank's block, row-major.
    using Rows = std::vector<std::vector<double>>;

    void begin_start();
    void end_start(bool settled);
    /// Returns how much of the squared data the new rows explain, on all ranks alike.
    double update(int mode);
    [[nodiscard]] const Rows& answer() const { return finished_ ? best_ : rows_; }
    /// Factors of norm 1, weights, order and signs as everywhere.
    [[nodiscard]] ComponentModel arranged() const;
    void serialise_rows(Archive& archive, const std::string& name, Rows& rows);

    SparseTensor<T> observed_;
    std::optional<Partition> dense_;
    std::vector<std::string> axes_;
    CpOptions options_;
    std::uint64_t seed_;
    std::vector<CompressedFibres<T>> fibres_;  ///< one per target mode
    std::vector<Communicator> sharers_;        ///< of the block's rows, one per mode
    double squared_norm_;                      ///< of the observed entries
    double mean_square_;
    double ridge_;  ///< in the data's units: data scaled by c have factors scaled by c^(1 / order)
    std::vector<std::string> remarks_;

    // The state: what `serialise` lists.
    Index steps_done_ = 0;
    Index start_ = 0;
    Index sweeps_ = 0;
    bool finished_ = false;
    double fit_ = 0.0;
    double change_ = 0.0;
    Rows rows_;
    double best_fit_ = 0.0;
    bool best_settled_ = true;
    Rows best_;  ///< of the starts that have ended
};

}  // namespace tessera
