#include "tessera/method/tucker/tucker_completion.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <numeric>

#include "core_fibres.hpp"
#include "row_equations.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/sparse_reductions.hpp"

namespace tessera {
namespace {

using Host = Kokkos::DefaultHostExecutionSpace;
using FibreModes = std::vector<CoreFibres::Mode>;

// Row-major rows of a factor's part within a box, as the loops over entries read them.
std::vector<double> rows_in_box(const Matrix& factor, Range box) {
    std::vector<double> rows;
    rows.reserve(static_cast<std::size_t>(box.size() * factor.columns));
    for (Index row = box.begin; row < box.end; ++row) {
        for (Index column = 0; column < factor.columns; ++column) {
            rows.push_back(factor(row, column));
        }
    }
    return rows;
}

// A core with one mode moved to the end.
std::vector<double> with_mode_last(const std::vector<double>& core, const std::vector<Index>& ranks,
                                   int mode) {
    const Extents shape(ranks);
    const Index left = shape.product(0, mode);
    const Index middle = shape[mode];
    const Index right = shape.product(mode + 1, shape.order());
    std::vector<double> result;
    result.reserve(core.size());
    for (Index l = 0; l < left; ++l) {
        for (Index r = 0; r < right; ++r) {
            for (Index m = 0; m < middle; ++m) {
                result.push_back(core[static_cast<std::size_t>((l * middle + m) * right + r)]);
            }
        }
    }
    return result;
}

// core = core times a square matrix along a mode.
void multiply_core(std::vector<double>& core, const std::vector<Index>& ranks, int mode,
                   const Matrix& w) {
    const Extents shape(ranks);
    const Index middle = shape[mode];
    const Index right = shape.product(mode + 1, shape.order());
    const std::vector<double> before = core;
    for (Index offset = 0; offset < static_cast<Index>(core.size()); ++offset) {
        const Index j = offset / right % middle;
        const Index first = offset - j * right;
        double sum = 0.0;
        for (Index m = 0; m < middle; ++m) {
            sum += w(j, m) * before[static_cast<std::size_t>(first + m * right)];
        }
        core[static_cast<std::size_t>(offset)] = sum;
    }
}

// All entries of a rank, with the modes' rows: what passes over the entries share.
template <typename T>
class EntryPass {
  public:
    EntryPass(const SparseTensor<T>& observed, const std::uint32_t* positions, const T* values,
              const TuckerModel& model)
        : communicator_(observed.communicator()),
          positions_(positions),
          values_(values),
          count_(observed.local_count()) {
        for (int mode = 0; mode < observed.order(); ++mode) {
            const Matrix& factor = model.factors[static_cast<std::size_t>(mode)];
            rows_.push_back(
                rows_in_box(factor, {observed.box().begin[mode], observed.box().end[mode]}));
            modes_.push_back({factor.columns, nullptr});
        }
        for (std::size_t mode = 0; mode < modes_.size(); ++mode) {
            modes_[mode].rows = rows_[mode].data();
        }
    }

    [[nodiscard]] const FibreModes& modes() const { return modes_; }
    [[nodiscard]] Index position(std::size_t mode, Index entry) const {
        return positions_[static_cast<Index>(mode) * count_ + entry];
    }

    struct Sums {
        std::vector<double> adjoint;  ///< sum over entries of term * product of rows
        double sum_of_squares = 0.0;  ///< of the terms
    };
    // The terms are the predictions of `core`, or the values minus these.
    Sums operator()(const std::vector<double>& core, bool residual) const {
        const Index workers = std::max<Index>(1, std::min<Index>(Host().concurrency(), count_));
        std::vector<Sums> parts(static_cast<std::size_t>(workers));
        Kokkos::parallel_for(
            "tessera::tucker_core", Kokkos::RangePolicy<Host>(0, workers), [&](Index worker) {
                parts[static_cast<std::size_t>(worker)] = sum_range(
                    core, residual, count_ * worker / workers, count_ * (worker + 1) / workers);
            });
        Host().fence("tessera::tucker_core");
        Sums total = std::move(parts.front());
        for (std::size_t part = 1; part < parts.size(); ++part) {
            std::transform(parts[part].adjoint.begin(), parts[part].adjoint.end(),
                           total.adjoint.begin(), total.adjoint.begin(), std::plus<>());
            total.sum_of_squares += parts[part].sum_of_squares;
        }
        communicator_.sum_in_place(total.adjoint.data(), static_cast<Index>(total.adjoint.size()));
        total.sum_of_squares = communicator_.sum(total.sum_of_squares);
        return total;
    }

  private:
    Sums sum_range(const std::vector<double>& core, bool residual, Index begin, Index end) const {
        CoreFibres fibres(modes_, 1, core);
        CoreAdjoint adjoint(modes_);
        double sum_of_squares = 0.0;
        for (Index entry = begin; entry < end; ++entry) {
            const auto here = [&](std::size_t mode) { return position(mode, entry); };
            std::size_t changed = 0;
            if (entry > begin) {
                const auto before = [&](std::size_t mode) { return position(mode, entry - 1); };
                while (changed + 1 < modes_.size() && here(changed) == before(changed)) {
                    ++changed;
                }
                adjoint.leave(changed, before);
            }
            const double prediction = fibres(changed, here).front();
            const double term =
                residual ? static_cast<double>(values_[entry]) - prediction : prediction;
            adjoint.add(term, here(modes_.size() - 1));
            sum_of_squares += term * term;
        }
        if (end > begin) {
            adjoint.leave(0, [&](std::size_t mode) { return position(mode, end - 1); });
        }
        return {adjoint.sum(), sum_of_squares};
    }

    const Communicator& communicator_;
    const std::uint32_t* positions_;
    const T* values_;
    Index count_;
    std::vector<std::vector<double>> rows_;
    FibreModes modes_;
};

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void add_scaled(double factor, const std::vector<double>& x, std::vector<double>& y) {
    std::transform(x.begin(), x.end(), y.begin(), y.begin(),
                   [factor](double a, double b) { return b + factor * a; });
}

}  // namespace

std::vector<Index> TuckerModel::ranks() const {
    std::vector<Index> result;
    for (const Matrix& factor : factors) {
        result.push_back(factor.columns);
    }
    return result;
}

template <typename T>
TuckerCompletion<T>::TuckerCompletion(const SparseTensor<T>& observed)
    : observed_(observed),
      positions_(Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), observed.indices())),
      values_(Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), observed.values())),
      sorted_(static_cast<std::size_t>(observed.order())),
      slices_(static_cast<std::size_t>(observed.order())),
      squared_norm_(tessera::squared_norm(observed)) {
    const Index count = observed.local_count();
    for (int mode = 0; mode < observed.order(); ++mode) {
        std::vector<Index>& begin = slices_[static_cast<std::size_t>(mode)];
        begin.assign(static_cast<std::size_t>(observed.box().shape()[mode]) + 1, 0);
        const std::uint32_t* own = positions_.data() + mode * count;
        for (Index entry = 0; entry < count; ++entry) {
            ++begin[own[entry] + std::size_t{1}];
        }
        std::partial_sum(begin.begin(), begin.end(), begin.begin());
        if (mode > 0) {
            std::vector<Index> next = begin;
            std::vector<Index>& order = sorted_[static_cast<std::size_t>(mode)];
            order.resize(static_cast<std::size_t>(count));
            for (Index entry = 0; entry < count; ++entry) {
                order[static_cast<std::size_t>(next[own[entry]]++)] = entry;
            }
        }
    }
}

template <typename T>
HostView<double> TuckerCompletion<T>::normal_equations(const TuckerModel& model, int mode) const {
    const auto place = static_cast<std::size_t>(mode);
    const Index rank = model.factors[place].columns;
    const Index packed = packed_size(rank);
    const std::vector<Index>& slices = slices_[place];
    const auto rows = static_cast<Index>(slices.size()) - 1;
    HostView<double> equations;
    agree(observed_.communicator(),
          [&] { equations = allocate_host<double>("tucker normal equations", rows * packed); });
    Kokkos::deep_copy(equations, 0.0);

    const EntryPass<T> pass(observed_, positions_.data(), values_.data(), model);
    FibreModes others = pass.modes();
    others.erase(others.begin() + mode);
    const std::vector<double> core = with_mode_last(model.core, model.ranks(), mode);
    const std::vector<Index>& sorted = sorted_[place];
    Kokkos::parallel_for(
        "tessera::tucker_rows",
        Kokkos::RangePolicy<Host, Kokkos::Schedule<Kokkos::Dynamic>>(0, rows, Kokkos::ChunkSize(1)),
        [&](Index row) {
            const Index begin = slices[static_cast<std::size_t>(row)];
            const Index end = slices[static_cast<std::size_t>(row) + 1];
            if (begin == end) {
                return;
            }
            CoreFibres fibres(others, rank, core);
            Index before = -1;
            for (Index place_in_order = begin; place_in_order < end; ++place_in_order) {
                const Index entry = sorted.empty()
                                        ? place_in_order
                                        : sorted[static_cast<std::size_t>(place_in_order)];
                const auto position = [&](std::size_t other, Index of) {
                    return pass.position(other + (other >= place ? 1 : 0), of);
                };
                std::size_t changed = 0;
                while (before >= 0 && changed + 1 < others.size() &&
                       position(changed, entry) == position(changed, before)) {
                    ++changed;
                }
                const std::vector<double>& design =
                    fibres(changed, [&](std::size_t other) { return position(other, entry); });
                add_equation(design, static_cast<double>(values_(entry)),
                             equations.data() + row * packed);
                before = entry;
            }
        });
    Host().fence("tessera::tucker_rows");
    return equations;
}

template <typename T>
void TuckerCompletion<T>::update_factor(TuckerModel& model, int mode, double ridge) const {
    const Phase phase("tucker/rows");
    const Communicator& world = observed_.communicator();
    Matrix& factor = model.factors[static_cast<std::size_t>(mode)];
    const Index rank = factor.columns;
    const Index packed = packed_size(rank);
    const HostView<double> equations = normal_equations(model, mode);
    const Index rows = static_cast<Index>(equations.size()) / packed;

    // The ranks that hold parts of the same slices; one of them goes on with the sum.
    std::vector<bool> others(static_cast<std::size_t>(observed_.order()), true);
    others[static_cast<std::size_t>(mode)] = false;
    const Communicator sharers = observed_.partition().grid().along(others);
    sharers.sum_in_place(equations.data(), static_cast<Index>(equations.size()));
    const bool solves = sharers.rank() == 0;
    std::vector<double> mean(static_cast<std::size_t>(packed), 0.0);
    for (Index entry = 0; solves && entry < rows * packed; ++entry) {
        mean[static_cast<std::size_t>(entry % packed)] += equations(entry);
    }
    world.sum_in_place(mean.data(), packed);
    const double share = ridge / static_cast<double>(factor.rows);

    std::vector<double> solutions(factor.values.size(), 0.0);
    const Index first_row = observed_.box().begin[mode];
    Kokkos::parallel_for(
        "tessera::tucker_solve", Kokkos::RangePolicy<Host>(0, solves ? rows : 0), [&](Index row) {
            std::vector<double> own(equations.data() + row * packed,
                                    equations.data() + (row + 1) * packed);
            add_scaled(share, mean, own);
            solve_equations(own, rank, solutions.data() + (first_row + row) * rank);
        });
    Host().fence("tessera::tucker_solve");
    world.sum_in_place(solutions.data(), static_cast<Index>(solutions.size()));

    Matrix triangle(rank, rank);
    agree_on_rank_0(world, [&] {
        Matrix updated(factor.rows, rank);
        for (Index entry = 0; entry < static_cast<Index>(solutions.size()); ++entry) {
            updated(entry / rank, entry % rank) = solutions[static_cast<std::size_t>(entry)];
        }
        DenseQr qr = dense_qr(updated);
        factor = std::move(qr.q);
        triangle = std::move(qr.r);
    });
    world.broadcast(factor.data(), static_cast<Index>(factor.values.size()));
    world.broadcast(triangle.data(), static_cast<Index>(triangle.values.size()));
    multiply_core(model.core, model.ranks(), mode, triangle);
}

template <typename T>
double TuckerCompletion<T>::update_core(TuckerModel& model, Index iterations) const {
    const Phase phase("tucker/core");
    const EntryPass<T> pass(observed_, positions_.data(), values_.data(), model);
    auto [gradient, error] = pass(model.core, true);
    std::vector<double> direction = gradient;
    double slope = dot(gradient, gradient);
    for (Index iteration = 0; iteration < iterations && slope > 0.0; ++iteration) {
        const auto [image, curvature] = pass(direction, false);
        if (!(curvature > 0.0)) {
            break;
        }
        const double length = slope / curvature;
        add_scaled(length, direction, model.core);
        add_scaled(-length, image, gradient);
        // Along a conjugate direction the squared error falls by exactly that much.
        error = std::max(0.0, error - length * slope);
        const double next_slope = dot(gradient, gradient);
        for (std::size_t i = 0; i < direction.size(); ++i) {
            direction[i] = gradient[i] + next_slope / slope * direction[i];
        }
        slope = next_slope;
    }
    return error;
}

template class TuckerCompletion<float>;
template class TuckerCompletion<double>;

}  // namespace tessera
