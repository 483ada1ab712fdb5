#include "ritz_refinement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "slepc_solver.hpp"
#include "tessera/linalg/blas.hpp"
#include "tessera/linalg/dense_svd.hpp"

namespace tessera {
namespace {

// Entries this close to the largest one count as equal, and the first decides the sign.
constexpr double sign_tie = 1e-8;

/// x -= Q (Q^T x) for the first `count` columns of Q; returns Q^T x.
std::vector<double> remove_components(const Communicator& communicator, const Matrix& q,
                                      Index count, double* x) {
    std::vector<double> coefficients(static_cast<std::size_t>(count), 0.0);
    if (count == 0) {
        return coefficients;
    }
    if (q.rows > 0) {
        blas::gemv(blas::Transpose::yes, q.rows, count, 1.0, q.data(), q.rows, x, 0.0,
                   coefficients.data());
    }
    communicator.sum_in_place(coefficients.data(), count);
    if (q.rows > 0) {
        blas::gemv(blas::Transpose::no, q.rows, count, -1.0, q.data(), q.rows, coefficients.data(),
                   1.0, x);
    }
    return coefficients;
}

/// The same on all ranks even where their processors round differently.
DenseSvd replicated_svd(const Communicator& communicator, const Matrix& r) {
    DenseSvd svd = dense_svd(r);
    communicator.broadcast(svd.u.data(), r.rows * r.columns);
    communicator.broadcast(svd.singular_values.data(), r.columns);
    communicator.broadcast(svd.v.data(), r.columns * r.columns);
    return svd;
}

}  // namespace

Matrix GramSchmidt::operator()(Matrix& columns) const {
    Matrix r(columns.columns, columns.columns);
    const auto norm = [&](const double* x) {
        return distributed_norm(communicator, x, columns.rows);
    };
    for (Index j = 0; j < columns.columns; ++j) {
        double* x = columns.data() + j * columns.rows;
        const double limit = threshold * norm(x) + noise;
        for (int pass = 0; pass < 2; ++pass) {
            const std::vector<double> removed = remove_components(communicator, columns, j, x);
            for (Index i = 0; i < j; ++i) {
                r(i, j) += removed[static_cast<std::size_t>(i)];
            }
        }
        r(j, j) = norm(x);
        double rest = r(j, j);
        if (!(rest > limit)) {
            r(j, j) = 0.0;
            fill(j, x);
            for (int pass = 0; pass < 3; ++pass) {
                if (beside != nullptr) {
                    remove_components(communicator, *beside, beside->columns, x);
                }
                remove_components(communicator, columns, j, x);
                rest = norm(x);
                std::transform(x, x + columns.rows, x, [rest](double v) { return v / rest; });
            }
        } else {
            std::transform(x, x + columns.rows, x, [rest](double v) { return v / rest; });
        }
    }
    return r;
}

Triplets refine(const TallOperator& b, Matrix right, double largest, const Matrix* locked_long,
                std::uint64_t seed) {
    const Communicator& communicator = b.communicator();
    const Index count = right.columns;
    for (Index j = 0; j < count; ++j) {
        b.project_out(right.data() + j * right.rows);
    }
    const auto fill_short = [&](Index j, double* x) {
        b.random_short_vector(seed, static_cast<std::uint32_t>(j), x);
    };
    // Right vectors of different values are orthogonal already; much less than 1 is left only of
    // one that was found twice.
    (void)GramSchmidt{communicator, 1e-6, std::numeric_limits<double>::min(), fill_short}(right);

    Matrix left(b.local_rows(), count);
    for (Index j = 0; j < count; ++j) {
        b.apply(right.data() + j * right.rows, left.data() + j * left.rows);
    }
    const double noise = rounding_level(b.rows()) * largest;
    const auto fill_long = [&](Index j, double* y) {
        b.random_long_vector(seed, static_cast<std::uint32_t>(j), y);
    };
    const Matrix r = GramSchmidt{communicator, 0.0, noise, fill_long, locked_long}(left);
    const DenseSvd small = replicated_svd(communicator, r);

    Triplets triplets;
    triplets.values = small.singular_values;
    triplets.left = product(blas::Transpose::no, blas::Transpose::no, left, small.u);
    triplets.right = product(blas::Transpose::no, blas::Transpose::no, right, small.v);
    std::vector<double> residual(static_cast<std::size_t>(b.local_columns()));
    for (Index j = 0; j < count; ++j) {
        double& value = triplets.values[static_cast<std::size_t>(j)];
        const double* v = triplets.right.data() + j * right.rows;
        b.apply_whole_transpose(triplets.left.data() + j * left.rows, residual.data());
        for (Index i = 0; i < right.rows; ++i) {
            residual[static_cast<std::size_t>(i)] -= value * v[i];
        }
        triplets.residuals.push_back(distributed_norm(communicator, residual.data(), right.rows) /
                                     b.scale());
        value /= b.scale();
    }
    return triplets;
}

void fix_distributed_signs(const MatrixOperator& a, Triplets& triplets) {
    const Communicator& communicator = a.communicator();
    const Matrix& right = triplets.right;
    const auto count = static_cast<std::size_t>(right.columns);
    std::vector<double> largest(count, 0.0);
    const auto for_each_entry = [&](auto&& use) {
        for (Index j = 0; j < right.columns; ++j) {
            for (Index i = 0; i < right.rows; ++i) {
                use(static_cast<std::size_t>(j), i, right(i, j));
            }
        }
    };
    for_each_entry([&](std::size_t j, Index, double entry) {
        largest[j] = std::max(largest[j], std::abs(entry));
    });
    communicator.max_in_place(largest.data(), right.columns);

    std::vector<Index> deciding(count, std::numeric_limits<Index>::max());
    std::vector<double> sign(count, 0.0);
    for_each_entry([&](std::size_t j, Index i, double entry) {
        if (std::abs(entry) >= (1.0 - sign_tie) * largest[j] && a.global_column(i) < deciding[j]) {
            deciding[j] = a.global_column(i);
            sign[j] = entry < 0.0 ? -1.0 : 1.0;
        }
    });
    std::vector<Index> first = deciding;
    communicator.min_in_place(first.data(), right.columns);
    for (std::size_t j = 0; j < count; ++j) {
        if (deciding[j] != first[j]) {
            sign[j] = 0.0;
        }
    }
    communicator.sum_in_place(sign.data(), right.columns);
    for (Matrix* side : {&triplets.left, &triplets.right}) {
        for (Index j = 0; j < side->columns; ++j) {
            if (sign[static_cast<std::size_t>(j)] < 0.0) {
                double* x = side->data() + j * side->rows;
                std::transform(x, x + side->rows, x, [](double v) { return -v; });
            }
        }
    }
}

}  // namespace tessera
