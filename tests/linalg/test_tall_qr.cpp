// Tall QR and SVD over ranks against LAPACK on the whole matrix, which every rank can build: the
// entries come from a generator seeded alike everywhere.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "all_ranks.hpp"
#include "random_matrices.hpp"
#include "tessera/base/error.hpp"
#include "tessera/linalg/tall_qr.hpp"

namespace tessera {
namespace {

using namespace test_matrices;

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// How the rows of the whole matrix are shared out.
enum class Shares { even, none_on_rank_0, all_on_last };

/// This rank's rows as slabs of `right` rows (row-major for 1); `right` divides the number of rows.
template <typename T>
struct Share {
    Share(const Matrix& whole, Shares shares, Index right = 1) {
        const int size = test_support::rank_count();
        const int rank = test_support::own_rank();
        const Index slabs = whole.rows / right;
        Index begin = slabs * rank / size;
        Index end = slabs * (rank + 1) / size;
        if (shares == Shares::none_on_rank_0 && size > 1) {
            begin = rank == 0 ? 0 : slabs * (rank - 1) / (size - 1);
            end = rank == 0 ? 0 : slabs * rank / (size - 1);
        } else if (shares == Shares::all_on_last) {
            begin = 0;
            end = rank == size - 1 ? slabs : 0;
        }
        for (Index slab = begin; slab < end; ++slab) {
            for (Index c = 0; c < whole.columns; ++c) {
                for (Index r = 0; r < right; ++r) {
                    entries.push_back(static_cast<T>(whole(slab * right + r, c)));
                }
            }
        }
        matrix = {entries.data(), end - begin, whole.columns, right};
    }

    std::vector<T> entries;
    SlabMatrix<const T> matrix;
};

bool same_on_all_ranks(std::vector<double> values) {
    const Communicator& world = Communicator::world();
    std::vector<double> of_rank_0 = values;
    world.broadcast(of_rank_0.data(), static_cast<Index>(of_rank_0.size()));
    return values == of_rank_0;
}

/// Largest entry of |V^T A^T A V - S^2| over s_1^2: zero exactly when V holds right singular
/// vectors.
double residual(const Matrix& a, const TallSvd& svd) {
    const Matrix image = product(a, svd.v);
    const Matrix gram = product(transposed(image), image);
    const double largest = svd.singular_values.front();
    double worst = 0.0;
    for (Index j = 0; j < a.columns; ++j) {
        for (Index i = 0; i < a.columns; ++i) {
            const double s = svd.singular_values[static_cast<std::size_t>(j)];
            worst = std::max(worst, std::abs(gram(i, j) - (i == j ? s * s : 0.0)));
        }
    }
    return largest > 0.0 ? worst / (largest * largest) : worst;
}

/// Everything that holds for any matrix; `tolerance` is relative to the largest singular value.
template <typename T>
void check_svd(const Matrix& whole, Shares shares, TallQrRoute route, double tolerance,
               Index right = 1) {
    const Share<T> share(whole, shares, right);
    const TallSvd svd = tall_svd(share.matrix, Communicator::world());
    EXPECT_ALL_RANKS(svd.route == route);
    EXPECT_ALL_RANKS(same_on_all_ranks(svd.singular_values));
    EXPECT_ALL_RANKS(same_on_all_ranks(svd.v.values));
    std::vector<double> expected = dense_singular_values(whole);
    expected.resize(static_cast<std::size_t>(whole.columns), 0.0);
    ASSERT_ALL_RANKS(svd.singular_values.size() == expected.size());
    double worst = 0.0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        worst = std::max(worst, std::abs(svd.singular_values[i] - expected[i]));
    }
    EXPECT_NEAR_ALL_RANKS(worst, 0.0, tolerance * expected.front());
    EXPECT_NEAR_ALL_RANKS(orthonormality_error(svd.v), 0.0, 1e-13);
    EXPECT_NEAR_ALL_RANKS(residual(whole, svd), 0.0, 10.0 * tolerance);
}

/// R^T R = A^T A relative to the norms of the columns; upper triangular with a diagonal >= 0.
void check_r(const Matrix& whole, const Matrix& r, double tolerance) {
    EXPECT_ALL_RANKS(same_on_all_ranks(r.values));
    const Matrix expected = product(transposed(whole), whole);
    const Matrix found = product(transposed(r), r);
    double worst = 0.0;
    double below = 0.0;
    double smallest_diagonal = 0.0;
    for (Index j = 0; j < whole.columns; ++j) {
        smallest_diagonal = std::min(smallest_diagonal, r(j, j));
        for (Index i = 0; i < whole.columns; ++i) {
            const double scale = std::sqrt(expected(i, i) * expected(j, j));
            const double error = std::abs(found(i, j) - expected(i, j));
            worst = std::max(worst, scale > 0.0 ? error / scale : error);
            below = std::max(below, i > j ? std::abs(r(i, j)) : 0.0);
        }
    }
    EXPECT_NEAR_ALL_RANKS(worst, 0.0, tolerance);
    EXPECT_ALL_RANKS(below == 0.0 && smallest_diagonal == 0.0);
}

TEST(TallQr, RTransposedRIsTheGramMatrixByBothRoutes) {
    const Matrix whole = random_matrix(400, 23, 1);
    for (const Shares shares : {Shares::even, Shares::none_on_rank_0, Shares::all_on_last}) {
        const Share<double> share(whole, shares);
        TallQrRoute route = TallQrRoute::householder;
        const Matrix r = tall_qr_r(share.matrix, Communicator::world(), route);
        EXPECT_ALL_RANKS(route == TallQrRoute::cholesky);
        check_r(whole, r, 400 * epsilon);
        const Matrix by_householder = householder_tall_qr_r(share.matrix, Communicator::world());
        check_r(whole, by_householder, 400 * epsilon);
        // R with a positive diagonal is unique.
        double worst = 0.0;
        for (std::size_t i = 0; i < r.values.size(); ++i) {
            worst = std::max(worst, std::abs(r.values[i] - by_householder.values[i]));
        }
        EXPECT_NEAR_ALL_RANKS(worst, 0.0, 1e-12);
    }
}

TEST(TallQr, ManyRowsTakeSeveralPanels) {
    const Matrix whole = random_matrix(4 * 1300, 9, 2);
    const Share<double> share(whole, Shares::even);
    TallQrRoute route{};
    check_r(whole, tall_qr_r(share.matrix, Communicator::world(), route), 1e-13);
    check_r(whole, householder_tall_qr_r(share.matrix, Communicator::world()), 1e-13);
}

TEST(TallQr, ColumnsOfAnyScaleKeepTheirDigits) {
    Matrix whole = random_matrix(300, 12, 3);
    for (Index j = 0; j < whole.columns; ++j) {
        for (Index i = 0; i < whole.rows; ++i) {
            whole(i, j) *= std::pow(10.0, static_cast<double>(-3 * j));
        }
    }
    const Share<double> share(whole, Shares::even);
    TallQrRoute route{};
    const Matrix r = tall_qr_r(share.matrix, Communicator::world(), route);
    EXPECT_ALL_RANKS(route == TallQrRoute::cholesky);
    check_r(whole, r, 300 * epsilon);  // relative to the columns' own norms
}

TEST(TallSvd, AgreesWithLapackForAnySharing) {
    const Matrix whole = random_matrix(240, 20, 4);
    for (const Shares shares : {Shares::even, Shares::none_on_rank_0, Shares::all_on_last}) {
        check_svd<double>(whole, shares, TallQrRoute::cholesky, 1e-14);
    }
}

TEST(TallSvd, AgreesWithLapackForSlabs) {
    const Matrix whole = random_matrix(240, 20, 5);
    for (const Index right : {3, 40}) {
        check_svd<double>(whole, Shares::even, TallQrRoute::cholesky, 1e-14, right);
    }
}

TEST(TallSvd, TakesFloat32InFloat64) {
    Matrix whole = random_matrix(240, 20, 6);
    for (double& entry : whole.values) {
        entry = static_cast<double>(static_cast<float>(entry));
    }
    check_svd<float>(whole, Shares::even, TallQrRoute::cholesky, 1e-14);
    check_svd<float>(whole, Shares::even, TallQrRoute::cholesky, 1e-14, 40);
}

TEST(TallSvd, GradedMatrixKeepsAbsoluteAccuracyByHouseholder) {
    std::vector<double> values;
    for (int i = 0; i < 25; ++i) {
        values.push_back(std::pow(10.0, -0.5 * i));  // condition 1e12
    }
    const Matrix whole = with_singular_values(500, 25, values, 7);
    check_svd<double>(whole, Shares::even, TallQrRoute::householder, 1e-14);
    const Share<double> share(whole, Shares::even);
    const TallSvd svd = tall_svd(share.matrix, Communicator::world());
    for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_NEAR_ALL_RANKS(svd.singular_values[i], values[i], 1e-14);
    }
}

TEST(TallSvd, ConditionBelowTheLimitStaysWithCholesky) {
    std::vector<double> values;
    for (int i = 0; i < 10; ++i) {
        values.push_back(std::pow(10.0, -0.5 * i));  // condition 3e4
    }
    check_svd<double>(with_singular_values(500, 10, values, 8), Shares::even, TallQrRoute::cholesky,
                      1e-14);
}

TEST(TallSvd, RankDeficient) {
    std::vector<double> values(10, 0.0);
    values[0] = 3.0;
    values[1] = 2.0;
    values[2] = 1.0;
    check_svd<double>(with_singular_values(200, 10, values, 9), Shares::even,
                      TallQrRoute::householder, 1e-14);
    Matrix with_zero_columns = random_matrix(200, 10, 10);
    for (Index row = 0; row < 200; ++row) {
        with_zero_columns(row, 0) = 0.0;
        with_zero_columns(row, 6) = 0.0;
    }
    check_svd<double>(with_zero_columns, Shares::even, TallQrRoute::householder, 1e-14);
}

TEST(TallSvd, FewerRowsThanColumns) {
    check_svd<double>(random_matrix(7, 20, 11), Shares::even, TallQrRoute::householder, 1e-14);
}

TEST(TallSvd, ZeroMatrixAndNoRowsAtAll) {
    check_svd<double>(Matrix(50, 6), Shares::even, TallQrRoute::householder, 0.0);
    check_svd<double>(Matrix(0, 6), Shares::even, TallQrRoute::householder, 0.0);
}

TEST(TallSvd, SingleColumnAndSingleEntry) {
    check_svd<double>(random_matrix(100, 1, 12), Shares::even, TallQrRoute::cholesky, 1e-14);
    check_svd<double>(random_matrix(1, 1, 13), Shares::even, TallQrRoute::cholesky, 1e-14);
}

TEST(TallSvd, LargeAndSmallNumbersNeitherOverflowNorVanish) {
    for (const double scale : {1e200, 1e-200}) {
        Matrix whole = random_matrix(100, 8, 14);
        std::vector<double> expected = dense_singular_values(whole);
        for (double& entry : whole.values) {
            entry *= scale;
        }
        const Share<double> share(whole, Shares::even);
        const TallSvd svd = tall_svd(share.matrix, Communicator::world());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            EXPECT_NEAR_ALL_RANKS(svd.singular_values[i] / scale / expected[i], 1.0, 1e-13);
        }
    }
}

TEST(TallSvd, AnswerDoesNotDependOnTheNumberOfRanks) {
    std::vector<double> values;
    for (int i = 0; i < 12; ++i) {
        values.push_back(12.0 - i);  // gaps of 1, so that vectors are determined to some 1e-14
    }
    const Matrix whole = with_singular_values(360, 12, values, 15);
    const Share<double> share(whole, Shares::even);
    const TallSvd together = tall_svd(share.matrix, Communicator::world());
    const Communicator alone = Communicator::world().split(test_support::own_rank(), 0);
    std::vector<double> rows;
    for (Index i = 0; i < whole.rows; ++i) {
        for (Index j = 0; j < whole.columns; ++j) {
            rows.push_back(whole(i, j));
        }
    }
    const TallSvd single =
        tall_svd(SlabMatrix<const double>{rows.data(), whole.rows, whole.columns, 1}, alone);
    double worst = 0.0;
    for (std::size_t i = 0; i < single.v.values.size(); ++i) {
        worst = std::max(worst, std::abs(single.v.values[i] - together.v.values[i]));
    }
    EXPECT_NEAR_ALL_RANKS(worst, 0.0, 1e-12);
    for (Index j = 0; j < whole.columns; ++j) {
        double largest = 0.0;
        for (Index i = 0; i < whole.columns; ++i) {
            const double entry = together.v(i, j);
            largest = std::abs(entry) > std::abs(largest) ? entry : largest;
        }
        EXPECT_ALL_RANKS(largest > 0.0);
    }
}

TEST(TallSvd, SameInputGivesSameBits) {
    const Matrix whole = random_matrix(500, 15, 16);
    const Share<double> share(whole, Shares::even);
    const TallSvd first = tall_svd(share.matrix, Communicator::world());
    const TallSvd second = tall_svd(share.matrix, Communicator::world());
    EXPECT_ALL_RANKS(first.singular_values == second.singular_values);
    EXPECT_ALL_RANKS(first.v.values == second.v.values);
}

TEST(TallSvd, NotANumberOnOneRankIsAnErrorOnAll) {
    for (const double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        Matrix whole = random_matrix(100, 5, 17);
        whole(63, 2) = bad;
        const Share<double> share(whole, Shares::even);
        bool told = false;
        try {
            (void)tall_svd(share.matrix, Communicator::world());
        } catch (const Error& error) {
            told = error.code() == ExitCode::missed;
        }
        EXPECT_ALL_RANKS(told);
        told = false;
        try {
            (void)householder_tall_qr_r(share.matrix, Communicator::world());
        } catch (const Error& error) {
            told = error.code() == ExitCode::missed;
        }
        EXPECT_ALL_RANKS(told);
    }
}

}  // namespace
}  // namespace tessera
