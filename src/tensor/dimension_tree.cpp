#include "tessera/tensor/dimension_tree.hpp"

#include <algorithm>

#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"

namespace tessera {
namespace {

using HostRange = Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace, Kokkos::IndexType<Index>>;

// Entries of the larger half's intermediate: both halves use the same memory.
Index partial_entries(const Extents& block_shape, Index rank) {
    const int middle = dimension_tree_middle(block_shape);
    const int order = block_shape.order();
    // A half of one mode needs none: its intermediate is the result.
    const Index left = middle == 1 ? 0 : block_shape.product(0, middle);
    const Index right = order - middle == 1 ? 0 : block_shape.product(middle, order);
    return std::max(left, right) * rank;
}

}  // namespace

int dimension_tree_middle(const Extents& block_shape) {
    int best = 1;
    for (int middle = 2; middle < block_shape.order(); ++middle) {
        const auto entries = [&](int at) {
            return block_shape.product(0, at) + block_shape.product(at, block_shape.order());
        };
        if (entries(middle) < entries(best)) {
            best = middle;
        }
    }
    return best;
}

template <typename T>
double DimensionTree<T>::bytes(const Extents& block_shape, Index rank) {
    return static_cast<double>(sizeof(double)) *
           static_cast<double>(partial_entries(block_shape, rank));
}

template <typename T>
DimensionTree<T>::DimensionTree(const DenseTensor<T>& tensor, Index rank)
    : shape_(tensor.block_shape()),
      rank_(rank),
      middle_(dimension_tree_middle(shape_)),
      left_(shape_.product(0, middle_)),
      right_(shape_.product(middle_, shape_.order())),
      device_block_(tensor.block()) {
    TESSERA_ASSERT(shape_.order() >= 2, "a dimension tree needs two modes");
    block_ = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), device_block_);
    partial_ = allocate_host<double>("dimension tree", partial_entries(shape_, rank_));
}

template <typename T>
KhatriRao DimensionTree<T>::chain(const std::vector<FactorView>& factors, int first,
                                  int last) const {
    return {{factors.begin() + first, factors.begin() + last}, rank_};
}

template <typename T>
void DimensionTree<T>::product(int mode, const std::vector<FactorView>& factors, double* out) {
    if (left_ == 0 || right_ == 0) {
        std::fill_n(out, shape_[mode] * rank_, 0.0);
        return;
    }
    const bool in_left = mode < middle_;
    const int first = in_left ? 0 : middle_;
    const int last = in_left ? middle_ : shape_.order();
    const bool single = last - first == 1;
    if (mode == first) {
        Phase phase("tensor/mttkrp");
        phase.add_work(2.0 * static_cast<double>(left_ * right_ * rank_),
                       static_cast<double>(left_ * right_) * sizeof(T));
        double* target = single ? out : partial_.data();
        if (in_left) {
            row_products(block_.data(), left_, right_, chain(factors, middle_, shape_.order()),
                         target);
        } else {
            column_products(block_.data(), left_, right_, chain(factors, 0, middle_), target);
        }
    }
    if (!single) {
        const Phase phase("tensor/mttkrp_partial");
        contract_partial(mode, factors, out);
    }
}

// out(i, r) = sum over l, t of partial(l, i, t, r) before(l, r) after(t, r), where l and t run over
// the half's modes before and after `mode`.
template <typename T>
void DimensionTree<T>::contract_partial(int mode, const std::vector<FactorView>& factors,
                                        double* out) const {
    const int first = mode < middle_ ? 0 : middle_;
    const int last = mode < middle_ ? middle_ : shape_.order();
    const KhatriRao before = chain(factors, first, mode);
    const KhatriRao after = chain(factors, mode + 1, last);
    const Index rank = rank_;
    const Index own = shape_[mode];
    std::vector<double> after_rows(static_cast<std::size_t>(after.rows() * rank));
    after.panel(0, after.rows(), rank, after_rows.data());
    const double* weights = after_rows.data();
    const double* partial = partial_.data();
    const Index inner = after.rows();
    // Every thread takes a range of rows of the result and runs through the intermediate in order.
    const Index workers =
        std::clamp<Index>(own, 1, Kokkos::DefaultHostExecutionSpace().concurrency());
    Kokkos::parallel_for("tessera::mttkrp_partial", HostRange(0, workers), [&](Index worker) {
        const Index begin = own * worker / workers;
        const Index end = own * (worker + 1) / workers;
        std::vector<double> outer(static_cast<std::size_t>(rank));
        std::vector<double> sums(static_cast<std::size_t>(rank));
        std::fill(out + begin * rank, out + end * rank, 0.0);
        for (Index l = 0; l < before.rows(); ++l) {
            before.panel(l, l + 1, rank, outer.data());
            for (Index i = begin; i < end; ++i) {
                const double* from = partial + (l * own + i) * inner * rank;
                std::fill(sums.begin(), sums.end(), 0.0);
                for (Index t = 0; t < inner; ++t) {
                    for (Index r = 0; r < rank; ++r) {
                        sums[static_cast<std::size_t>(r)] +=
                            from[t * rank + r] * weights[t * rank + r];
                    }
                }
                double* to = out + i * rank;
                for (Index r = 0; r < rank; ++r) {
                    to[r] += sums[static_cast<std::size_t>(r)] * outer[static_cast<std::size_t>(r)];
                }
            }
        }
    });
    Kokkos::DefaultHostExecutionSpace().fence("tessera::mttkrp_partial");
}

template <typename T>
void DimensionTree<T>::estimate(const std::vector<FactorView>& factors,
                                const std::vector<double>& weights, T* out) const {
    if (left_ > 0 && right_ > 0) {
        reconstruct(chain(factors, 0, middle_), weights, chain(factors, middle_, shape_.order()),
                    out);
    }
}

template class DimensionTree<float>;
template class DimensionTree<double>;

}  // namespace tessera
