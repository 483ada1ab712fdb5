// The BLAS wrapper against naive loops, for every combination of its flags and leading dimensions
// larger than the matrices.

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tessera/linalg/blas.hpp"

namespace tessera::blas {
namespace {

/// rows x columns, column-major, three unused rows below each column.
template <typename T>
struct Padded {
    Padded(Index rows, Index columns, unsigned seed)
        : stride(rows + 3), entries(static_cast<std::size_t>(stride * columns)) {
        std::mt19937 generator(seed);
        std::uniform_real_distribution<double> uniform(-1.0, 1.0);
        for (T& entry : entries) {
            entry = static_cast<T>(uniform(generator));
        }
    }
    T& operator()(Index i, Index j) { return entries[static_cast<std::size_t>(i + j * stride)]; }
    double at(Index i, Index j, Transpose transpose) {
        return static_cast<double>(transpose == Transpose::yes ? (*this)(j, i) : (*this)(i, j));
    }

    Index stride;
    std::vector<T> entries;
};

template <typename T>
class BlasOneRank : public ::testing::Test {
  public:
    static constexpr double tolerance = sizeof(T) == 8 ? 1e-13 : 1e-4;
};

using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(BlasOneRank, Types);

constexpr Transpose both[] = {Transpose::no, Transpose::yes};

TYPED_TEST(BlasOneRank, Gemm) {
    const Index m = 5, n = 4, k = 7;
    for (const Transpose ta : both) {
        for (const Transpose tb : both) {
            Padded<TypeParam> a(ta == Transpose::yes ? k : m, ta == Transpose::yes ? m : k, 1);
            Padded<TypeParam> b(tb == Transpose::yes ? n : k, tb == Transpose::yes ? k : n, 2);
            Padded<TypeParam> c(m, n, 3);
            Padded<TypeParam> result = c;
            gemm<TypeParam>(ta, tb, m, n, k, TypeParam(2), a.entries.data(), a.stride,
                            b.entries.data(), b.stride, TypeParam(-1), result.entries.data(),
                            result.stride);
            for (Index i = 0; i < m; ++i) {
                for (Index j = 0; j < n; ++j) {
                    double sum = -static_cast<double>(c(i, j));
                    for (Index l = 0; l < k; ++l) {
                        sum += 2.0 * a.at(i, l, ta) * b.at(l, j, tb);
                    }
                    EXPECT_NEAR(static_cast<double>(result(i, j)), sum, this->tolerance);
                }
            }
        }
    }
}

TYPED_TEST(BlasOneRank, Syrk) {
    const Index n = 6, k = 9;
    for (const Transpose transpose : both) {
        for (const Triangle triangle : {Triangle::upper, Triangle::lower}) {
            Padded<TypeParam> a(transpose == Transpose::yes ? k : n,
                                transpose == Transpose::yes ? n : k, 4);
            Padded<TypeParam> c(n, n, 5);
            Padded<TypeParam> result = c;
            syrk<TypeParam>(triangle, transpose, n, k, TypeParam(1), a.entries.data(), a.stride,
                            TypeParam(1), result.entries.data(), result.stride);
            for (Index i = 0; i < n; ++i) {
                for (Index j = 0; j < n; ++j) {
                    double sum = static_cast<double>(c(i, j));
                    const bool written = triangle == Triangle::upper ? i <= j : i >= j;
                    for (Index l = 0; l < k && written; ++l) {
                        sum += a.at(i, l, transpose) * a.at(j, l, transpose);
                    }
                    EXPECT_NEAR(static_cast<double>(result(i, j)), sum, this->tolerance);
                }
            }
        }
    }
}

TYPED_TEST(BlasOneRank, TrsmUndoesTheProductWithTheTriangle) {
    const Index m = 4, n = 6;
    for (const Side side : {Side::left, Side::right}) {
        for (const Triangle triangle : {Triangle::upper, Triangle::lower}) {
            for (const Transpose transpose : both) {
                const Index order = side == Side::left ? m : n;
                Padded<TypeParam> a(order, order, 6);
                for (Index i = 0; i < order; ++i) {
                    a(i, i) += TypeParam(4);
                }
                const auto entry = [&](Index i, Index j) {
                    const Index row = transpose == Transpose::yes ? j : i;
                    const Index column = transpose == Transpose::yes ? i : j;
                    const bool stored = triangle == Triangle::upper ? row <= column : row >= column;
                    return stored ? static_cast<double>(a(row, column)) : 0.0;
                };
                Padded<TypeParam> x(m, n, 7);
                Padded<TypeParam> b = x;
                for (Index i = 0; i < m; ++i) {
                    for (Index j = 0; j < n; ++j) {
                        double sum = 0.0;
                        for (Index l = 0; l < order; ++l) {
                            sum += side == Side::left ? entry(i, l) * static_cast<double>(x(l, j))
                                                      : static_cast<double>(x(i, l)) * entry(l, j);
                        }
                        b(i, j) = static_cast<TypeParam>(sum);
                    }
                }
                trsm<TypeParam>(side, triangle, transpose, m, n, TypeParam(2), a.entries.data(),
                                a.stride, b.entries.data(), b.stride);
                for (Index i = 0; i < m; ++i) {
                    for (Index j = 0; j < n; ++j) {
                        EXPECT_NEAR(static_cast<double>(b(i, j)),
                                    2.0 * static_cast<double>(x(i, j)), this->tolerance);
                    }
                }
            }
        }
    }
}

TYPED_TEST(BlasOneRank, Gemv) {
    const Index m = 5, n = 3;
    for (const Transpose transpose : both) {
        Padded<TypeParam> a(m, n, 8);
        const Index in = transpose == Transpose::yes ? m : n;
        const Index out = transpose == Transpose::yes ? n : m;
        Padded<TypeParam> x(in, 1, 9);
        Padded<TypeParam> y(out, 1, 10);
        Padded<TypeParam> result = y;
        gemv<TypeParam>(transpose, m, n, TypeParam(3), a.entries.data(), a.stride, x.entries.data(),
                        TypeParam(1), result.entries.data());
        for (Index i = 0; i < out; ++i) {
            double sum = static_cast<double>(y(i, 0));
            for (Index l = 0; l < in; ++l) {
                sum += 3.0 * a.at(i, l, transpose) * static_cast<double>(x(l, 0));
            }
            EXPECT_NEAR(static_cast<double>(result(i, 0)), sum, this->tolerance);
        }
    }
}

TYPED_TEST(BlasOneRank, EmptyMatricesAreFine) {
    TypeParam unused{};
    gemm<TypeParam>(Transpose::no, Transpose::no, 0, 0, 0, TypeParam(1), &unused, 0, &unused, 0,
                    TypeParam(1), &unused, 0);
    syrk<TypeParam>(Triangle::upper, Transpose::no, 0, 0, TypeParam(1), &unused, 0, TypeParam(1),
                    &unused, 0);
    EXPECT_EQ(unused, TypeParam(0));
}

}  // namespace
}  // namespace tessera::blas
