#include "tessera/linalg/cholesky.hpp"

#include <lapacke.h>

#include "narrow.hpp"

namespace tessera {

bool cholesky(Matrix& a) {
    const int n = narrow(a.rows);
    if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', n, a.data(), n) != 0) {
        return false;
    }
    clear_below_diagonal(a);
    return true;
}

void clear_below_diagonal(Matrix& a) {
    for (Index column = 0; column < a.columns; ++column) {
        for (Index row = column + 1; row < a.rows; ++row) {
            a(row, column) = 0.0;
        }
    }
}

}  // namespace tessera
