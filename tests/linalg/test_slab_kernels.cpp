// Slab kernels against naive loops in float64, over every layout: row-major, long slabs, slabs of a
// few rows, remainders of vectors, factors small (tiles) and large (BLAS).

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "tessera/linalg/slab_kernels.hpp"

namespace tessera {
namespace {

struct Shape {
    Index left, columns, right, k;
};

std::string name_of(const Shape& s) {
    return std::to_string(s.left) + "x" + std::to_string(s.columns) + "x" +
           std::to_string(s.right) + "_k" + std::to_string(s.k);
}

template <typename T>
struct Slabs {
    Slabs(Index left, Index columns, Index right)
        : entries(static_cast<std::size_t>(left * columns * right)),
          matrix{entries.data(), left, columns, right} {}

    [[nodiscard]] SlabMatrix<const T> constant() const {
        return {entries.data(), matrix.left, matrix.columns, matrix.right};
    }
    [[nodiscard]] T& operator()(Index row, Index column) {
        const Index slab = row / matrix.right;
        return entries[static_cast<std::size_t>((slab * matrix.columns + column) * matrix.right +
                                                row % matrix.right)];
    }

    std::vector<T> entries;
    SlabMatrix<T> matrix;
};

template <typename T>
Slabs<T> random_slabs(Index left, Index columns, Index right, unsigned seed) {
    Slabs<T> result(left, columns, right);
    std::mt19937 generator(seed);
    std::normal_distribution<double> normal;
    for (T& entry : result.entries) {
        entry = static_cast<T>(normal(generator));
    }
    return result;
}

Matrix random_matrix(Index rows, Index columns, unsigned seed) {
    Matrix result(rows, columns);
    std::mt19937 generator(seed);
    std::normal_distribution<double> normal;
    for (double& entry : result.values) {
        entry = normal(generator);
    }
    return result;
}

std::vector<std::uint8_t> random_mask(std::size_t count, unsigned seed) {
    std::vector<std::uint8_t> mask(count);
    std::mt19937 generator(seed);
    for (std::uint8_t& byte : mask) {
        byte = generator() % 3 == 0 ? 0 : 1;
    }
    return mask;
}

// Sums of n products in T: n times the rounding of T times the sum of magnitudes bounds the error
// (Higham, Accuracy and Stability, 3.1); every check compares with that bound.
template <typename T>
double rounding(Index terms) {
    return static_cast<double>(terms + 2) * static_cast<double>(std::numeric_limits<T>::epsilon());
}

struct Sum {
    double value = 0.0;
    double magnitude = 0.0;
    void add(double a, double b) {
        value += a * b;
        magnitude += std::abs(a * b);
    }
};

template <typename T>
Sum product_entry(Slabs<T>& a, const Matrix& w, Index row, Index j) {
    Sum sum;
    for (Index c = 0; c < w.rows; ++c) {
        sum.add(static_cast<double>(a(row, c)), w(c, j));
    }
    return sum;
}

class SlabKernelsOneRank : public ::testing::TestWithParam<Shape> {};

template <typename T>
void check_gram(const Shape& s) {
    Slabs<T> a = random_slabs<T>(s.left, s.columns, s.right, 1);
    const Matrix result = gram(a.constant());
    ASSERT_EQ(result.rows, s.columns);
    ASSERT_EQ(result.columns, s.columns);
    for (Index i = 0; i < s.columns; ++i) {
        for (Index j = 0; j <= i; ++j) {
            Sum sum;
            for (Index row = 0; row < s.left * s.right; ++row) {
                sum.add(static_cast<double>(a(row, i)), static_cast<double>(a(row, j)));
            }
            // float64 sums for float32 data too.
            ASSERT_NEAR(result(i, j), sum.value, rounding<double>(s.left * s.right) * sum.magnitude)
                << i << ", " << j;
            ASSERT_EQ(result(i, j), result(j, i));
        }
    }
}

template <typename T>
void check_multiply(const Shape& s) {
    Slabs<T> a = random_slabs<T>(s.left, s.columns, s.right, 2);
    const Matrix w = random_matrix(s.columns, s.k, 3);
    Slabs<T> out(s.left, s.k, s.right);
    multiply(a.constant(), w, out.matrix);
    for (Index row = 0; row < s.left * s.right; ++row) {
        for (Index j = 0; j < s.k; ++j) {
            const Sum sum = product_entry(a, w, row, j);
            ASSERT_NEAR(static_cast<double>(out(row, j)), sum.value,
                        rounding<T>(s.columns) * sum.magnitude)
                << row << ", " << j;
        }
    }
}

template <typename T>
void check_project(const Shape& s) {
    Slabs<T> a = random_slabs<T>(s.left, s.columns, s.right, 4);
    const Matrix w = random_matrix(s.columns, s.k, 5);
    const Matrix v = random_matrix(s.columns, s.k, 6);
    Slabs<T> out(s.left, s.columns, s.right);
    project(a.constant(), w, v, out.matrix);
    for (Index row = 0; row < s.left * s.right; ++row) {
        std::vector<Sum> middle;
        for (Index j = 0; j < s.k; ++j) {
            middle.push_back(product_entry(a, w, row, j));
        }
        for (Index c = 0; c < s.columns; ++c) {
            double expected = 0.0;
            double magnitude = 0.0;
            for (Index j = 0; j < s.k; ++j) {
                const Sum& sum = middle[static_cast<std::size_t>(j)];
                expected += sum.value * v(c, j);
                magnitude += sum.magnitude * std::abs(v(c, j));
            }
            ASSERT_NEAR(static_cast<double>(out(row, c)), expected,
                        rounding<T>(s.columns + s.k) * magnitude)
                << row << ", " << c;
        }
    }
    // In place, and only where the mask is 0, gives the same bits.
    Slabs<T> in_place(s.left, s.columns, s.right);
    in_place.entries = a.entries;
    in_place.matrix.data = in_place.entries.data();
    project(in_place.constant(), w, v, in_place.matrix);
    EXPECT_EQ(in_place.entries, out.entries);

    const std::vector<std::uint8_t> mask = random_mask(a.entries.size(), 7);
    std::vector<T> expected = a.entries;
    for (std::size_t i = 0; i < mask.size(); ++i) {
        expected[i] = mask[i] == 0 ? out.entries[i] : expected[i];
    }
    in_place.entries = a.entries;
    project_missing(in_place.constant(), w, v, mask.data(), in_place.matrix);
    EXPECT_EQ(in_place.entries, expected);
}

template <typename T>
void check_reconstruct(const Shape& s) {
    Slabs<T> u = random_slabs<T>(s.left, s.k, s.right, 8);
    const Matrix v = random_matrix(s.columns, s.k, 9);
    Matrix vt(s.k, s.columns);
    for (Index c = 0; c < s.columns; ++c) {
        for (Index j = 0; j < s.k; ++j) {
            vt(j, c) = v(c, j);
        }
    }
    Slabs<T> out(s.left, s.columns, s.right);
    reconstruct(u.constant(), v, out.matrix);
    for (Index row = 0; row < s.left * s.right; ++row) {
        for (Index c = 0; c < s.columns; ++c) {
            const Sum sum = product_entry(u, vt, row, c);
            ASSERT_NEAR(static_cast<double>(out(row, c)), sum.value,
                        rounding<T>(s.k) * sum.magnitude);
        }
    }
    const std::vector<std::uint8_t> mask = random_mask(out.entries.size(), 10);
    const std::vector<T> observed(out.entries.size(), T{7});
    std::vector<T> expected = observed;
    for (std::size_t i = 0; i < mask.size(); ++i) {
        expected[i] = mask[i] == 0 ? out.entries[i] : expected[i];
    }
    Slabs<T> filled(s.left, s.columns, s.right);
    filled.entries = observed;
    filled.matrix.data = filled.entries.data();
    reconstruct_missing(u.constant(), v, mask.data(), filled.matrix);
    EXPECT_EQ(filled.entries, expected);
}

TEST_P(SlabKernelsOneRank, GramIsTheSumOfOuterProductsInFloat64) {
    check_gram<double>(GetParam());
    check_gram<float>(GetParam());
}
TEST_P(SlabKernelsOneRank, MultiplyIsTheMatrixProduct) {
    check_multiply<double>(GetParam());
    check_multiply<float>(GetParam());
}
TEST_P(SlabKernelsOneRank, ProjectIsTwoProductsAlsoInPlaceAndMasked) {
    check_project<double>(GetParam());
    check_project<float>(GetParam());
}
TEST_P(SlabKernelsOneRank, ReconstructIsTheProductAlsoMasked) {
    check_reconstruct<double>(GetParam());
    check_reconstruct<float>(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Layouts, SlabKernelsOneRank,
                         ::testing::Values(Shape{1, 1, 1, 1},  // a single entry
                                           Shape{301, 7, 1,
                                                 3},  // row-major, a remainder of every kind
                                           Shape{97, 31, 1, 20},     //
                                           Shape{103, 145, 1, 5},    // row-major, few columns
                                           Shape{1, 19, 1000, 11},   // first mode: one slab
                                           Shape{1, 5, 997, 25},     // odd rows: vectors and a tail
                                           Shape{6, 13, 203, 4},     // middle mode
                                           Shape{4, 30, 204, 26},    // half a vector at the end
                                           Shape{50, 5, 3, 2},       // small slabs
                                           Shape{9, 6, 17, 30},      // more columns out than in
                                           Shape{1, 3, 2, 3},        // fewer rows than any tile
                                           Shape{3, 70, 64, 70},     //
                                           Shape{2, 600, 40, 3},     // Gram by BLAS
                                           Shape{70, 300, 1, 250},   // factor by BLAS, row-major
                                           Shape{2, 300, 35, 250},   // factor by BLAS, slabs
                                           Shape{20, 300, 3, 250}),  // factor by BLAS, gathered
                         [](const auto& shape) { return name_of(shape.param); });

TEST(SlabKernelsEmptyOneRank, NoRowsGiveAZeroGramAndNoWork) {
    const SlabMatrix<const double> empty{nullptr, 0, 4, 1};
    const Matrix result = gram(empty);
    EXPECT_EQ(result.values, std::vector<double>(16, 0.0));
    multiply(empty, random_matrix(4, 2, 1), SlabMatrix<double>{nullptr, 0, 2, 1});
    project(empty, random_matrix(4, 2, 1), random_matrix(4, 2, 2),
            SlabMatrix<double>{nullptr, 0, 4, 1});
}

TEST(SlabKernelsRepeatOneRank, SameCallGivesSameBitsWhereverTheDataLies) {
    const Index rows = 1003;
    const Index columns = 37;
    const Slabs<double> a = random_slabs<double>(rows, columns, 1, 11);
    std::vector<double> shifted(a.entries.size() + 3);
    std::copy(a.entries.begin(), a.entries.end(), shifted.begin() + 3);
    const SlabMatrix<const double> elsewhere{shifted.data() + 3, rows, columns, 1};
    EXPECT_EQ(gram(a.constant()).values, gram(elsewhere).values);
    const Matrix w = random_matrix(columns, 6, 12);
    Slabs<double> first(rows, 6, 1);
    Slabs<double> second(rows, 6, 1);
    multiply(a.constant(), w, first.matrix);
    multiply(elsewhere, w, second.matrix);
    EXPECT_EQ(first.entries, second.entries);
}

TEST(SlabKernelsRepeatOneRank, ARowsProductDoesNotDependOnTheRowsAroundIt) {
    const Index columns = 37;
    const Slabs<float> a = random_slabs<float>(503, columns, 1, 13);
    const Matrix w = random_matrix(columns, 21, 14);
    Slabs<float> whole(503, 21, 1);
    multiply(a.constant(), w, whole.matrix);
    std::vector<float> in_parts(whole.entries.size());
    for (Index begin = 0; begin < 503; begin += 7) {
        const Index rows = std::min<Index>(7, 503 - begin);
        multiply(SlabMatrix<const float>{a.entries.data() + begin * columns, rows, columns, 1}, w,
                 SlabMatrix<float>{in_parts.data() + begin * 21, rows, 21, 1});
    }
    EXPECT_EQ(whole.entries, in_parts);
}

TEST(SlabKernelsNanOneRank, NotANumberReachesOnlyItsRow) {
    Slabs<double> a = random_slabs<double>(1, 10, 100, 15);
    a(41, 3) = std::numeric_limits<double>::quiet_NaN();
    Slabs<double> out(1, 4, 100);
    multiply(a.constant(), random_matrix(10, 4, 16), out.matrix);
    for (Index row = 0; row < 100; ++row) {
        EXPECT_EQ(std::isnan(out(row, 2)), row == 41) << row;
    }
}

}  // namespace
}  // namespace tessera
