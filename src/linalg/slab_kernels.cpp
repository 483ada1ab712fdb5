#include "tessera/linalg/slab_kernels.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "slab_panel.hpp"
#include "slab_row_products.hpp"
#include "tessera/base/error.hpp"

namespace tessera {
namespace {

using Host = Kokkos::DefaultHostExecutionSpace;
using slab::Factor;

// Copies the entries whose byte in `mask` is 0; all three panels have the same shape.
template <typename T>
void copy_missing(const Panel<const T>& from, const Panel<const std::uint8_t>& mask, Index columns,
                  const Panel<T>& to) {
    const auto copy = [](Index count, const T* source, const std::uint8_t* observed, T* target) {
        for (Index i = 0; i < count; ++i) {
            target[i] = observed[i] == 0 ? source[i] : target[i];
        }
    };
    for (Index slab = 0; slab < to.slabs; ++slab) {
        const T* source = from.data + slab * from.slab_stride;
        const std::uint8_t* observed = mask.data + slab * mask.slab_stride;
        T* target = to.data + slab * to.slab_stride;
        if (to.right == to.column_stride && from.right == from.column_stride) {
            copy(columns * to.right, source, observed, target);
            continue;
        }
        for (Index c = 0; c < columns; ++c) {
            copy(to.right, source + c * from.column_stride, observed + c * mask.column_stride,
                 target + c * to.column_stride);
        }
    }
}

// out = a first, or (a first) second, all entries or only the missing ones, panel by panel. A panel
// of `a` is read whole before the same rows of `out` are written.
template <typename T>
class Pipeline {
  public:
    Pipeline(SlabMatrix<const T> a, const Factor<T>& first, const Factor<T>* second,
             const std::uint8_t* mask, SlabMatrix<T> out)
        : a_(a),
          first_(first),
          second_(second),
          mask_{mask, out.left, out.columns, out.right},
          out_(out),
          blas_(first.wants_blas() || (second != nullptr && second->wants_blas())),
          cut_(a, blas_ ? blas_panel_rows : tile_panel_rows) {
        const Index width = second != nullptr ? second->width : first.width;
        TESSERA_ASSERT(a.left == out.left && a.right == out.right, "slabs do not agree");
        TESSERA_ASSERT(a.columns == first.depth && width == out.columns &&
                           (second == nullptr || first.width == second->depth),
                       "columns of a slab product do not agree");
    }

    void run() const {
        const Index workers = std::min<Index>(blas_ ? 1 : Host().concurrency(), cut_.count());
        std::vector<Scratch> scratch(static_cast<std::size_t>(workers));
        for (Scratch& own : scratch) {
            const Index rows = cut_.max_rows();
            own.product.resize(
                static_cast<std::size_t>(second_ != nullptr ? rows * first_.width : 0));
            own.estimate.resize(
                static_cast<std::size_t>(mask_.data != nullptr ? rows * out_.columns : 0));
        }
        if (blas_) {  // the library brings its own threads and must not be called in a kernel
            for (Index index = 0; index < cut_.count(); ++index) {
                run_panel(index, scratch.front());
            }
            return;
        }
        Kokkos::parallel_for(
            "tessera::slab_product", Kokkos::RangePolicy<Host>(0, workers), [&](Index worker) {
                Scratch& own = scratch[static_cast<std::size_t>(worker)];
                const Index end = cut_.count() * (worker + 1) / workers;
                for (Index index = cut_.count() * worker / workers; index < end; ++index) {
                    run_panel(index, own);
                }
            });
        Host().fence("tessera::slab_product");
    }

  private:
    static constexpr Index tile_panel_rows = 240;
    static constexpr Index blas_panel_rows = 4096;

    struct Scratch {
        std::vector<T> product;   // a first
        std::vector<T> estimate;  // the result, where only a part of it is written
        std::vector<T> gathered;
    };

    void run_panel(Index index, Scratch& scratch) const {
        const Panel<const T> a = cut_.panel(a_, index);
        const Panel<T> out = cut_.panel(out_, index);
        Panel<T> target = out;
        if (mask_.data != nullptr) {
            target = {scratch.estimate.data(), out.slabs, out.right, out_.columns * out.right,
                      out.right};
        }
        if (second_ == nullptr) {
            product(a, first_, target, scratch);
        } else {
            const Index k = first_.width;
            T* data = scratch.product.data();
            const Panel<T> middle = a.right >= slab::min_vector_rows<T>
                                        ? Panel<T>{data, a.slabs, a.right, k * a.right, a.right}
                                        : Panel<T>{data, a.rows(), 1, k, 1};
            product(a, first_, middle, scratch);
            product(
                {middle.data, middle.slabs, middle.right, middle.slab_stride, middle.column_stride},
                *second_, target, scratch);
        }
        if (mask_.data != nullptr) {
            copy_missing<T>(
                {target.data, target.slabs, target.right, target.slab_stride, target.column_stride},
                cut_.panel(mask_, index), out_.columns, out);
        }
    }

    void product(const Panel<const T>& a, const Factor<T>& b, const Panel<T>& out,
                 Scratch& scratch) const {
        if (blas_) {
            slab::rows_by_blas(a, b, out, scratch.gathered);
        } else if (a.right >= slab::min_vector_rows<T> && a.right == out.right) {
            slab::rows_as_vectors(a, b, out);
        } else if (a.column_stride == 1 && out.column_stride == 1 && b.prefers_dots()) {
            slab::rows_by_dots(a, b, out);
        } else {
            slab::rows_as_factors(a, b, out);
        }
    }

    SlabMatrix<const T> a_;
    const Factor<T>& first_;
    const Factor<T>* second_;
    SlabMatrix<const std::uint8_t> mask_;
    SlabMatrix<T> out_;
    bool blas_;
    PanelCut cut_;
};

}  // namespace

template <typename T>
void multiply(SlabMatrix<const T> a, const Matrix& w, SlabMatrix<T> out) {
    const Factor<T> factor(w, false);
    Pipeline<T>(a, factor, nullptr, nullptr, out).run();
}

template <typename T>
void project(SlabMatrix<const T> a, const Matrix& w, const Matrix& v, SlabMatrix<T> out) {
    project_missing<T>(a, w, v, nullptr, out);
}

template <typename T>
void project_missing(SlabMatrix<const T> a, const Matrix& w, const Matrix& v,
                     const std::uint8_t* mask, SlabMatrix<T> out) {
    const Factor<T> first(w, false);
    const Factor<T> second(v, true);
    Pipeline<T>(a, first, &second, mask, out).run();
}

template <typename T>
void reconstruct(SlabMatrix<const T> u, const Matrix& v, SlabMatrix<T> out) {
    reconstruct_missing<T>(u, v, nullptr, out);
}

template <typename T>
void reconstruct_missing(SlabMatrix<const T> u, const Matrix& v, const std::uint8_t* mask,
                         SlabMatrix<T> out) {
    const Factor<T> factor(v, true);
    Pipeline<T>(u, factor, nullptr, mask, out).run();
}

#define TESSERA_INSTANTIATE(T)                                                                    \
    template void multiply<T>(SlabMatrix<const T>, const Matrix&, SlabMatrix<T>);                 \
    template void project<T>(SlabMatrix<const T>, const Matrix&, const Matrix&, SlabMatrix<T>);   \
    template void project_missing<T>(SlabMatrix<const T>, const Matrix&, const Matrix&,           \
                                     const std::uint8_t*, SlabMatrix<T>);                         \
    template void reconstruct<T>(SlabMatrix<const T>, const Matrix&, SlabMatrix<T>);              \
    template void reconstruct_missing<T>(SlabMatrix<const T>, const Matrix&, const std::uint8_t*, \
                                         SlabMatrix<T>);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
