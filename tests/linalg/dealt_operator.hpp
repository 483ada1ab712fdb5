#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "random_matrices.hpp"
#include "tessera/base/error.hpp"
#include "tessera/linalg/distributed_svd.hpp"

/// What the tests of the distributed SVD share.
namespace tessera::test_matrices {

/// A replicated matrix of which each rank owns some rows and columns, dealt out unevenly and not in
/// order; the last of several ranks owns no column.
class DealtOperator : public MatrixOperator {
  public:
    DealtOperator(Matrix matrix, const Communicator& communicator)
        : matrix_(std::move(matrix)), communicator_(communicator) {
        for (Index i = 0; i < matrix_.rows; ++i) {
            if ((i * i / 3) % communicator.size() == communicator.rank()) {
                rows_.push_back(i);
            }
        }
        const Index column_owners = std::max(communicator.size() - 1, 1);
        for (Index j = matrix_.columns; j-- > 0;) {
            if ((j / 2) % column_owners == communicator.rank()) {
                columns_.push_back(j);
            }
        }
    }

    [[nodiscard]] const Communicator& communicator() const override { return communicator_; }
    [[nodiscard]] Index rows() const override { return matrix_.rows; }
    [[nodiscard]] Index columns() const override { return matrix_.columns; }
    [[nodiscard]] Index local_rows() const override { return static_cast<Index>(rows_.size()); }
    [[nodiscard]] Index local_columns() const override {
        return static_cast<Index>(columns_.size());
    }
    [[nodiscard]] Index global_row(Index i) const override { return rows_[i]; }
    [[nodiscard]] Index global_column(Index j) const override { return columns_[j]; }

    void apply(const double* x, double* y) const override {
        ++products;
        std::vector<double> whole(matrix_.columns, 0.0);
        for (std::size_t j = 0; j < columns_.size(); ++j) {
            whole[columns_[j]] = x[j];
        }
        communicator_.sum_in_place(whole.data(), matrix_.columns);
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            y[i] = 0.0;
            for (Index j = 0; j < matrix_.columns; ++j) {
                y[i] += matrix_(rows_[i], j) * whole[j];
            }
        }
    }
    void apply_transpose(const double* y, double* x) const override {
        std::vector<double> whole(matrix_.rows, 0.0);
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            whole[rows_[i]] = y[i];
        }
        communicator_.sum_in_place(whole.data(), matrix_.rows);
        for (std::size_t j = 0; j < columns_.size(); ++j) {
            x[j] = 0.0;
            for (Index i = 0; i < matrix_.rows; ++i) {
                x[j] += matrix_(i, columns_[j]) * whole[i];
            }
        }
    }

    mutable Index products = 0;

  private:
    Matrix matrix_;
    Communicator communicator_;
    std::vector<Index> rows_;
    std::vector<Index> columns_;
};

/// Falls by a factor of 1.6 from value to value.
inline std::vector<double> graded(Index count, double first = 100.0) {
    std::vector<double> values;
    for (Index i = 0; i < count; ++i) {
        values.push_back(first * std::pow(1.6, -static_cast<double>(i)));
    }
    return values;
}

inline DistributedSvdOptions leading(Index count, SvdSolver solver = SvdSolver::trlanczos) {
    DistributedSvdOptions options;
    options.solver = solver;
    options.count = count;
    return options;
}

/// The text of the Error that `work` ends with, and its code.
template <typename Work>
std::pair<std::string, ExitCode> error_of(const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        return {error.what(), error.code()};
    }
    return {"no error", ExitCode::done};
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace tessera::test_matrices
