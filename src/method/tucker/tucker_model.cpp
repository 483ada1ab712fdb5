#include "tessera/method/tucker/tucker_model.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include "tessera/linalg/dense_svd.hpp"
#include "tessera/method/tucker/mode_spectrum.hpp"
#include "tessera/tensor/contraction.hpp"

namespace tessera {
namespace {

using Modes = std::vector<int>;

const Matrix& factor_of(const std::vector<Matrix>& factors, int mode) {
    return factors[static_cast<std::size_t>(mode)];
}

// The tensor times the transposed factors of these modes, those that shrink it most first.
template <typename T>
DenseTensor<T> project_modes(DenseTensor<T> tensor, const std::vector<Matrix>& factors,
                             Modes modes) {
    std::stable_sort(modes.begin(), modes.end(), [&](int a, int b) {
        const Matrix& first = factor_of(factors, a);
        const Matrix& second = factor_of(factors, b);
        return first.columns * second.rows < second.columns * first.rows;
    });
    for (const int mode : modes) {
        tensor = tensor_times_matrix(tensor, mode, transposed(factor_of(factors, mode)),
                                     "tucker projection");
    }
    return tensor;
}

// A tree of the modes: `tensor` is projected on the factors of all modes but these.
template <typename T>
class Sweep {
  public:
    Sweep(std::vector<Matrix>& factors, bool by_qr) : factors_(factors), by_qr_(by_qr) {}

    void update(const DenseTensor<T>& tensor, const Modes& modes) {
        if (modes.size() > 1) {
            const auto half = modes.begin() + static_cast<std::ptrdiff_t>(modes.size() / 2);
            const Modes first(modes.begin(), half);
            const Modes second(half, modes.end());
            update(project_modes(tensor, factors_, second), first);
            update(project_modes(tensor, factors_, first), second);
            return;
        }
        const int mode = modes.front();
        Matrix& factor = factors_[static_cast<std::size_t>(mode)];
        const ModeSpectrum spectrum =
            by_qr_ ? spectrum_by_qr(tensor, mode) : spectrum_by_gram(tensor, mode);
        factor = first_columns(spectrum.vectors, factor.columns);
        core_ = project_modes(tensor, factors_, modes);
    }

    [[nodiscard]] const DenseTensor<T>& core() const { return *core_; }

  private:
    std::vector<Matrix>& factors_;
    bool by_qr_;
    std::optional<DenseTensor<T>> core_;  ///< after the last factor
};

}  // namespace

template <typename T>
DenseTensor<T> expand(const DenseTensor<T>& core, const std::vector<Matrix>& factors) {
    Modes modes(factors.size());
    std::iota(modes.begin(), modes.end(), 0);
    std::stable_sort(modes.begin(), modes.end(), [&](int a, int b) {
        return factor_of(factors, a).columns > factor_of(factors, b).columns;
    });
    DenseTensor<T> result = core;
    for (const int mode : modes) {
        if (factor_of(factors, mode).columns > 0) {
            result = tensor_times_matrix(result, mode, factor_of(factors, mode), "tucker estimate");
        }
    }
    return result;
}

template <typename T>
DenseTensor<T> hooi_sweep(const DenseTensor<T>& tensor, std::vector<Matrix>& factors, bool by_qr) {
    Modes modes(factors.size());
    std::iota(modes.begin(), modes.end(), 0);
    Sweep<T> sweep(factors, by_qr);
    sweep.update(tensor, modes);
    return sweep.core();
}

#define TESSERA_INSTANTIATE(T)                                                            \
    template DenseTensor<T> expand<T>(const DenseTensor<T>&, const std::vector<Matrix>&); \
    template DenseTensor<T> hooi_sweep<T>(const DenseTensor<T>&, std::vector<Matrix>&, bool);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
