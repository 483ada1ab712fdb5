#include "tessera/method/cp/component_model.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "tessera/base/random.hpp"
#include "tessera/linalg/factor_updates.hpp"
#include "tessera/method/replicated_factor.hpp"

namespace tessera {

ComponentModel::ComponentModel(const UnevenPartition& partition, Index rank)
    : communicator_(partition.communicator()),
      rank_(rank),
      weights_(static_cast<std::size_t>(rank), 0.0) {
    for (int mode = 0; mode < partition.order(); ++mode) {
        layout_.emplace_back(partition, mode, rank);
        rows_.emplace_back(static_cast<std::size_t>(layout_.back().block().size() * rank), 0.0);
        grams_.emplace_back(rank, rank);
    }
}

std::vector<FactorView> ComponentModel::views() const {
    std::vector<FactorView> result;
    for (int mode = 0; mode < order(); ++mode) {
        result.push_back({rows_[index(mode)].data(), layout(mode).block().size()});
    }
    return result;
}

void ComponentModel::fill_randomly(std::uint64_t seed, std::uint32_t stream, bool nonnegative) {
    const Random random(seed, stream);
    for (int mode = 0; mode < order(); ++mode) {
        const Range own = layout(mode).own();
        std::vector<double> rows;
        for (Index entry = own.begin * rank_; entry < own.end * rank_; ++entry) {
            const auto step = static_cast<std::uint32_t>(mode);
            rows.push_back(nonnegative ? random.uniform(entry, step) : random.normal(entry, step));
        }
        set_own_rows(mode, std::move(rows), 0.0);
    }
    std::fill(weights_.begin(), weights_.end(), 1.0);
}

void ComponentModel::scale(double factor) {
    for (double& weight : weights_) {
        weight *= factor;
    }
}

std::vector<double> ComponentModel::own_rows(int mode) const {
    const auto begin = rows_[index(mode)].begin() + layout(mode).own_offset();
    return {begin, begin + layout(mode).own().size() * rank_};
}

double ComponentModel::set_own_rows(int mode, std::vector<double> rows, double own_value) {
    const Index count = layout(mode).own().size();
    const Matrix own_gram = gram_of_rows(rows.data(), count, rank_);
    // One triangle travels, and the value behind it.
    std::vector<double> sums;
    for (Index j = 0; j < rank_; ++j) {
        for (Index i = 0; i <= j; ++i) {
            sums.push_back(own_gram(i, j));
        }
    }
    sums.push_back(own_value);
    communicator_.sum_in_place(sums.data(), static_cast<Index>(sums.size()));
    Matrix& gram = grams_[index(mode)];
    auto entry = sums.begin();
    for (Index j = 0; j < rank_; ++j) {
        for (Index i = 0; i <= j; ++i) {
            gram(i, j) = *entry;
            gram(j, i) = *entry++;
        }
    }
    std::vector<double> factors(static_cast<std::size_t>(rank_));
    for (Index r = 0; r < rank_; ++r) {
        const double norm = std::sqrt(gram(r, r));
        weights_[static_cast<std::size_t>(r)] = norm;
        factors[static_cast<std::size_t>(r)] = norm > 0.0 ? 1.0 / norm : 0.0;
    }
    for (Index j = 0; j < rank_; ++j) {
        for (Index i = 0; i < rank_; ++i) {
            gram(i, j) *=
                factors[static_cast<std::size_t>(i)] * factors[static_cast<std::size_t>(j)];
        }
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i] *= factors[i % static_cast<std::size_t>(rank_)];
    }
    layout(mode).gather(rows.data(), rows_[index(mode)].data());
    return sums.back();
}

Matrix ComponentModel::gram_product(int but_mode) const {
    Matrix product(rank_, rank_);
    std::fill(product.values.begin(), product.values.end(), 1.0);
    for (int mode = 0; mode < order(); ++mode) {
        if (mode != but_mode) {
            std::transform(product.values.begin(), product.values.end(),
                           grams_[index(mode)].values.begin(), product.values.begin(),
                           std::multiplies<>());
        }
    }
    return product;
}

double ComponentModel::squared_norm() const {
    const Matrix product = gram_product(-1);
    double sum = 0.0;
    for (Index j = 0; j < rank_; ++j) {
        for (Index i = 0; i < rank_; ++i) {
            sum += weights_[static_cast<std::size_t>(i)] * product(i, j) *
                   weights_[static_cast<std::size_t>(j)];
        }
    }
    return sum;
}

// The sign of the largest entry of each component's factor.
std::vector<double> ComponentModel::signs(int mode) const {
    const auto rank = static_cast<std::size_t>(rank_);
    const std::vector<double> rows = own_rows(mode);
    std::vector<double> largest(rank, 0.0);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        largest[i % rank] = std::max(largest[i % rank], std::abs(rows[i]));
    }
    communicator_.max_in_place(largest.data(), rank_);
    // Of entries that are equal but for rounding the first one decides, as in fix_signs. A row's
    // number and its sign travel as one value: 2 * row, plus 1 for a negative entry.
    const Index none = std::numeric_limits<Index>::max();
    std::vector<Index> first(rank, none);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (std::abs(rows[i]) >= (1.0 - 1e-8) * largest[i % rank]) {
            const Index row = layout(mode).own().begin + static_cast<Index>(i / rank);
            first[i % rank] = std::min(first[i % rank], 2 * row + (rows[i] < 0.0 ? 1 : 0));
        }
    }
    communicator_.min_in_place(first.data(), rank_);
    std::vector<double> result;
    for (const Index code : first) {
        result.push_back(code != none && code % 2 == 1 ? -1.0 : 1.0);
    }
    return result;
}

void ComponentModel::arrange() {
    const auto rank = static_cast<std::size_t>(rank_);
    std::vector<std::size_t> places(rank);
    std::iota(places.begin(), places.end(), std::size_t{0});
    std::stable_sort(places.begin(), places.end(),
                     [&](std::size_t a, std::size_t b) { return weights_[a] > weights_[b]; });
    std::vector<double> moved(rank, 1.0);
    for (int mode = 0; mode < order(); ++mode) {
        std::vector<double> factor = moved;
        if (mode + 1 < order()) {
            factor = signs(mode);
            std::transform(moved.begin(), moved.end(), factor.begin(), moved.begin(),
                           std::multiplies<>());
        }
        std::vector<double>& rows = rows_[index(mode)];
        std::vector<double> row(rank);
        for (std::size_t begin = 0; begin < rows.size(); begin += rank) {
            for (std::size_t r = 0; r < rank; ++r) {
                const double entry = rows[begin + places[r]] * factor[places[r]];
                row[r] = std::abs(entry) <= least_entry ? 0.0 : entry;
            }
            std::copy(row.begin(), row.end(), rows.begin() + static_cast<std::ptrdiff_t>(begin));
        }
        const Matrix gram = grams_[index(mode)];
        for (std::size_t j = 0; j < rank; ++j) {
            for (std::size_t i = 0; i < rank; ++i) {
                grams_[index(mode)](static_cast<Index>(i), static_cast<Index>(j)) =
                    factor[places[i]] * factor[places[j]] *
                    gram(static_cast<Index>(places[i]), static_cast<Index>(places[j]));
            }
        }
    }
    const std::vector<double> weights = weights_;
    for (std::size_t r = 0; r < rank; ++r) {
        weights_[r] = weights[places[r]];
    }
}

void ComponentModel::serialise(Archive& archive) {
    archive.value("weights", weights_);
    for (int mode = 0; mode < order(); ++mode) {
        const std::string number = std::to_string(mode);
        archive.value("gram_" + number, grams_[index(mode)].values);
        archive.block("factor_" + number, layout(mode).place(), own_begin(mode));
        if (archive.loading()) {
            layout(mode).gather(own_rows(mode).data(), rows_[index(mode)].data());
        }
    }
}

std::vector<Factor> ComponentModel::factors(const std::vector<std::string>& axes) const {
    std::vector<Factor> result;
    result.push_back(replicated_factor(communicator_, "weights", {rank_}, weights_));
    for (int mode = 0; mode < order(); ++mode) {
        result.push_back({"factor_" + axes[index(mode)], layout(mode).place(), own_rows(mode)});
    }
    return result;
}

}  // namespace tessera
