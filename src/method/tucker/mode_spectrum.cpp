#include "tessera/method/tucker/mode_spectrum.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "tessera/base/profile.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/linalg/tall_qr.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/contraction.hpp"
#include "tessera/tensor/redistribute.hpp"
#include "tessera/tensor/unfolding.hpp"

namespace tessera {
namespace {

// The tensor on a grid that leaves the mode whole; itself where it does already.
template <typename T>
DenseTensor<T> with_whole_mode(const DenseTensor<T>& tensor, int mode) {
    const ProcessGrid& grid = tensor.partition().grid();
    if (grid.dims()[mode] == 1) {
        return tensor;
    }
    std::vector<bool> may_split(static_cast<std::size_t>(tensor.order()), true);
    may_split[static_cast<std::size_t>(mode)] = false;
    return redistribute(
        tensor, Partition(tensor.shape(),
                          ProcessGrid::automatic(grid.communicator(), tensor.shape(), may_split)));
}

}  // namespace

double ModeSpectrum::total() const { return tail(0); }

double ModeSpectrum::tail(Index rank) const {
    return std::accumulate(energies.rbegin(), energies.rend() - rank, 0.0);
}

Index ModeSpectrum::smallest_rank(double budget) const {
    auto rank = static_cast<Index>(energies.size());
    double sum = 0.0;
    while (rank > 1) {
        sum += energies[static_cast<std::size_t>(rank - 1)];
        if (sum > budget) {
            break;
        }
        --rank;
    }
    return rank;
}

template <typename T>
ModeSpectrum spectrum_by_gram(const DenseTensor<T>& tensor, int mode) {
    const Matrix gram = unfolding_gram(tensor, mode);
    const Phase phase("tucker/eigenvalues");
    const Communicator& communicator = tensor.communicator();
    const Index extent = gram.rows;
    ModeSpectrum result{std::vector<double>(static_cast<std::size_t>(extent)),
                        Matrix(extent, extent)};
    // Rank 0 computes and sends: what is replicated must agree to the last bit, also where nodes
    // have different processors.
    agree_on_rank_0(communicator, [&] {
        SymmetricEigen eigen = symmetric_eigen(gram);
        fix_signs(eigen.vectors);
        result = {std::move(eigen.values), std::move(eigen.vectors)};
    });
    for (double& energy : result.energies) {
        energy = std::max(0.0, energy);
    }
    communicator.broadcast(result.energies.data(), extent);
    communicator.broadcast(result.vectors.data(), extent * extent);
    return result;
}

template <typename T>
ModeSpectrum spectrum_by_qr(const DenseTensor<T>& tensor, int mode) {
    const Phase phase("tucker/qr");
    const DenseTensor<T> whole = with_whole_mode(tensor, mode);
    const Unfolding block(whole.block_shape(), mode, mode + 1);
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), whole.block());
    TallSvd svd = tall_svd(SlabMatrix<const T>{host.data(), block.left, block.middle, block.right},
                           tensor.communicator());
    for (double& value : svd.singular_values) {
        value *= value;
    }
    return {std::move(svd.singular_values), std::move(svd.v)};
}

#define TESSERA_INSTANTIATE(T)                                             \
    template ModeSpectrum spectrum_by_gram<T>(const DenseTensor<T>&, int); \
    template ModeSpectrum spectrum_by_qr<T>(const DenseTensor<T>&, int);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
