#include "tessera/tensor/row_product.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <utility>

#include "tessera/base/error.hpp"

namespace tessera {

template <typename T>
RowProduct<T>::RowProduct(Kind kind, std::vector<FactorPart<T>> parts)
    : kind_(kind), parts_(std::move(parts)) {
    TESSERA_ASSERT(!parts_.empty(), "a row product needs a factor");
    for (std::size_t f = 0; f < parts_.size(); ++f) {
        rows_ *= parts_[f].count;
        if (kind_ == Kind::components) {
            TESSERA_ASSERT(parts_[f].width == parts_[0].width, "factors of one width");
            width_ = parts_[f].width;
            lead_width_ = width_;
        } else {
            lead_width_ = width_;
            width_ *= parts_[f].width;
        }
    }
}

template <typename T>
const T* RowProduct<T>::panel(Index begin, Index end, std::vector<T>& scratch) const {
    if (parts_.size() == 1) {
        return parts_[0].rows + begin * width_;
    }
    scratch.resize(static_cast<std::size_t>((end - begin) * width_));
    over_columns((end - begin) * width_, [&](Range columns) {
        fill({begin, end}, columns, scratch.data() + columns.begin, width_);
    });
    return scratch.data();
}

template <typename T>
void RowProduct<T>::add_gradient(Range rows, Range columns, const T* gradient) const {
    if (parts_.size() > 1) {
        columns_are_apart() ? add_components(rows, columns, gradient) : add_pairs(rows, gradient);
        return;
    }
    double* const to = parts_[0].gradient;
    for (Index row = rows.begin; to != nullptr && row < rows.end; ++row) {
        double* own = to + row * width_ + columns.begin;
        for (Index i = 0; i < columns.size(); ++i) {
            own[i] += static_cast<double>(*gradient++);
        }
    }
}

template <typename T>
void RowProduct<T>::over_columns(Index entries, const std::function<void(Range)>& work) const {
    // Below this a second thread costs more than it brings.
    constexpr Index entries_per_thread = 16384;
    using Host = Kokkos::DefaultHostExecutionSpace;
    const Index parts = columns_are_apart() ? std::clamp<Index>(entries / entries_per_thread, 1,
                                                                Host().concurrency())
                                            : 1;
    if (parts == 1) {
        work({0, width_});
        return;
    }
    Kokkos::parallel_for("tessera::row_product",
                         Kokkos::RangePolicy<Host, Kokkos::IndexType<Index>>(0, parts),
                         [&](Index part) { work(block_range(width_, parts, part)); });
    Host().fence("tessera::row_product");
}

template <typename T>
void RowProduct<T>::fill(Range rows, Range columns, T* out, Index stride) const {
    const FactorPart<T>& last = parts_.back();
    const bool apart = columns_are_apart();
    const Index count = apart ? columns.size() : lead_width_;
    std::vector<T> lead(static_cast<std::size_t>(count));
    for (Index row = rows.begin; row < rows.end; ++row, out += stride) {
        if (row == rows.begin || row % last.count == 0) {
            lead_row(row / last.count, columns, lead.data());
        }
        const T* own = last.rows + row % last.count * last.width;
        if (apart) {
            for (Index r = 0; r < count; ++r) {
                out[r] = lead[static_cast<std::size_t>(r)] * own[columns.begin + r];
            }
            continue;
        }
        T* to = out;
        for (const T factor : lead) {
            for (Index r = 0; r < last.width; ++r) {
                *to++ = factor * own[r];
            }
        }
    }
}

template <typename T>
void RowProduct<T>::add_components(Range rows, Range columns, const T* gradient) const {
    const FactorPart<T>& last = parts_.back();
    // So many columns at once, whose sums stay in the first-level cache.
    constexpr Index block = 64;
    T lead[block];
    double sums[block];
    double unwanted[block] = {};
    for (Index first = columns.begin; first < columns.end; first += block) {
        const Index count = std::min(block, columns.end - first);
        std::fill_n(sums, count, 0.0);
        for (Index row = rows.begin; row < rows.end; ++row) {
            if (row == rows.begin || row % last.count == 0) {
                lead_row(row / last.count, {first, first + count}, lead);
            }
            const T* from = gradient + (row - rows.begin) * columns.size() + first - columns.begin;
            const Index at = row % last.count * last.width + first;
            const T* own = last.rows + at;
            double* __restrict__ const to =
                last.gradient == nullptr ? unwanted : last.gradient + at;
            for (Index r = 0; r < count; ++r) {
                const auto slope = static_cast<double>(from[r]);
                to[r] += slope * static_cast<double>(lead[r]);
                sums[r] += slope * static_cast<double>(own[r]);
            }
            if (row + 1 == rows.end || (row + 1) % last.count == 0) {
                add_lead(row / last.count, {first, first + count}, sums);
                std::fill_n(sums, count, 0.0);
            }
        }
    }
}

template <typename T>
void RowProduct<T>::add_pairs(Range rows, const T* gradient) const {
    const FactorPart<T>& last = parts_.back();
    std::vector<T> lead(static_cast<std::size_t>(lead_width_));
    std::vector<double> sums(static_cast<std::size_t>(lead_width_), 0.0);
    // Where nobody wants the last factor's gradient it is added up all the same, and thrown away.
    std::vector<double> unwanted(static_cast<std::size_t>(last.width), 0.0);
    const T* from = gradient;
    for (Index row = rows.begin; row < rows.end; ++row) {
        if (row == rows.begin || row % last.count == 0) {
            lead_row(row / last.count, {0, width_}, lead.data());
        }
        const Index at = row % last.count * last.width;
        const T* own = last.rows + at;
        double* const to = last.gradient == nullptr ? unwanted.data() : last.gradient + at;
        for (std::size_t a = 0; a < lead.size(); ++a, from += last.width) {
            for (Index r = 0; r < last.width; ++r) {
                to[r] += static_cast<double>(from[r]) * static_cast<double>(lead[a]);
                sums[a] += static_cast<double>(from[r]) * static_cast<double>(own[r]);
            }
        }
        if (row + 1 == rows.end || (row + 1) % last.count == 0) {
            add_lead(row / last.count, {0, width_}, sums.data());
            std::fill(sums.begin(), sums.end(), 0.0);
        }
    }
}

template <typename T>
void RowProduct<T>::lead_row(Index lead, Range columns, T* out) const {
    const std::size_t leads = parts_.size() - 1;
    const Index first = kind_ == Kind::components ? columns.begin : 0;
    const Index count = kind_ == Kind::components ? columns.size() : lead_width_;
    std::fill_n(out, count, T{1});
    Index repeat = 1;  // of each entry of the factor, for all pairs
    for (std::size_t f = leads; f-- > 0;) {
        const T* row = parts_[f].rows + lead % parts_[f].count * parts_[f].width;
        lead /= parts_[f].count;
        for (Index i = 0; i < count; ++i) {
            out[i] *=
                kind_ == Kind::components ? row[first + i] : row[i / repeat % parts_[f].width];
        }
        repeat *= parts_[f].width;
    }
}

template <typename T>
void RowProduct<T>::add_lead(Index lead, Range columns, const double* gradient) const {
    const std::size_t leads = parts_.size() - 1;
    const Index first = kind_ == Kind::components ? columns.begin : 0;
    const Index count = kind_ == Kind::components ? columns.size() : lead_width_;
    std::vector<Index> rows(leads);
    std::vector<Index> repeats(leads, 1);
    for (std::size_t f = leads; f-- > 0;) {
        rows[f] = lead % parts_[f].count * parts_[f].width;
        lead /= parts_[f].count;
        repeats[f] = f + 1 < leads ? repeats[f + 1] * parts_[f + 1].width : 1;
    }
    const auto column = [&](std::size_t f, Index i) {
        return rows[f] + (kind_ == Kind::components ? first + i : i / repeats[f] % parts_[f].width);
    };
    for (std::size_t f = 0; f < leads; ++f) {
        for (Index i = 0; i < count && parts_[f].gradient != nullptr; ++i) {
            double product = gradient[i];
            for (std::size_t other = 0; other < leads; ++other) {
                product *=
                    other == f ? 1.0 : static_cast<double>(parts_[other].rows[column(other, i)]);
            }
            parts_[f].gradient[column(f, i)] += product;
        }
    }
}

template class RowProduct<float>;
template class RowProduct<double>;

}  // namespace tessera
