#include "tessera/linalg/blas.hpp"

#include <cblas.h>

#include <algorithm>
#include <type_traits>

#include "narrow.hpp"

namespace tessera::blas {
namespace {

CBLAS_TRANSPOSE c_transpose(Transpose transpose) {
    return transpose == Transpose::yes ? CblasTrans : CblasNoTrans;
}
CBLAS_UPLO c_triangle(Triangle triangle) {
    return triangle == Triangle::upper ? CblasUpper : CblasLower;
}
CBLAS_SIDE c_side(Side side) { return side == Side::left ? CblasLeft : CblasRight; }

// A leading dimension of an empty matrix must be 1 at least.
int leading(Index stride) { return std::max(narrow(stride), 1); }

template <typename T>
constexpr bool is_double = std::is_same_v<T, double>;

}  // namespace

template <typename T>
void gemm(Transpose transpose_a, Transpose transpose_b, Index m, Index n, Index k, T alpha,
          const T* a, Index lda, const T* b, Index ldb, T beta, T* c, Index ldc) {
    const auto call = [&](auto routine) {
        routine(CblasColMajor, c_transpose(transpose_a), c_transpose(transpose_b), narrow(m),
                narrow(n), narrow(k), alpha, a, leading(lda), b, leading(ldb), beta, c,
                leading(ldc));
    };
    if constexpr (is_double<T>) {
        call(cblas_dgemm);
    } else {
        call(cblas_sgemm);
    }
}

template <typename T>
void syrk(Triangle triangle, Transpose transpose, Index n, Index k, T alpha, const T* a, Index lda,
          T beta, T* c, Index ldc) {
    const auto call = [&](auto routine) {
        routine(CblasColMajor, c_triangle(triangle), c_transpose(transpose), narrow(n), narrow(k),
                alpha, a, leading(lda), beta, c, leading(ldc));
    };
    if constexpr (is_double<T>) {
        call(cblas_dsyrk);
    } else {
        call(cblas_ssyrk);
    }
}

template <typename T>
void trsm(Side side, Triangle triangle, Transpose transpose, Index m, Index n, T alpha, const T* a,
          Index lda, T* b, Index ldb) {
    const auto call = [&](auto routine) {
        routine(CblasColMajor, c_side(side), c_triangle(triangle), c_transpose(transpose),
                CblasNonUnit, narrow(m), narrow(n), alpha, a, leading(lda), b, leading(ldb));
    };
    if constexpr (is_double<T>) {
        call(cblas_dtrsm);
    } else {
        call(cblas_strsm);
    }
}

template <typename T>
void gemv(Transpose transpose, Index m, Index n, T alpha, const T* a, Index lda, const T* x, T beta,
          T* y) {
    const auto call = [&](auto routine) {
        routine(CblasColMajor, c_transpose(transpose), narrow(m), narrow(n), alpha, a, leading(lda),
                x, 1, beta, y, 1);
    };
    if constexpr (is_double<T>) {
        call(cblas_dgemv);
    } else {
        call(cblas_sgemv);
    }
}

#define TESSERA_INSTANTIATE(T)                                                                     \
    template void gemm<T>(Transpose, Transpose, Index, Index, Index, T, const T*, Index, const T*, \
                          Index, T, T*, Index);                                                    \
    template void syrk<T>(Triangle, Transpose, Index, Index, T, const T*, Index, T, T*, Index);    \
    template void trsm<T>(Side, Triangle, Transpose, Index, Index, T, const T*, Index, T*, Index); \
    template void gemv<T>(Transpose, Index, Index, T, const T*, Index, const T*, T, T*);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera::blas
