#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "tessera/parallel/partition.hpp"

namespace tessera {

/// Rows of one factor in host memory, row-major, `count` x `width`, and where the derivative of a
/// loss by them is added up (same layout; null: not wanted).
template <typename T>
struct FactorPart {
    const T* rows = nullptr;
    Index count = 0;
    Index width = 0;
    double* gradient = nullptr;
};

/// The matrix whose rows are products of one row of each of some factors, rows numbered row-major
/// (last factor fastest), and its adjoint. It is never formed as a whole. The factors must outlive
/// it. Host memory; threads share the work, and the bits of the results do not depend on their
/// number.
template <typename T>
class RowProduct {
  public:
    enum class Kind {
        components,  ///< entry by entry (column-wise Khatri-Rao); all factors are equally wide
        all_pairs    ///< outer product of the rows (Kronecker), last factor fastest
    };

    /// At least one factor.
    RowProduct(Kind kind, std::vector<FactorPart<T>> parts);

    [[nodiscard]] Index rows() const { return rows_; }
    [[nodiscard]] Index width() const { return width_; }

    /// Rows begin..end-1, row-major: in `scratch`, or the factor's own where there is only one.
    [[nodiscard]] const T* panel(Index begin, Index end, std::vector<T>& scratch) const;
    /// Some columns of these rows, by the calling thread, in rows of `stride` entries; all columns
    /// at once unless they are apart.
    void fill(Range rows, Range columns, T* out, Index stride) const;
    /// Adds to the factors' gradients what the derivative of a loss by some columns of these rows
    /// (rows x columns) says of them; by the calling thread. All columns at once unless they are
    /// apart.
    void add_gradient(Range rows, Range columns, const T* gradient) const;
    /// Whether a column of the product depends on that column of the factors alone.
    [[nodiscard]] bool columns_are_apart() const {
        return kind_ == Kind::components || parts_.size() == 1;
    }

    [[nodiscard]] bool is_product() const { return parts_.size() > 1; }
    /// Whether anybody wants the gradient of a factor.
    [[nodiscard]] bool learns() const {
        return std::any_of(parts_.begin(), parts_.end(),
                           [](const FactorPart<T>& part) { return part.gradient != nullptr; });
    }

  private:
    void add_components(Range rows, Range columns, const T* gradient) const;
    void add_pairs(Range rows, const T* gradient) const;
    /// Row `lead` of the product of all factors but the last, and its adjoint.
    void lead_row(Index lead, Range columns, T* out) const;
    void add_lead(Index lead, Range columns, const double* gradient) const;
    void over_columns(Index entries, const std::function<void(Range)>& work) const;

    Kind kind_;
    std::vector<FactorPart<T>> parts_;
    Index rows_ = 1;
    Index width_ = 1;
    Index lead_width_ = 1;  ///< of the product of all factors but the last
};

}  // namespace tessera
