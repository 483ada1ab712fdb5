#pragma once

#include <string>
#include <vector>

#include "tessera/base/archive.hpp"
#include "tessera/linalg/khatri_rao.hpp"
#include "tessera/linalg/matrix.hpp"
#include "tessera/method/method.hpp"
#include "tessera/tensor/factor_rows.hpp"

namespace tessera {

/// A sum of `rank` components, each a weight times one vector of norm 1 per mode: what cp fits
/// (Kolda and Bader 2009, section 3). Every rank holds the factor rows of its own block.
class ComponentModel {
  public:
    /// All zeros. Collective.
    ComponentModel(const UnevenPartition& partition, Index rank);

    [[nodiscard]] int order() const { return static_cast<int>(layout_.size()); }
    [[nodiscard]] Index rank() const { return rank_; }
    [[nodiscard]] const std::vector<double>& weights() const { return weights_; }
    [[nodiscard]] const FactorRows& layout(int mode) const { return layout_[index(mode)]; }
    [[nodiscard]] std::vector<FactorView> views() const;

    /// Random factors, uniform on (0, 1) or standard normal, with weights 1: the same for any
    /// number of ranks. Collective.
    void fill_randomly(std::uint64_t seed, std::uint32_t stream, bool nonnegative);
    void scale(double factor);

    /// This rank's own rows of a mode (see FactorRows), with norm 1.
    [[nodiscard]] std::vector<double> own_rows(int mode) const;
    /// Takes own rows of any norm: their norms become the weights. Returns the sum over all ranks
    /// of `own_value`. Collective.
    double set_own_rows(int mode, std::vector<double> rows, double own_value);

    /// Entry-wise product of the Gram matrices of all modes but one (-1: of all).
    [[nodiscard]] Matrix gram_product(int but_mode) const;
    /// Squared norm of the tensor that the model stands for.
    [[nodiscard]] double squared_norm() const;

    /// Free choices made: components in order of their weights, largest first; the largest entry of
    /// each factor positive, except in the last mode, which takes the sign. Collective.
    void arrange();

    void serialise(Archive& archive);
    /// "weights", then "factor_<axis>" for every mode. Collective.
    [[nodiscard]] std::vector<Factor> factors(const std::vector<std::string>& axes) const;

  private:
    [[nodiscard]] static std::size_t index(int mode) { return static_cast<std::size_t>(mode); }
    [[nodiscard]] double* own_begin(int mode) {
        return rows_[index(mode)].data() + layout(mode).own_offset();
    }
    [[nodiscard]] std::vector<double> signs(int mode) const;

    Communicator communicator_;
    Index rank_;
    std::vector<FactorRows> layout_;
    std::vector<std::vector<double>> rows_;  ///< of this rank's block, row-major
    std::vector<Matrix> grams_;              ///< of each mode, of whole columns
    std::vector<double> weights_;
};

}  // namespace tessera
