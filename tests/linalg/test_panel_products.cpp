#include <gtest/gtest.h>

#include <cmath>
#include <tuple>
#include <vector>

#include "tessera/base/random.hpp"
#include "tessera/linalg/panel_products.hpp"

namespace tessera {
namespace {

/// Rows with a gap behind each, all of it random.
template <typename T>
struct Strided {
    Strided(Index rows, Index columns, std::uint32_t stream) : stride(columns + 3) {
        const Random random(23, stream);
        for (Index i = 0; i < rows * stride; ++i) {
            values.push_back(static_cast<T>(random.normal(i)));
        }
        // Nothing is read behind the last row.
        values.resize(static_cast<std::size_t>(std::max(Index{0}, rows * stride - 3)));
        values.shrink_to_fit();
    }
    [[nodiscard]] double operator()(Index row, Index column) const {
        return static_cast<double>(values[static_cast<std::size_t>(row * stride + column)]);
    }
    [[nodiscard]] panels::Rows<const T> view() const { return {values.data(), stride}; }
    panels::Rows<T> view() { return {values.data(), stride}; }

    Index stride;
    std::vector<T> values;
};

template <typename T>
std::vector<T> packed(bool transposed, Index depth, Index columns, const Strided<T>& b) {
    std::vector<T> result(static_cast<std::size_t>(panels::packed_size<T>(depth, columns)));
    panels::pack<T>(transposed, depth, columns, b.values.data(), b.stride, result.data());
    return result;
}

/// The entries of `c` must be those of `before`, times `keep`, and the sums of the two factors; its
/// gaps those of `before`.
template <typename T, typename A, typename B>
void check(const Strided<T>& c, const Strided<T>& before, double keep, Index columns, Index depth,
           const A& a, const B& b) {
    // Sums of at most 300 products of unit size.
    const double tolerance = sizeof(T) == 4 ? 2e-4 : 2e-13;
    for (std::size_t i = 0; i < c.values.size(); ++i) {
        const Index row = static_cast<Index>(i) / c.stride;
        const Index column = static_cast<Index>(i) % c.stride;
        const auto old = static_cast<double>(before.values[i]);
        if (column >= columns) {
            EXPECT_EQ(static_cast<double>(c.values[i]), old);
            continue;
        }
        double sum = keep * old;
        for (Index l = 0; l < depth; ++l) {
            sum += a(row, l) * b(l, column);
        }
        EXPECT_NEAR(static_cast<double>(c.values[i]), sum, tolerance);
    }
}

template <typename T>
void check_shape(Index rows, Index columns, Index depth) {
    SCOPED_TRACE(testing::Message() << rows << " x " << columns << ", depth " << depth);
    const Strided<T> a(rows, depth, 1), b(depth, columns, 2), start(rows, columns, 3);
    const Strided<T> a_transposed(depth, rows, 4), b_transposed(columns, depth, 5);
    for (const bool add : {false, true}) {
        Strided<T> c = start;
        panels::multiply<T>(rows, columns, depth, a.view(), packed(false, depth, columns, b).data(),
                            c.view(), add);
        check(c, start, add ? 1.0 : 0.0, columns, depth, a, b);
        c = start;
        panels::multiply<T>(rows, columns, depth, a.view(),
                            packed(true, depth, columns, b_transposed).data(), c.view(), add);
        check(c, start, add ? 1.0 : 0.0, columns, depth, a,
              [&](Index l, Index column) { return b_transposed(column, l); });
    }
    Strided<T> c = start;
    panels::add_transposed<T>(rows, columns, depth, a_transposed.view(), b.view(), c.view());
    check(
        c, start, 1.0, columns, depth, [&](Index row, Index l) { return a_transposed(l, row); }, b);
}

TEST(PanelProducts, AgreeWithTheSums) {
    // Around the edges of tiles, half vectors and panels.
    for (const auto& [rows, columns, depth] : std::vector<std::tuple<Index, Index, Index>>{
             {1, 1, 1}, {3, 5, 0}, {8, 16, 7}, {9, 31, 20}, {13, 33, 2}, {29, 97, 300}}) {
        check_shape<double>(rows, columns, depth);
        check_shape<float>(rows, columns, depth);
    }
}

TEST(PanelProducts, ColumnsOfALargerMatrixLieWherePackingPutsThem) {
    const Index rows = 5, depth = 6, columns = 3 * panels::width<double>() + 5;
    const Strided<double> a(rows, depth, 1), b(depth, columns, 2);
    const std::vector<double> all = packed(false, depth, columns, b);
    const Index begin = 2 * panels::width<double>();
    const Strided<double> start(rows, columns - begin, 3);
    Strided<double> c = start;
    panels::multiply<double>(rows, columns - begin, depth, a.view(), all.data() + begin * depth,
                             c.view());
    check(c, start, 0.0, columns - begin, depth, a,
          [&](Index l, Index column) { return b(l, begin + column); });
}

}  // namespace
}  // namespace tessera
