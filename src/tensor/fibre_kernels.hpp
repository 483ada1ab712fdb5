#pragma once

#include "row_pack.hpp"
#include "tessera/tensor/compressed_fibres.hpp"

namespace tessera::detail {

/// What kernels see of a CompressedFibres and of the factors' rows of its block, padded to whole
/// packs, `stride` entries apart.
template <typename T>
struct FibreForest {
    const std::uint32_t* index[max_order];
    const std::uint32_t* begin[max_order];
    const double* rows[max_order];
    const T* values;
    const typename CompressedFibres<T>::Task* tasks;
    Index stride;

    KOKKOS_INLINE_FUNCTION const double* row(int height, std::uint32_t node) const {
        return rows[height] + static_cast<Index>(index[height][node]) * stride;
    }
};

/// Padded copies of the factors' rows in the memory of the execution space.
class PaddedFactors {
  public:
    /// `factors[m]` holds shape[m] rows of `rank` columns, row-major in host memory; modes without
    /// rows to copy may be null. Throws MemoryError.
    PaddedFactors(const std::vector<const double*>& factors, const Extents& shape, Index rank);

    [[nodiscard]] Index stride() const { return stride_; }
    [[nodiscard]] const double* rows(int mode) const {
        return copies_[static_cast<std::size_t>(mode)].data();
    }

  private:
    Index stride_;
    std::vector<DeviceView<double>> copies_;
};

template <typename T>
[[nodiscard]] FibreForest<T> forest_of(const CompressedFibres<T>& fibres,
                                       const PaddedFactors& factors) {
    FibreForest<T> forest{};
    for (std::size_t height = 0; height < fibres.at_height.size(); ++height) {
        forest.index[height] = fibres.at_height[height].index.data();
        forest.begin[height] = fibres.at_height[height].begin.data();
        forest.rows[height] = factors.rows(fibres.at_height[height].mode);
    }
    forest.values = fibres.values.data();
    forest.tasks = fibres.tasks.data();
    forest.stride = factors.stride();
    return forest;
}

/// Calls run(std::integral_constant<int, n>) for 1 <= n <= 5: the height of the roots' children is
/// known when the kernels are compiled, so their recursion is unrolled.
template <typename Run>
void with_constant(int n, const Run& run) {
    switch (n) {
        case 1:
            return run(std::integral_constant<int, 1>{});
        case 2:
            return run(std::integral_constant<int, 2>{});
        case 3:
            return run(std::integral_constant<int, 3>{});
        case 4:
            return run(std::integral_constant<int, 4>{});
        default:
            return run(std::integral_constant<int, 5>{});
    }
}

}  // namespace tessera::detail
