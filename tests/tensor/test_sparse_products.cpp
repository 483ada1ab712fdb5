#include <gtest/gtest.h>

#include <cmath>

#include "all_ranks.hpp"
#include "sparse_factors.hpp"
#include "tessera/tensor/completion_rows.hpp"
#include "tessera/tensor/sparse_products.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

/// What the tests below run on: orders 2 to 5, ranks that fill packs and that do not, few entries
/// (empty slices, ranks without any) and many (tasks of one slice).
struct Case {
    Extents shape;
    Index rank;
    EntryMap entries;
    SparseTensor<double> tensor;
    std::vector<std::vector<double>> factors;  ///< whole, on every rank
    OwnRows own;
};

Case make_case(Dice& dice, int trial) {
    const int order = 2 + trial % 4;
    const Extents shape = random_shape(dice, order, 3000);
    const Index rank = dice.between(1, 26);
    const auto list = random_list<double>(dice, shape, dice.between(0, trial % 3 == 0 ? 12 : 900));
    auto tensor = assemble(Communicator::world(), "test entries", shape, own_part(list),
                           random_grid(dice, order, rank_count()))
                      .tensor;
    auto factors = random_factors(shape, rank);
    OwnRows own(factors, tensor.box(), rank);
    return {shape, rank, entries_of(list), tensor, factors, own};
}

/// Whether sums over all ranks' rows, put at their place in the whole factor, are the expected
/// ones.
bool add_up_to(const std::vector<double>& own_rows, Index begin, Index width, Index extent,
               const std::vector<double>& expected) {
    std::vector<double> whole(static_cast<std::size_t>(extent * width), 0.0);
    std::copy(own_rows.begin(), own_rows.end(), whole.begin() + begin * width);
    Communicator::world().sum_in_place(whole.data(), extent * width);
    double largest = 1.0;
    double worst = 0.0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        largest = std::max(largest, std::abs(expected[i]));
        worst = std::max(worst, std::abs(whole[i] - expected[i]));
    }
    return worst <= 1e-12 * largest;
}

TEST(SparseProducts, MttkrpIsTheSumOverTheEntries) {
    Dice dice(131);
    for (int trial = 0; trial < 24; ++trial) {
        const Case c = make_case(dice, trial);
        for (int mode = 0; mode < c.shape.order(); ++mode) {
            std::vector<double> expected(static_cast<std::size_t>(c.shape[mode] * c.rank), 0.0);
            for (const auto& [position, value] : c.entries) {
                for (Index r = 0; r < c.rank; ++r) {
                    expected[static_cast<std::size_t>(
                        position[static_cast<std::size_t>(mode)] * c.rank + r)] +=
                        value * hadamard(c.factors, position, c.rank, r, mode);
                }
            }
            const CompressedFibres<double> fibres(c.tensor, mode);
            std::vector<double> rows(static_cast<std::size_t>(fibres.rows() * c.rank), -7.0);
            sparse_mttkrp(fibres, c.own.pointers(), c.rank, rows.data());
            ASSERT_ALL_RANKS(
                add_up_to(rows, c.tensor.box().begin[mode], c.rank, c.shape[mode], expected))
                << c.shape.to_string() << " mode " << mode << " rank " << c.rank;
        }
    }
}

TEST(SparseProducts, FloatValuesAreAddedUpInDouble) {
    // One slice of many entries: 1/3 in float32, 40000 times, all factors 1.
    const Extents shape{1, 200, 200};
    const Partition partition(shape,
                              ProcessGrid(Communicator::world(), Extents{1, rank_count(), 1}));
    DenseTensor<float> dense("third", partition);
    Kokkos::deep_copy(dense.block(), 1.0F / 3.0F);
    const auto tensor = observed_entries<float>(dense, std::nullopt);
    const std::vector<std::vector<double>> ones = {
        {1.0}, std::vector<double>(200, 1.0), std::vector<double>(200, 1.0)};
    const OwnRows own(ones, tensor.box(), 1);
    const CompressedFibres<float> fibres(tensor, 0);
    std::vector<double> sum(1);
    sparse_mttkrp(fibres, own.pointers(), 1, sum.data());
    EXPECT_NEAR_ALL_RANKS(Communicator::world().sum(sum[0]),
                          40000.0 * static_cast<double>(1.0F / 3.0F), 1e-7);
    EXPECT_ALL_RANKS(fibres.tasks.size() > 2 || rank_count() > 2);
}

TEST(SparseProducts, PredictionsAreTheModelAtTheEntries) {
    Dice dice(132);
    for (int trial = 0; trial < 16; ++trial) {
        const Case c = make_case(dice, trial);
        std::vector<double> estimates(static_cast<std::size_t>(c.tensor.local_count()));
        predict_entries(c.tensor, c.own.pointers(), c.rank, estimates.data());
        ASSERT_ALL_RANKS([&] {
            std::size_t entry = 0;
            for (const auto& [position, value] : own_entries(c.tensor)) {
                double expected = 0.0;
                for (Index r = 0; r < c.rank; ++r) {
                    expected += hadamard(c.factors, position, c.rank, r, -1);
                }
                if (std::abs(estimates[entry++] - expected) > 1e-12) {
                    return false;
                }
            }
            return true;
        }());
    }
}

TEST(CompletionRows, NormalEquationsAreTheSumsOverTheEntries) {
    Dice dice(133);
    for (int trial = 0; trial < 24; ++trial) {
        const Case c = make_case(dice, trial);
        const Index size = normal_equations_size(c.rank);
        const int mode = static_cast<int>(dice.between(0, c.shape.order() - 1));
        std::vector<double> expected(static_cast<std::size_t>(c.shape[mode] * size), 0.0);
        for (const auto& [position, value] : c.entries) {
            double* row = expected.data() + position[static_cast<std::size_t>(mode)] * size;
            for (Index i = 0; i < c.rank; ++i) {
                const double h = hadamard(c.factors, position, c.rank, i, mode);
                for (Index j = 0; j <= i; ++j) {
                    row[i * (i + 1) / 2 + j] += h * hadamard(c.factors, position, c.rank, j, mode);
                }
                row[c.rank * (c.rank + 1) / 2 + i] += h * value;
            }
        }
        const CompressedFibres<double> fibres(c.tensor, mode);
        std::vector<double> rows(static_cast<std::size_t>(fibres.rows() * size), -7.0);
        // In two parts, as a caller with little memory would.
        const Index middle = fibres.rows() / 2;
        normal_equations(fibres, c.own.pointers(), c.rank, 0, middle, rows.data());
        normal_equations(fibres, c.own.pointers(), c.rank, middle, fibres.rows(),
                         rows.data() + middle * size);
        ASSERT_ALL_RANKS(add_up_to(rows, c.tensor.box().begin[mode], size, c.shape[mode], expected))
            << c.shape.to_string() << " mode " << mode << " rank " << c.rank;
    }
}

TEST(CompletionRowsOneRank, SolvesTheRidgeProblem) {
    // Ten Hadamard rows of four columns; the gradient of |v - H x|^2 + ridge |x|^2 vanishes at x.
    constexpr Index rank = 4;
    constexpr Index entries = 10;
    const double ridge = 0.3;
    const auto h = random_entries<double>(entries * rank, 5);
    const auto v = random_entries<double>(entries, 6);
    std::vector<double> equations(normal_equations_size(rank), 0.0);
    double squares = 0.0;
    for (Index e = 0; e < entries; ++e) {
        squares += v[e] * v[e];
        for (Index i = 0; i < rank; ++i) {
            for (Index j = 0; j <= i; ++j) {
                equations[i * (i + 1) / 2 + j] += h[e * rank + i] * h[e * rank + j];
            }
            equations[rank * (rank + 1) / 2 + i] += h[e * rank + i] * v[e];
        }
    }
    std::vector<double> x(rank);
    const Explained explained = solve_rows(equations.data(), 1, rank, ridge, x.data());
    double residual_squares = 0.0;
    double norm_squares = 0.0;
    std::vector<double> gradient(rank, 0.0);
    for (Index e = 0; e < entries; ++e) {
        double residual = v[e];
        for (Index i = 0; i < rank; ++i) {
            residual -= h[e * rank + i] * x[i];
        }
        residual_squares += residual * residual;
        for (Index i = 0; i < rank; ++i) {
            gradient[i] -= h[e * rank + i] * residual;
        }
    }
    for (Index i = 0; i < rank; ++i) {
        norm_squares += x[i] * x[i];
        EXPECT_NEAR(gradient[i] + ridge * x[i], 0.0, 1e-13);
    }
    EXPECT_NEAR(explained.ridge, norm_squares, 1e-14);
    EXPECT_NEAR(squares - explained.fitted, residual_squares, 1e-13);
}

TEST(CompletionRowsOneRank, LeavesOpenDirectionsAtZero) {
    // A row without entries; one whose matrix has rank 1, (1, 2)^T (1, 2) x = 5 (1, 2)^T.
    std::vector<double> equations = {0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 4.0, 5.0, 10.0};
    std::vector<double> x(4, -1.0);
    (void)solve_rows(equations.data(), 2, 2, 0.0, x.data());
    EXPECT_EQ(x[0], 0.0);
    EXPECT_EQ(x[1], 0.0);
    EXPECT_NEAR(x[2] + 2.0 * x[3], 5.0, 1e-14);
}

}  // namespace
