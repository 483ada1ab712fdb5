#include "tessera/tensor/listed_contraction.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <memory>

#include "tessera/base/error.hpp"
#include "tile_loss.hpp"

namespace tessera {
namespace {

/// Below this a second thread costs more than it brings.
constexpr Index entries_per_thread = 4096;

/// Sums in several lanes, which the compiler may put side by side into one register.
template <typename T>
T dot(const T* a, const T* b, Index count) {
    constexpr Index lanes = 8;
    T sums[lanes] = {};
    Index i = 0;
    for (; i + lanes <= count; i += lanes) {
        for (Index lane = 0; lane < lanes; ++lane) {
            sums[lane] += a[i + lane] * b[i + lane];
        }
    }
    T sum{0};
    for (; i < count; ++i) {
        sum += a[i] * b[i];
    }
    for (const T lane_sum : sums) {
        sum += lane_sum;
    }
    return sum;
}

/// to += factor * from; no sum where nobody wants it.
template <typename T>
void add(double factor, const T* from, Index count, double* to) {
    for (Index i = 0; i < count && to != nullptr; ++i) {
        to[i] += factor * static_cast<double>(from[i]);
    }
}

}  // namespace

template <typename T>
ListedContraction<T> ListedContraction<T>::components(std::vector<FactorPart<T>> factors) {
    TESSERA_ASSERT(factors.size() >= 2, "a contraction needs two factors");
    return {std::move(factors), FactorPart<T>{}};
}

template <typename T>
ListedContraction<T> ListedContraction<T>::tucker(std::vector<FactorPart<T>> factors,
                                                  FactorPart<T> core) {
    TESSERA_ASSERT(factors.size() >= 2, "a contraction needs two factors");
    return {std::move(factors), core};
}

template <typename T>
Index ListedContraction<T>::size_behind(std::size_t factor) const {
    if (!is_tucker()) {
        return factors_[0].width;
    }
    Index size = 1;
    for (std::size_t f = factor + 1; f < factors_.size(); ++f) {
        size *= factors_[f].width;
    }
    return size;
}

/// A thread's way through its part of the list. For each factor but the last it keeps the product
/// of the rows so far (for Tucker, with the core), and the derivative of the cost by that product;
/// the derivative is passed on when the row changes.
template <typename T>
class ListedContraction<T>::Walk {
  public:
    /// Gradients are added at those of `owner`, or up in own arrays until `hand_over`.
    Walk(const ListedContraction& owner, bool private_gradients);
    FitSums run(const std::vector<Index>& offsets, Range range, const FitData<T>& data,
                const EntryLoss& loss, const OutlierTerm<T>& outliers);
    void hand_over(const ListedContraction& owner) const;
    /// The model's entry at `offset`; offsets ascend from call to call.
    T advance(Index offset);

  private:
    struct Level {
        FactorPart<T> factor;
        Index row = 0;
        std::vector<T> product;  ///< of the rows of this and all former factors
        std::vector<double> derivative;
    };

    /// The rows of the entry at `offset`, further on; returns the first level that gets another
    /// one.
    std::size_t find_rows(Index offset);
    /// Goes on with these rows from that level on; what was found of the old ones is passed on.
    void change_rows(std::size_t level);
    void close_from(std::size_t level);
    void open(std::size_t level);
    void close(std::size_t level);
    [[nodiscard]] const T* row_of(const Level& level) const {
        return level.factor.rows + level.row * level.factor.width;
    }
    [[nodiscard]] double* gradient_of(const Level& level) const {
        double* const all = level.factor.gradient;
        return all == nullptr ? nullptr : all + level.row * level.factor.width;
    }

    FactorPart<T> core_;
    std::vector<Level> levels_;
    std::vector<Index> next_rows_;
    std::vector<std::vector<double>> own_gradients_;
    Index offset_ = 0;
    bool is_open_ = false;
};

template <typename T>
ListedContraction<T>::Walk::Walk(const ListedContraction& owner, bool private_gradients)
    : core_(owner.core_) {
    const auto own = [&](FactorPart<T>& part) {
        own_gradients_.emplace_back();
        if (private_gradients && part.gradient != nullptr) {
            own_gradients_.back().assign(static_cast<std::size_t>(part.count * part.width), 0.0);
            part.gradient = own_gradients_.back().data();
        }
    };
    for (std::size_t f = 0; f < owner.factors_.size(); ++f) {
        const auto size = static_cast<std::size_t>(owner.size_behind(f));
        levels_.push_back(
            {owner.factors_[f], 0, std::vector<T>(size), std::vector<double>(size, 0.0)});
        own(levels_.back().factor);
    }
    own(core_);
    next_rows_.resize(levels_.size());
}

template <typename T>
void ListedContraction<T>::Walk::hand_over(const ListedContraction& owner) const {
    const auto give = [](const std::vector<double>& from, const FactorPart<T>& to) {
        std::transform(from.begin(), from.end(), to.gradient, to.gradient, std::plus<>());
    };
    for (std::size_t f = 0; f < owner.factors_.size(); ++f) {
        give(own_gradients_[f], owner.factors_[f]);
    }
    give(own_gradients_.back(), owner.core_);
}

template <typename T>
std::size_t ListedContraction<T>::Walk::find_rows(Index offset) {
    Index carry = offset - offset_;
    offset_ = offset;
    std::size_t level = levels_.size();
    while (carry > 0) {
        const Level& each = levels_[--level];
        const Index place = each.row + carry;
        carry = place < each.factor.count ? 0 : place / each.factor.count;
        next_rows_[level] = place - carry * each.factor.count;
    }
    return level;
}

template <typename T>
void ListedContraction<T>::Walk::change_rows(std::size_t level) {
    const std::size_t first = is_open_ ? level : 0;
    close_from(level);
    for (std::size_t l = level; l < levels_.size(); ++l) {
        levels_[l].row = next_rows_[l];
    }
    for (std::size_t l = first; l + 1 < levels_.size(); ++l) {
        open(l);
    }
    is_open_ = true;
}

template <typename T>
void ListedContraction<T>::Walk::close_from(std::size_t level) {
    for (std::size_t l = levels_.size() - 1; l-- > level && is_open_;) {
        close(l);
    }
}

template <typename T>
void ListedContraction<T>::Walk::open(std::size_t index) {
    Level& level = levels_[index];
    const T* row = row_of(level);
    const T* before = index > 0 ? levels_[index - 1].product.data() : core_.rows;
    const auto size = static_cast<Index>(level.product.size());
    std::fill(level.derivative.begin(), level.derivative.end(), 0.0);
    if (core_.width == 0) {
        for (Index i = 0; i < size; ++i) {
            level.product[static_cast<std::size_t>(i)] = index > 0 ? before[i] * row[i] : row[i];
        }
        return;
    }
    std::fill(level.product.begin(), level.product.end(), T{0});
    for (Index r = 0; r < level.factor.width; ++r, before += size) {
        for (Index i = 0; i < size; ++i) {
            level.product[static_cast<std::size_t>(i)] += row[r] * before[i];
        }
    }
}

template <typename T>
void ListedContraction<T>::Walk::close(std::size_t index) {
    const Level& level = levels_[index];
    const T* row = row_of(level);
    double* const gradient = gradient_of(level);
    const T* before = index > 0 ? levels_[index - 1].product.data() : core_.rows;
    double* of_before = index > 0 ? levels_[index - 1].derivative.data() : core_.gradient;
    const double* const derivative = level.derivative.data();
    const auto size = static_cast<Index>(level.product.size());
    if (core_.width == 0) {
        for (Index i = 0; i < size && gradient != nullptr; ++i) {
            gradient[i] += derivative[i] * (index > 0 ? static_cast<double>(before[i]) : 1.0);
        }
        for (Index i = 0; i < size && index > 0; ++i) {
            of_before[i] += derivative[i] * static_cast<double>(row[i]);
        }
        return;
    }
    for (Index r = 0; r < level.factor.width; ++r, before += size) {
        double sum = 0.0;
        for (Index i = 0; i < size; ++i) {
            sum += derivative[i] * static_cast<double>(before[i]);
        }
        if (gradient != nullptr) {
            gradient[r] += sum;
        }
        for (Index i = 0; i < size && of_before != nullptr; ++i) {
            of_before[r * size + i] += static_cast<double>(row[r]) * derivative[i];
        }
    }
}

template <typename T>
T ListedContraction<T>::Walk::advance(Index offset) {
    const std::size_t last = levels_.size() - 1;
    const std::size_t changed = find_rows(offset);
    if (changed < last || !is_open_) {
        change_rows(changed);
    } else {
        levels_[last].row = next_rows_[last];
    }
    return dot(row_of(levels_[last]), levels_[last - 1].product.data(), levels_[last].factor.width);
}

template <typename T>
FitSums ListedContraction<T>::Walk::run(const std::vector<Index>& offsets, Range range,
                                        const FitData<T>& data, const EntryLoss& loss,
                                        const OutlierTerm<T>& outliers) {
    FitSums sums;
    Level& rows = levels_.back();
    Level& lead = levels_[levels_.size() - 2];
    const Index width = rows.factor.width;
    for (Index entry = range.begin; entry < range.end; ++entry) {
        T slope = advance(offsets[static_cast<std::size_t>(entry)]);
        const FitSums own = detail::derive_entry(data, loss, outliers, entry, slope);
        sums.training += own.training;
        sums.validation += own.validation;
        add(static_cast<double>(slope), lead.product.data(), width, gradient_of(rows));
        add(static_cast<double>(slope), row_of(rows), width, lead.derivative.data());
    }
    close_from(0);
    return sums;
}

template <typename T>
FitSums ListedContraction<T>::run(const std::vector<Index>& offsets, const FitData<T>& data,
                                  const EntryLoss& loss, const OutlierTerm<T>& outliers) const {
    using Host = Kokkos::DefaultHostExecutionSpace;
    const auto count = static_cast<Index>(offsets.size());
    const Index parts =
        std::clamp<Index>(count / entries_per_thread, 1, static_cast<Index>(Host().concurrency()));
    std::vector<std::unique_ptr<Walk>> walks;
    for (Index part = 0; part < parts; ++part) {
        walks.push_back(std::make_unique<Walk>(*this, part > 0));
    }
    std::vector<FitSums> found(static_cast<std::size_t>(parts));
    Kokkos::parallel_for(
        "tessera::listed_contraction",
        Kokkos::RangePolicy<Host, Kokkos::IndexType<Index>>(0, parts), [&](Index part) {
            const auto p = static_cast<std::size_t>(part);
            found[p] =
                walks[p]->run(offsets, block_range(count, parts, part), data, loss, outliers);
        });
    Host().fence("tessera::listed_contraction");
    FitSums sums;
    for (std::size_t part = 0; part < walks.size(); ++part) {
        walks[part]->hand_over(*this);
        sums.training += found[part].training;
        sums.validation += found[part].validation;
    }
    return sums;
}

template <typename T>
std::vector<T> ListedContraction<T>::evaluate(const std::vector<Index>& offsets) const {
    std::vector<T> values;
    values.reserve(offsets.size());
    Walk walk(*this, false);
    for (const Index offset : offsets) {
        values.push_back(walk.advance(offset));
    }
    return values;
}

template <typename T>
double ListedContraction<T>::operations(double share) const {
    double all = 1.0;
    for (const FactorPart<T>& factor : factors_) {
        all *= static_cast<double>(factor.count);
    }
    // Of each factor: how often its row changes, times a product, its derivative and the gradient.
    double sum = 0.0;
    double slices = 1.0;
    for (std::size_t f = 0; f < factors_.size(); ++f) {
        slices *= static_cast<double>(factors_[f].count);
        const double visits = slices * (1.0 - std::pow(1.0 - share, all / slices));
        const Index width = is_tucker() ? factors_[f].width : 1;
        sum += 6.0 * visits * static_cast<double>(size_behind(f) * width);
    }
    return sum;
}

template <typename T>
std::vector<Index> block_offsets(const SparseTensor<T>& entries) {
    const auto indices =
        Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), entries.indices());
    const SparseCoordinates coordinates{indices.data(), entries.local_count()};
    const Extents block = entries.box().shape();
    std::vector<Index> offsets;
    offsets.reserve(static_cast<std::size_t>(entries.local_count()));
    Extents position = block;
    for (Index entry = 0; entry < entries.local_count(); ++entry) {
        for (int mode = 0; mode < block.order(); ++mode) {
            position[mode] = coordinates(mode, entry);
        }
        offsets.push_back(row_major_offset(position, block));
    }
    return offsets;
}

template class ListedContraction<float>;
template class ListedContraction<double>;
template std::vector<Index> block_offsets<float>(const SparseTensor<float>&);
template std::vector<Index> block_offsets<double>(const SparseTensor<double>&);

}  // namespace tessera
