#include "tessera/method/nmf/nmf_method.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "nonnegative_data.hpp"
#include "singular_parts.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/base/random.hpp"
#include "tessera/linalg/distributed_svd.hpp"
#include "tessera/linalg/factor_updates.hpp"
#include "tessera/linalg/khatri_rao.hpp"
#include "tessera/method/nmf/divergence_pass.hpp"
#include "tessera/method/replicated_factor.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/reductions.hpp"
#include "tessera/tensor/unfolding_operator.hpp"

namespace tessera {
namespace {

// Streams of random numbers, away from those of the corruptions.
constexpr std::uint32_t row_stream = 0x4e4d4600U;
constexpr std::uint32_t column_stream = row_stream + 1;

double inner_product(const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

std::vector<double> column_sums(const std::vector<double>& rows, Index rank) {
    std::vector<double> sums(static_cast<std::size_t>(rank), 0.0);
    for (std::size_t entry = 0; entry < rows.size(); ++entry) {
        sums[entry % sums.size()] += rows[entry];
    }
    return sums;
}

// x *= products / sums of the other factor's columns (Lee and Seung 2001, equation 5).
void multiply_by_ratios(const std::vector<double>& products, const std::vector<double>& sums,
                        std::vector<double>& x) {
    for (std::size_t entry = 0; entry < x.size(); ++entry) {
        const double sum = sums[entry % sums.size()];
        x[entry] *= sum > 0.0 ? products[entry] / sum : 0.0;
    }
}

}  // namespace

template <typename T>
NmfMethod<T>::NmfMethod(const Problem<T>& problem, NmfOptions options, std::uint64_t seed)
    : problem_(problem),
      options_(std::move(options)),
      matrix_(problem,
              choose_column_modes(problem.observation.shape(), problem.axes, options_.columns),
              false),
      weights_(static_cast<std::size_t>(options_.rank), 1.0) {
    refuse_negative(problem.observation);
    if (matrix_.mask() != nullptr) {
        if (options_.update != NmfOptions::Update::hals ||
            options_.start != NmfOptions::Start::random) {
            throw UsageError(
                "method nmf works with missing entries only with method.update = \"hals\" and "
                "method.start = \"random\", but some of this tensor are missing: use these");
        }
        agree(matrix_.communicator(), [&] { observed_.emplace(matrix_.values(), matrix_.mask()); });
        squared_norm_ = matrix_.communicator().sum(observed_->squared_norm());
    } else {
        const Summary all = summary(problem.observation);
        squared_norm_ = all.sum_of_squares;
        sum_ = all.sum;
    }
    start(seed);
}

template <typename T>
void NmfMethod<T>::start(std::uint64_t seed) {
    if (options_.start == NmfOptions::Start::svd) {
        start_from_svd(seed);
    } else {
        start_randomly(seed);
    }
}

template <typename T>
void NmfMethod<T>::start_from_svd(std::uint64_t seed) {
    const Phase phase("nmf/start");
    const Communicator& world = matrix_.communicator();
    const UnfoldingOperator<T> whole(matrix_.tensor(), matrix_.modes().first, matrix_.modes().last);
    DistributedSvdOptions request;
    request.count = options_.rank;
    request.seed = seed;
    const Matrix right = replicate(whole, Side::columns, distributed_svd(whole, request).right);
    const Index rank = options_.rank;
    for (Index column = 0; column < right.rows; ++column) {
        for (Index r = 0; r < rank; ++r) {
            h_.push_back(right(column, r));
        }
    }
    w_.resize(static_cast<std::size_t>(matrix_.local_rows() * rank));
    w_ = row_products();  // left singular vectors times their values
    std::vector<double> row_norms = signed_squared_norms(w_, rank);
    world.sum_in_place(row_norms.data(), static_cast<Index>(row_norms.size()));
    const std::vector<double> column_norms = signed_squared_norms(h_, rank);
    const bool fill = options_.update != NmfOptions::Update::hals;
    const double mean = sum_ / static_cast<double>(matrix_.tensor().size());
    take_larger_parts(row_norms, column_norms, fill ? mean : 0.0, rank, w_);
    take_larger_parts(column_norms, row_norms, fill ? mean : 0.0, rank, h_);
}

template <typename T>
void NmfMethod<T>::start_randomly(std::uint64_t seed) {
    const Index rank = options_.rank;
    // Entries of W are numbered as in the whole factor: the same start on any number of ranks.
    const BlockPlace place = row_place();
    const Extents own = place.box.shape();
    for (Index entry = 0; entry < place.box.size(); ++entry) {
        Extents position = row_major_position(entry, own);
        for (int mode = 0; mode < own.order(); ++mode) {
            position[mode] += place.box.begin[mode];
        }
        w_.push_back(Random(seed, row_stream).uniform(row_major_offset(position, place.shape)));
    }
    for (Index entry = 0; entry < matrix_.columns() * rank; ++entry) {
        h_.push_back(Random(seed, column_stream).uniform(entry));
    }
    scale_start();
}

template <typename T>
void NmfMethod<T>::scale_start() {
    if (observed_) {
        // A fair guess will do: the entries' mean square against that of a random product.
        const Index entries = matrix_.communicator().sum(observed_->count());
        const double mean =
            std::sqrt(squared_norm_ / static_cast<double>(std::max<Index>(1, entries)));
        for (double& value : w_) {
            value *= 4.0 * mean / static_cast<double>(options_.rank);
        }
        return;
    }
    const double inner = matrix_.communicator().sum(inner_product(row_products(), w_));
    const double norm = inner_product(row_gram().values, column_gram().values);
    for (double& value : w_) {
        value *= norm > 0.0 ? inner / norm : 1.0;
    }
}

template <typename T>
void NmfMethod<T>::step() {
    const Phase phase("nmf/step");
    const auto relative_error = [&] {
        const double residual = std::max(0.0, observed_ ? observed_step() : complete_step());
        return squared_norm_ > 0.0 ? std::sqrt(residual / squared_norm_) : 0.0;
    };
    const double objective = options_.update == NmfOptions::Update::kullback_leibler
                                 ? divergence_step()
                                 : relative_error();
    change_ = std::abs(objective_ - objective);
    objective_ = objective;
    ++steps_done_;
    converged_ = change_ < options_.tolerance;
    finished_ = converged_ || steps_done_ >= options_.maximum_steps;
    if (finished_) {
        arrange();
        remarks_.push_back(fmt::format("{} x {} matrix, rank {}: {} after {} steps", matrix_.rows(),
                                       matrix_.columns(), options_.rank,
                                       converged_ ? "settled" : "not settled", steps_done_));
    }
}

template <typename T>
double NmfMethod<T>::complete_step() {
    improve(row_products(), column_gram(), w_);
    const std::vector<double> products = column_products();
    const Matrix gram = row_gram();
    improve(products, gram, h_);
    return squared_norm_ - 2.0 * inner_product(products, h_) +
           inner_product(gram.values, column_gram().values);
}

template <typename T>
double NmfMethod<T>::divergence_step() {
    const Communicator& world = matrix_.communicator();
    const DivergencePass<T> pass(matrix_.values(), options_.rank, w_, h_);
    multiply_by_ratios(pass.row_products(), column_sums(h_, options_.rank), w_);
    std::vector<double> products = pass.column_products();
    world.sum_in_place(products.data(), static_cast<Index>(products.size()));
    std::vector<double> sums = column_sums(w_, options_.rank);
    world.sum_in_place(sums.data(), options_.rank);
    multiply_by_ratios(products, sums, h_);
    const double divergence = world.sum(pass.divergence());
    return sum_ > 0.0 ? std::max(0.0, divergence) / sum_ : 0.0;
}

template <typename T>
double NmfMethod<T>::observed_step() {
    observed_->update_rows(options_.rank, h_.data(), w_.data());
    return observed_->update_columns(options_.rank, w_.data(), h_.data(), matrix_.communicator());
}

template <typename T>
void NmfMethod<T>::improve(const std::vector<double>& rhs, const Matrix& gram,
                           std::vector<double>& x) const {
    const Index rows = static_cast<Index>(x.size()) / options_.rank;
    if (options_.update == NmfOptions::Update::hals) {
        nonnegative_rows(rhs.data(), rows, gram, x.data());
        return;
    }
    std::vector<double> model(x.size());
    multiply_rows(x.data(), rows, gram, model.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
        // Where the model is 0 the entry has no effect.
        x[i] *= model[i] > 0.0 ? std::max(0.0, rhs[i]) / model[i] : 0.0;
    }
}

template <typename T>
std::vector<double> NmfMethod<T>::row_products() const {
    const Phase phase("nmf/products");
    const SlabMatrix<const T> x = matrix_.values();
    const KhatriRao h({{h_.data(), x.columns}}, options_.rank);
    std::vector<double> out(w_.size());
    if (x.right == 1) {
        tessera::row_products(x.data, x.left, x.columns, h, out.data());
        return out;
    }
    for (Index slab = 0; slab < x.left; ++slab) {
        tessera::column_products(x.data + slab * x.columns * x.right, x.columns, x.right, h,
                                 out.data() + slab * x.right * options_.rank);
    }
    return out;
}

template <typename T>
std::vector<double> NmfMethod<T>::column_products() const {
    const Phase phase("nmf/products");
    const SlabMatrix<const T> x = matrix_.values();
    std::vector<double> out(h_.size(), 0.0);
    if (x.right == 1) {
        const KhatriRao w({{w_.data(), x.left}}, options_.rank);
        tessera::column_products(x.data, x.left, x.columns, w, out.data());
    }
    for (Index slab = 0; x.right != 1 && slab < x.left; ++slab) {
        const KhatriRao w({{w_.data() + slab * x.right * options_.rank, x.right}}, options_.rank);
        tessera::row_products(x.data + slab * x.columns * x.right, x.columns, x.right, w,
                              out.data(), Target::add);
    }
    matrix_.communicator().sum_in_place(out.data(), static_cast<Index>(out.size()));
    return out;
}

template <typename T>
Matrix NmfMethod<T>::row_gram() const {
    Matrix gram = gram_of_rows(w_.data(), matrix_.local_rows(), options_.rank);
    matrix_.communicator().sum_in_place(gram.data(), static_cast<Index>(gram.values.size()));
    return gram;
}

template <typename T>
Matrix NmfMethod<T>::column_gram() const {
    return gram_of_rows(h_.data(), matrix_.columns(), options_.rank);
}

template <typename T>
double NmfMethod<T>::sparseness() const {
    std::vector<double> sums = column_sums(w_, options_.rank);
    matrix_.communicator().sum_in_place(sums.data(), options_.rank);
    const Matrix squares = row_gram();
    const double root = std::sqrt(static_cast<double>(matrix_.rows()));
    double total = 0.0;
    for (Index r = 0; r < options_.rank; ++r) {
        const double norm = std::sqrt(squares(r, r));
        const double ratio = norm > 0.0 ? sums[static_cast<std::size_t>(r)] / norm : root;
        total += root > 1.0 ? (root - ratio) / (root - 1.0) : 1.0;
    }
    return total / static_cast<double>(options_.rank);
}

template <typename T>
void NmfMethod<T>::arrange() {
    const auto rank = static_cast<std::size_t>(options_.rank);
    const Matrix rows = row_gram();
    const Matrix columns = column_gram();
    std::vector<double> row_norms;
    std::vector<double> column_norms;
    for (Index r = 0; r < options_.rank; ++r) {
        row_norms.push_back(std::sqrt(rows(r, r)));
        column_norms.push_back(std::sqrt(columns(r, r)));
    }
    std::vector<std::size_t> places(rank);
    std::iota(places.begin(), places.end(), std::size_t{0});
    std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
        return row_norms[a] * column_norms[a] > row_norms[b] * column_norms[b];
    });
    const auto sort = [&](std::vector<double>& values, const std::vector<double>& norms) {
        const std::vector<double> old = values;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const std::size_t from = places[i % rank];
            const double entry = old[i - i % rank + from];
            values[i] = entry > least_entry && norms[from] > 0.0 ? entry / norms[from] : 0.0;
        }
    };
    sort(w_, row_norms);
    sort(h_, column_norms);
    for (std::size_t r = 0; r < rank; ++r) {
        weights_[r] = row_norms[places[r]] * column_norms[places[r]];
    }
}

template <typename T>
BlockPlace NmfMethod<T>::row_place() const {
    const Box& box = matrix_.tensor().box();
    const auto with_rank = [&](const Extents& extents, Index last) {
        std::vector<Index> values;
        for (int mode = 0; mode < extents.order(); ++mode) {
            if (mode < matrix_.modes().first || mode >= matrix_.modes().last) {
                values.push_back(extents[mode]);
            }
        }
        values.push_back(last);
        return Extents(values);
    };
    return {with_rank(matrix_.tensor().shape(), options_.rank),
            {with_rank(box.begin, 0), with_rank(box.end, options_.rank)}};
}

template <typename T>
std::vector<NamedValue> NmfMethod<T>::report() const {
    return {{"objective", objective_}, {"change", change_}, {"sparseness", sparseness()}};
}

template <typename T>
std::vector<std::string> NmfMethod<T>::take_remarks() {
    return std::exchange(remarks_, {});
}

template <typename T>
void NmfMethod<T>::serialise(Archive& archive) {
    archive.value("steps_done", steps_done_);
    archive.value("finished", finished_);
    archive.value("converged", converged_);
    archive.value("objective", objective_);
    archive.value("change", change_);
    archive.value("weights", weights_);
    archive.value("column_factor", h_);
    archive.block("row_factor", row_place(), w_.data());
}

template <typename T>
DenseTensor<T> NmfMethod<T>::estimate() const {
    const Phase phase("nmf/estimate");
    const DenseTensor<T> result = matrix_.like("nmf estimate");
    auto host = Kokkos::create_mirror_view(Kokkos::HostSpace(), result.block());
    const SlabMatrix<const T> x = matrix_.values();
    const KhatriRao h({{h_.data(), x.columns}}, options_.rank);
    if (x.right == 1) {
        const KhatriRao w({{w_.data(), x.left}}, options_.rank);
        reconstruct(w, weights_, h, host.data());
    }
    for (Index slab = 0; x.right != 1 && slab < x.left; ++slab) {
        const KhatriRao w({{w_.data() + slab * x.right * options_.rank, x.right}}, options_.rank);
        reconstruct(h, weights_, w, host.data() + slab * x.columns * x.right);
    }
    Kokkos::deep_copy(result.block(), host);
    return matrix_.back(result);
}

template <typename T>
std::vector<Factor> NmfMethod<T>::factors() const {
    const Communicator& communicator = matrix_.communicator();
    return {
        replicated_factor(communicator, "weights", {options_.rank}, weights_),
        replicated_factor(communicator, "column_factor", {matrix_.columns(), options_.rank}, h_),
        {"row_factor", row_place(), w_}};
}

template class NmfMethod<float>;
template class NmfMethod<double>;

}  // namespace tessera
