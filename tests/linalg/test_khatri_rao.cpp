#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>

#include "tessera/base/random.hpp"
#include "tessera/linalg/factor_updates.hpp"
#include "tessera/linalg/khatri_rao.hpp"

namespace tessera {
namespace {

std::vector<double> numbers(Index count, std::uint32_t stream) {
    const Random random(17, stream);
    std::vector<double> result;
    for (Index i = 0; i < count; ++i) {
        result.push_back(random.normal(i));
    }
    return result;
}

// Row (i, j, k) of the product of three factors, entry by entry.
double entry(const std::vector<FactorView>& factors, Index rank, Index row, Index r) {
    double product = 1.0;
    for (auto factor = factors.rbegin(); factor != factors.rend(); ++factor) {
        product *= factor->data[row % factor->rows * rank + r];
        row /= factor->rows;
    }
    return product;
}

TEST(KhatriRao, PanelsAreRowsOfTheProductAndZeros) {
    const Index rank = 3;
    const auto a = numbers(2 * rank, 1), b = numbers(4 * rank, 2), c = numbers(5 * rank, 3);
    const std::vector<std::vector<FactorView>> chains = {
        {},
        {{b.data(), 4}},
        {{a.data(), 2}, {b.data(), 4}},
        {{a.data(), 2}, {b.data(), 4}, {c.data(), 5}}};
    for (const auto& factors : chains) {
        const KhatriRao k(factors, rank);
        for (Index begin = 0; begin < k.rows(); ++begin) {
            for (Index end = begin; end <= k.rows(); ++end) {
                std::vector<double> panel(static_cast<std::size_t>((end - begin) * 4), -1.0);
                k.panel(begin, end, 4, panel.data());
                for (Index row = begin; row < end; ++row) {
                    for (Index r = 0; r < 4; ++r) {
                        const double wanted = r < rank ? entry(factors, rank, row, r) : 0.0;
                        EXPECT_NEAR(panel[(row - begin) * 4 + r], wanted, 1e-15);
                    }
                }
            }
        }
    }
}

// Shapes around the edges of tiles, panels, pieces and chunks; ranks around those of vectors.
template <typename T>
void check_products(Index rows, Index split, Index columns, Index rank, double tolerance) {
    std::vector<T> a;
    for (const double value : numbers(rows * columns, 4)) {
        a.push_back(static_cast<T>(value));
    }
    const auto f = numbers(rows * rank, 5), g = numbers(columns * rank, 6);
    const auto h = numbers(split * rank, 7);
    // The rows of `a` as a product of two factors, where they can be cut that way.
    const std::vector<FactorView> row_factors =
        split > 1 ? std::vector<FactorView>{{h.data(), split}, {f.data(), rows / split}}
                  : std::vector<FactorView>{{f.data(), rows}};
    const std::vector<FactorView> column_factors = {{g.data(), columns}};
    std::vector<double> row_sums(static_cast<std::size_t>(rows * rank), 1.0);
    std::vector<double> column_sums(static_cast<std::size_t>(columns * rank), 1.0);
    std::vector<double> row_wanted = row_sums, column_wanted = column_sums;
    row_products(a.data(), rows, columns, KhatriRao(column_factors, rank), row_sums.data(),
                 Target::add);
    column_products(a.data(), rows, columns, KhatriRao(row_factors, rank), column_sums.data(),
                    Target::add);
    for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < columns; ++j) {
            for (Index r = 0; r < rank; ++r) {
                const auto value = static_cast<double>(a[i * columns + j]);
                row_wanted[i * rank + r] += value * entry(column_factors, rank, j, r);
                column_wanted[j * rank + r] += value * entry(row_factors, rank, i, r);
            }
        }
    }
    double difference = 0.0;
    for (std::size_t i = 0; i < row_sums.size(); ++i) {
        difference = std::max(difference, std::abs(row_sums[i] - row_wanted[i]));
    }
    for (std::size_t i = 0; i < column_sums.size(); ++i) {
        difference = std::max(difference, std::abs(column_sums[i] - column_wanted[i]));
    }
    EXPECT_LT(difference, tolerance) << rows << " x " << columns << ", rank " << rank;
}

TEST(KhatriRao, ProductsAgreeWithTheSums) {
    const std::vector<std::tuple<Index, Index, Index>> shapes = {
        {1, 1, 1},    {7, 1, 5},    {30, 5, 25},  {49, 7, 97},
        {8, 2, 3000}, {3000, 6, 9}, {600, 3, 51}, {2050, 2, 130}};
    for (const auto& [rows, split, columns] : shapes) {
        for (const Index rank : {1, 3, 8, 20, 27}) {
            check_products<double>(rows, split, columns, rank, 1e-11);
            // Sums of up to 3000 products of unit size, rounded to 24 bits.
            check_products<float>(rows, split, columns, rank, 5e-4);
        }
    }
}

TEST(KhatriRao, SetReplacesWhatWasThere) {
    const auto a = numbers(6 * 5, 8), f = numbers(5 * 2, 9);
    const KhatriRao k({{f.data(), 5}}, 2);
    std::vector<double> first(12, 0.0), second(12, std::numeric_limits<double>::quiet_NaN());
    row_products(a.data(), 6, 5, k, first.data(), Target::add);
    row_products(a.data(), 6, 5, k, second.data());
    EXPECT_EQ(first, second);
}

TEST(KhatriRao, ReconstructsTheWeightedSumOfProducts) {
    const Index rank = 3;
    const auto a = numbers(600 * rank, 1), b = numbers(2 * rank, 2), c = numbers(5 * rank, 3);
    const std::vector<FactorView> left = {{a.data(), 600}, {b.data(), 2}};
    const std::vector<FactorView> right = {{c.data(), 5}};
    const std::vector<double> weights = {2.0, 0.5, -1.0};
    std::vector<double> out(1200 * 5);
    reconstruct(KhatriRao(left, rank), weights, KhatriRao(right, rank), out.data());
    for (Index i = 0; i < 1200; ++i) {
        for (Index j = 0; j < 5; ++j) {
            double wanted = 0.0;
            for (Index r = 0; r < rank; ++r) {
                wanted += weights[r] * entry(left, rank, i, r) * entry(right, rank, j, r);
            }
            ASSERT_NEAR(out[i * 5 + j], wanted, 1e-13);
        }
    }
}

TEST(FactorUpdates, PseudoInverseOfASingularMatrixFulfilsPenrosesConditions) {
    // Rank 2 of 4: columns 2 and 3 repeat columns 0 and 1.
    const auto rows = numbers(10 * 2, 3);
    std::vector<double> a;
    for (Index i = 0; i < 10; ++i) {
        for (Index r = 0; r < 4; ++r) {
            a.push_back(rows[i * 2 + r % 2]);
        }
    }
    const Matrix gram = gram_of_rows(a.data(), 10, 4);
    const Matrix inverse = pseudo_inverse(gram);
    for (Index i = 0; i < 4; ++i) {
        for (Index j = 0; j < 4; ++j) {
            double gig = 0.0, igi = 0.0, symmetric = 0.0;
            for (Index k = 0; k < 4; ++k) {
                symmetric += gram(i, k) * inverse(k, j) - inverse(i, k) * gram(k, j);
                for (Index l = 0; l < 4; ++l) {
                    gig += gram(i, k) * inverse(k, l) * gram(l, j);
                    igi += inverse(i, k) * gram(k, l) * inverse(l, j);
                }
            }
            EXPECT_NEAR(gig, gram(i, j), 1e-10);
            EXPECT_NEAR(igi, inverse(i, j), 1e-10);
            EXPECT_NEAR(symmetric, 0.0, 1e-10);
        }
    }
}

// Repeated passes reach the minimiser: gradient 0 where x > 0, >= 0 where x = 0.
TEST(FactorUpdates, NonnegativeRowsReachTheOptimalityConditions) {
    const Index rank = 4, count = 6;
    const auto a = numbers(9 * rank, 1);
    const Matrix gram = gram_of_rows(a.data(), 9, rank);
    const auto rhs = numbers(count * rank, 2);
    std::vector<double> x(static_cast<std::size_t>(count * rank), 1.0);
    for (int pass = 0; pass < 400; ++pass) {
        nonnegative_rows(rhs.data(), count, gram, x.data());
    }
    int bound = 0;
    for (Index i = 0; i < count; ++i) {
        for (Index r = 0; r < rank; ++r) {
            double gradient = -rhs[i * rank + r];
            for (Index q = 0; q < rank; ++q) {
                gradient += gram(r, q) * x[i * rank + q];
            }
            if (x[i * rank + r] > least_entry) {
                EXPECT_NEAR(gradient, 0.0, 1e-10);
            } else {
                ++bound;
                EXPECT_GT(gradient, -1e-10);
            }
        }
    }
    EXPECT_GT(bound, 0);
    EXPECT_LT(bound, count * rank);
}

}  // namespace
}  // namespace tessera
