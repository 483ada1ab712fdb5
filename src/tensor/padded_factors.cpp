#include <algorithm>

#include "fibre_kernels.hpp"

namespace tessera::detail {

PaddedFactors::PaddedFactors(const std::vector<const double*>& factors, const Extents& shape,
                             Index rank)
    : stride_(static_cast<Index>(packs_of(rank)) * pack_width) {
    for (std::size_t mode = 0; mode < factors.size(); ++mode) {
        const Index rows = factors[mode] != nullptr ? shape[static_cast<int>(mode)] : 0;
        const DeviceView<double> copy = allocate<double>("padded factor", rows * stride_);
        const auto host = Kokkos::create_mirror_view(copy);
        for (Index row = 0; row < rows; ++row) {
            double* to = host.data() + row * stride_;
            std::copy_n(factors[mode] + row * rank, rank, to);
            std::fill(to + rank, to + stride_, 0.0);
        }
        Kokkos::deep_copy(copy, host);
        copies_.push_back(copy);
    }
}

}  // namespace tessera::detail
