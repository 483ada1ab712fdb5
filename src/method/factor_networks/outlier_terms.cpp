#include "tessera/method/factor_networks/outlier_terms.hpp"

#include <cmath>

#include "tessera/base/memory.hpp"

namespace tessera {
namespace {

/// Of the first numbers, against those of a whole outlier (You et al. 2020).
constexpr double first_share = 1e-5;

/// The derivative of the loss at an error as large as the data, in the inverse of their units.
double largest_slope(const EntryLoss& loss, double scale) {
    switch (loss.kind) {
        case EntryLoss::Kind::squares:
            return 2.0 * scale;
        case EntryLoss::Kind::huber:
            return 2.0 * std::min(scale, loss.width);
        case EntryLoss::Kind::absolute:
        case EntryLoss::Kind::poisson:
            break;
    }
    return 1.0;
}

}  // namespace

template <typename T>
OutlierTerms<T>::OutlierTerms(Index count, double scale, const EntryLoss& loss, double rate)
    : grown_(allocate_host<T>("outlier terms", count)),
      shrunk_(allocate_host<T>("outlier terms", count)),
      start_(first_share * std::sqrt(scale)),
      step_(rate / largest_slope(loss, scale)) {
    restart();
}

template <typename T>
void OutlierTerms<T>::restart() {
    Kokkos::deep_copy(grown_, static_cast<T>(start_));
    Kokkos::deep_copy(shrunk_, static_cast<T>(start_));
}

template class OutlierTerms<float>;
template class OutlierTerms<double>;

}  // namespace tessera
