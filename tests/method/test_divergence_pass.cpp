#include <gtest/gtest.h>

#include <cmath>

#include "tessera/base/random.hpp"
#include "tessera/method/nmf/divergence_pass.hpp"

namespace tessera {
namespace {

// Suites that do not need MPI: the products are those of one rank's rows.

std::vector<double> positive_numbers(Index count, std::uint32_t stream) {
    std::vector<double> numbers;
    for (Index i = 0; i < count; ++i) {
        numbers.push_back(0.05 + Random(3, stream).uniform(i));
    }
    return numbers;
}

struct Layout {
    Index left;
    Index columns;
    Index right;
};

// The last one has more rows than a tile holds.
constexpr Layout layouts[] = {{6, 5, 1}, {1, 5, 6}, {3, 4, 2}, {700, 130, 1}};

TEST(DivergencePassOneRank, ProductsAreThoseOfNaiveLoops) {
    constexpr Index rank = 3;
    for (const auto& [left, columns, right] : layouts) {
        const Index rows = left * right;
        std::vector<double> x = positive_numbers(rows * columns, 1);
        x[3] = 0.0;
        const std::vector<double> w = positive_numbers(rows * rank, 2);
        const std::vector<double> h = positive_numbers(columns * rank, 3);
        std::vector<double> by_row(w.size(), 0.0);
        std::vector<double> by_column(h.size(), 0.0);
        double divergence = 0.0;
        for (Index row = 0; row < rows; ++row) {
            for (Index column = 0; column < columns; ++column) {
                const double value = x[(row / right * columns + column) * right + row % right];
                double model = 0.0;
                for (Index r = 0; r < rank; ++r) {
                    model += w[row * rank + r] * h[column * rank + r];
                }
                for (Index r = 0; r < rank; ++r) {
                    by_row[row * rank + r] += value / model * h[column * rank + r];
                    by_column[column * rank + r] += value / model * w[row * rank + r];
                }
                divergence += model - value + (value > 0.0 ? value * std::log(value / model) : 0.0);
            }
        }
        const DivergencePass<double> pass({x.data(), left, columns, right}, rank, w, h);
        const std::vector<double> found_rows = pass.row_products();
        const std::vector<double> found_columns = pass.column_products();
        for (std::size_t i = 0; i < by_row.size(); ++i) {
            EXPECT_NEAR(found_rows[i], by_row[i], 1e-11 * by_row[i]);
        }
        for (std::size_t i = 0; i < by_column.size(); ++i) {
            EXPECT_NEAR(found_columns[i], by_column[i], 1e-11 * by_column[i]);
        }
        EXPECT_NEAR(pass.divergence(), divergence, 1e-11 * divergence);
    }
}

}  // namespace
}  // namespace tessera
