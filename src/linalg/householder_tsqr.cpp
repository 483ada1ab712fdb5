#include "householder_tsqr.hpp"

#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "narrow.hpp"
#include "slab_panel.hpp"
#include "tall_qr_errors.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

// Replaces R by the R of [R; B]. LAPACK's routine for that works on a triangle over a panel and
// leaves the zeros of the triangle alone, so a panel costs 2 rows n^2 operations.
class Folder {
  public:
    explicit Folder(Index n)
        : n_(narrow(n)),
          block_(std::min(n_, 24)),
          factors_(static_cast<std::size_t>(block_ * n_)),
          work_(static_cast<std::size_t>(block_ * n_)) {}

    /// B is column-major and destroyed; `triangle` says that it is upper triangular itself.
    void fold(Matrix& r, double* b, Index rows, bool triangle) {
        const int m = narrow(rows);
        const int info =
            LAPACKE_dtpqrt_work(LAPACK_COL_MAJOR, m, n_, triangle ? n_ : 0, block_, r.data(), n_, b,
                                m, factors_.data(), block_, work_.data());
        TESSERA_ASSERT(info == 0, "LAPACK refused an argument of dtpqrt");
    }

  private:
    int n_;
    int block_;
    std::vector<double> factors_;
    std::vector<double> work_;
};

// This rank's R.
template <typename T>
Matrix fold_rows(SlabMatrix<const T> a) {
    const Index n = a.columns;
    const PanelCut cut(a, std::max<Index>(512, n));
    std::vector<double> panel(static_cast<std::size_t>(cut.max_rows() * n));
    Matrix r(n, n);
    Folder folder(n);
    for (Index index = 0; index < cut.count(); ++index) {
        const Panel<const T> rows = cut.panel(a, index);
        gather(rows, n, panel.data(), 1, rows.rows());
        if (!std::all_of(panel.begin(), panel.begin() + rows.rows() * n,
                         [](double x) { return std::isfinite(x); })) {
            throw_not_finite(n);
        }
        folder.fold(r, panel.data(), rows.rows(), false);
    }
    return r;
}

// Folds the ranks' triangles into that of rank 0; always the same pairs, so the result repeats.
void fold_ranks(Matrix& r, const Communicator& communicator) {
    constexpr int tag = 0;
    const int rank = communicator.rank();
    const int size = communicator.size();
    const int count = narrow(r.rows * r.columns);
    Folder folder(r.rows);
    Matrix other(r.rows, r.columns);
    for (int step = 1; step < size; step *= 2) {
        if (rank % (2 * step) == step) {
            check_mpi(
                MPI_Send(r.data(), count, MPI_DOUBLE, rank - step, tag, communicator.handle()),
                "MPI_Send");
            return;
        }
        if (rank + step < size) {
            check_mpi(MPI_Recv(other.data(), count, MPI_DOUBLE, rank + step, tag,
                               communicator.handle(), MPI_STATUS_IGNORE),
                      "MPI_Recv");
            folder.fold(r, other.data(), r.rows, true);
        }
    }
}

}  // namespace

template <typename T>
Matrix householder_tsqr(SlabMatrix<const T> a, const Communicator& communicator) {
    Matrix r;
    agree(communicator, [&] { r = fold_rows(a); });
    fold_ranks(r, communicator);
    return r;
}

template Matrix householder_tsqr<float>(SlabMatrix<const float>, const Communicator&);
template Matrix householder_tsqr<double>(SlabMatrix<const double>, const Communicator&);

}  // namespace tessera
