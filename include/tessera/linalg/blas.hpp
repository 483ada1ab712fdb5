#pragma once

#include "tessera/base/types.hpp"

/// The few BLAS routines that Tessera uses, for float and double, on column-major host memory.
/// Sizes and leading dimensions are Index and are checked to fit the library's int. Never call them
/// inside a kernel: OpenBLAS and Kokkos share one pool of OpenMP threads.
namespace tessera::blas {

enum class Transpose { no, yes };
enum class Triangle { upper, lower };
enum class Side { left, right };

/// C (m x n) = alpha op(A) op(B) + beta C, where op(A) is m x k and op(B) is k x n.
template <typename T>
void gemm(Transpose transpose_a, Transpose transpose_b, Index m, Index n, Index k, T alpha,
          const T* a, Index lda, const T* b, Index ldb, T beta, T* c, Index ldc);

/// One triangle of C (n x n) = alpha op(A) op(A)^T + beta C, where op(A) is n x k.
template <typename T>
void syrk(Triangle triangle, Transpose transpose, Index n, Index k, T alpha, const T* a, Index lda,
          T beta, T* c, Index ldc);

/// B (m x n) = alpha op(A)^-1 B (left) or alpha B op(A)^-1 (right); A is triangular, with a
/// diagonal of its own.
template <typename T>
void trsm(Side side, Triangle triangle, Transpose transpose, Index m, Index n, T alpha, const T* a,
          Index lda, T* b, Index ldb);

/// y = alpha op(A) x + beta y, where A is m x n as stored; x and y are contiguous.
template <typename T>
void gemv(Transpose transpose, Index m, Index n, T alpha, const T* a, Index lda, const T* x, T beta,
          T* y);

}  // namespace tessera::blas
