#pragma once

#include <cstdint>
#include <vector>

#include "tessera/tensor/entry_loss.hpp"
#include "tessera/tensor/row_product.hpp"

namespace tessera {

/// What an entry is for.
enum class EntryRole : std::uint8_t {
    unused,    ///< missing
    training,  ///< the factors are fitted to it
    held_out   ///< only judges the fit
};

/// A rank's block of the tensor that factors are fitted to; host memory, row-major.
template <typename T>
struct FitData {
    const T* values = nullptr;
    /// One EntryRole per entry; null: all are for training.
    const std::uint8_t* roles = nullptr;
    /// Where `values` is one part of an observation that was split in two independent ones
    /// (validation_split.hpp), the observation itself, and the part's share of it: every training
    /// entry then also judges the fit, by the square of its distance to the other part (for the
    /// Poisson loss: by that loss).
    const T* observation = nullptr;
    double share = 1.0;
};

/// A term of its own for every entry, outlier = grown^2 - shrunk^2, that takes up gross errors; it
/// descends with the step size `step` in the same pass (You et al. 2020, Robust recovery via
/// implicit bias of discrepant learning rates). Host memory, as the values; null: there is none.
/// Held-out entries have no such term and are judged by their absolute error.
template <typename T>
struct OutlierTerm {
    T* grown = nullptr;
    T* shrunk = nullptr;
    double step = 0.0;
};

/// Sums over this rank's entries.
struct FitSums {
    double training = 0.0;    ///< cost of the training entries
    double validation = 0.0;  ///< cost of what judges the fit
};

/// A tensor as the contraction of factors, one per group of consecutive modes (a matrix, 2-D + 1-D,
/// CP, Tucker; orders 2 to 6), against a block of data: loss and derivatives in one pass. The
/// tensor is unfolded in the middle, and the model is formed in tiles that stay in cache:
///
///     tile = A B^T;  tile <- derivative of the loss by the tile;  dA += tile B;  dB += tile^T A
///
/// where A and B are row products of the factors on either side (for Tucker, A is multiplied with
/// the core). 6 x entries x width operations; nothing of the size of the tensor is held.
template <typename T>
class FusedContraction {
  public:
    /// CP and its special cases: `factors` in order of the modes, all equally wide. A factor of one
    /// row in front of them is a vector of weights.
    [[nodiscard]] static FusedContraction components(std::vector<FactorPart<T>> factors);
    /// Tucker: the core's modes are as long as the factors are wide; `core` is one row of all its
    /// entries, row-major.
    [[nodiscard]] static FusedContraction tucker(std::vector<FactorPart<T>> factors,
                                                 FactorPart<T> core);

    /// Adds the derivatives of the training entries' cost to the factors' gradients. Not
    /// collective. The sums do not depend on the number of threads but for rounding.
    FitSums run(const FitData<T>& data, const EntryLoss& loss,
                const OutlierTerm<T>& outliers = {}) const;
    /// Writes the model's block.
    void reconstruct(T* out) const;
    /// Number of entries of the block.
    [[nodiscard]] Index entries() const { return left_.rows() * right_.rows(); }
    /// Multiplications and additions of `run`.
    [[nodiscard]] double operations() const {
        const double core = core_.rows == nullptr ? 0.0 : static_cast<double>(left_.width());
        return 6.0 * static_cast<double>(left_.rows() * width()) *
               (static_cast<double>(right_.rows()) + core);
    }
    /// Bytes of the tiles and panels of `run`, at most.
    [[nodiscard]] static double scratch_bytes(Index rows, Index columns, Index width);

  private:
    struct Tile;
    struct Workspace;

    FusedContraction(RowProduct<T> left, RowProduct<T> right, FactorPart<T> core)
        : left_(std::move(left)), right_(std::move(right)), core_(core) {}

    [[nodiscard]] Index width() const { return right_.width(); }
    /// Rows of A: of the left row product, or that times the core.
    const T* left_panel(Index begin, Index end, std::vector<T>& scratch,
                        std::vector<T>& product) const;
    void add_left_gradient(Index begin, Index end, const T* gradient,
                           std::vector<T>& scratch) const;
    /// Whether the side with more rows, cut by the outer loop, is the left one.
    [[nodiscard]] bool left_outside() const { return left_.rows() >= right_.rows(); }
    [[nodiscard]] const RowProduct<T>& outer_side() const {
        return left_outside() ? left_ : right_;
    }
    /// Whether somebody wants the gradient of a side.
    [[nodiscard]] bool learns(bool left) const {
        return left ? left_.learns() || core_.gradient != nullptr : right_.learns();
    }
    /// Whether the outer rows are products of factors whose columns can be formed one by one.
    [[nodiscard]] bool outer_by_strips() const {
        return outer_side().is_product() && strip_width() < width();
    }
    [[nodiscard]] Index strip_width() const;
    /// Visits with outer rows, or without where they go by strips.
    template <typename Visit>
    void for_each_tile(bool form_products, const Visit& visit) const;
    // The steps of `run` with a tile.
    void form_model(const Tile& tile, Workspace& work) const;
    FitSums derive(const Tile& tile, const FitData<T>& data, const EntryLoss& loss,
                   const OutlierTerm<T>& outliers, Workspace& work) const;
    void add_gradients(const Tile& tile, Workspace& work) const;
    void add_strip(const Tile& tile, Range columns, Workspace& work, std::vector<T>& own,
                   bool with_threads) const;
    void add_side(bool left, Range rows, Range columns, const T* gradient,
                  std::vector<T>& scratch) const;

    RowProduct<T> left_;
    RowProduct<T> right_;
    FactorPart<T> core_;  ///< rows null: none
};

}  // namespace tessera
