// Gram and tensor-times-matrix of a 256 x 256 x 200 tensor in each mode, and the same products by
// plain BLAS calls, as GF/s and as a share of the machine's matrix product in the same run.
// Arguments: none, or the three extents and the number of columns of the factor.

#include <Kokkos_Core.hpp>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "measure.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/linalg/slab_kernels.hpp"
#include "tessera/parallel/runtime.hpp"

namespace {

using namespace tessera;

template <typename T>
const char* name_of() {
    return sizeof(T) == 8 ? "float64" : "float32";
}

// What a caller without slab kernels would write: one library call per slab.
template <typename T>
void multiply_by_blas(const SlabMatrix<const T>& a, const std::vector<T>& w, Index k, T* out) {
    using blas::Transpose;
    if (a.right == 1) {
        blas::gemm<T>(Transpose::yes, Transpose::no, k, a.left, a.columns, T{1}, w.data(),
                      a.columns, a.data, a.columns, T{0}, out, k);
        return;
    }
    for (Index slab = 0; slab < a.left; ++slab) {
        blas::gemm<T>(Transpose::no, Transpose::no, a.right, k, a.columns, T{1},
                      a.data + slab * a.columns * a.right, a.right, w.data(), a.columns, T{0},
                      out + slab * k * a.right, a.right);
    }
}

template <typename T>
void gram_by_blas(const SlabMatrix<const T>& a, std::vector<T>& result) {
    using blas::Transpose;
    if (a.right == 1) {
        blas::syrk<T>(blas::Triangle::upper, Transpose::no, a.columns, a.left, T{1}, a.data,
                      a.columns, T{0}, result.data(), a.columns);
        return;
    }
    for (Index slab = 0; slab < a.left; ++slab) {
        blas::syrk<T>(blas::Triangle::upper, Transpose::yes, a.columns, a.right, T{1},
                      a.data + slab * a.columns * a.right, a.right, slab == 0 ? T{0} : T{1},
                      result.data(), a.columns);
    }
}

template <typename T>
void bench(const Index (&shape)[3], Index k, int threads) {
    const Index size = shape[0] * shape[1] * shape[2];
    // Aligned as the blocks of tensors are.
    HostView<T> tensor("tensor", static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < tensor.size(); ++i) {
        tensor(i) = static_cast<T>(static_cast<double>((i * 2654435761u) % 1000u) * 1e-3 - 0.5);
    }
    HostView<T> out("out", tensor.size());
    for (int mode = 0; mode < 3; ++mode) {
        Index left = 1;
        Index right = 1;
        for (int other = 0; other < 3; ++other) {
            (other < mode ? left : right) *= other == mode ? 1 : shape[other];
        }
        const Index columns = shape[mode];
        const SlabMatrix<const T> a{tensor.data(), left, columns, right};
        const auto rows = static_cast<double>(a.rows());
        const auto n = static_cast<double>(columns);
        const std::string suffix =
            std::string(" mode ") + std::to_string(mode) + " " + name_of<T>();
        Matrix w(columns, k);
        std::fill(w.values.begin(), w.values.end(), 0.5);
        const std::vector<T> w_in_t(w.values.begin(), w.values.end());
        std::vector<T> square(static_cast<std::size_t>(columns * columns));

        // float32 data too is summed in float64, so that DGEMM is its measure.
        benchmark::report<double>("Gram" + suffix, rows * n * (n + 1), threads, 5,
                                  [&] { (void)gram(a); });
        benchmark::report<T>("  (syrk in the data's type)", rows * n * (n + 1), threads, 5,
                             [&] { gram_by_blas(a, square); });
        benchmark::report<T>("times matrix" + suffix, 2 * rows * n * static_cast<double>(k),
                             threads, 5, [&] {
                                 multiply(a, w, SlabMatrix<T>{out.data(), left, k, right});
                             });
        benchmark::report<T>("  (gemm)", 2 * rows * n * static_cast<double>(k), threads, 5,
                             [&] { multiply_by_blas(a, w_in_t, k, out.data()); });
        benchmark::report<T>("project" + suffix, 4 * rows * n * static_cast<double>(k), threads, 5,
                             [&] {
                                 project(a, w, w, SlabMatrix<T>{out.data(), left, columns, right});
                             });
    }
}

}  // namespace

int main(int argc, char** argv) {
    tessera::choose_blas_kernel(argc, argv);
    const tessera::Runtime runtime(argc, argv);
    tessera::Index shape[3] = {256, 256, 200};
    tessera::Index k = 20;
    if (argc == 5) {
        for (int mode = 0; mode < 3; ++mode) {
            shape[mode] = std::atol(argv[1 + mode]);
        }
        k = std::atol(argv[4]);
    }
    const int threads = Kokkos::DefaultHostExecutionSpace().concurrency();
    std::printf("%s; %d threads in kernels; tensor %ld x %ld x %ld, factor of %ld columns\n",
                tessera::blas_description().c_str(), threads, static_cast<long>(shape[0]),
                static_cast<long>(shape[1]), static_cast<long>(shape[2]), static_cast<long>(k));
    bench<double>(shape, k, threads);
    bench<float>(shape, k, threads);
    return 0;
}
