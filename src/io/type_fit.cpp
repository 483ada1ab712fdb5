#include <Kokkos_Core.hpp>
#include <cmath>
#include <limits>

#include "stored_number.hpp"
#include "tessera/io/write_tensor.hpp"

namespace tessera {
namespace {

template <typename Stored, typename T>
TypeFit local_fit(const DenseTensor<T>& tensor, bool partly_observed) {
    constexpr Index none = std::numeric_limits<Index>::max();
    constexpr bool integer = !std::is_floating_point_v<Stored>;
    // Half a unit beyond the range is still rounded into it.
    const double slack = integer ? 0.5 : 0.0;
    const double least = static_cast<double>(std::numeric_limits<Stored>::lowest()) - slack;
    const double most = static_cast<double>(std::numeric_limits<Stored>::max()) + slack;
    const DeviceView<T> values = tensor.block();
    const GlobalIndex global = global_index(tensor);
    TypeFit fit;
    Index first = none;
    Kokkos::parallel_reduce(
        "tessera::io::fit_of",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>(
            0, tensor.box().size()),
        KOKKOS_LAMBDA(const Index i, Index& outside, Index& lowest, Index& rounded,
                      double& rounding, Index& missing) {
            const auto value = static_cast<double>(values(i));
            const bool is_nan = value != value;
            const bool infinite = !is_nan && value - value != 0.0;
            missing += is_nan ? 1 : 0;
            const bool held = is_nan     ? !integer || partly_observed
                              : infinite ? !integer
                                         : value >= least && value <= most;
            if (!held) {
                ++outside;
                lowest = Kokkos::min(lowest, global(i));
            } else if (!is_nan && !infinite) {
                const double change =
                    Kokkos::abs(static_cast<double>(stored_number<Stored>(value)) - value);
                rounded += change > 0.0 ? 1 : 0;
                rounding = Kokkos::max(rounding, change);
            }
        },
        fit.outside, Kokkos::Min<Index>(first), fit.rounded, Kokkos::Max<double>(fit.most_rounding),
        fit.missing);
    Kokkos::fence("tessera::io::fit_of");
    fit.first_outside = first;
    return fit;
}

}  // namespace

template <typename T>
TypeFit fit_of(const DenseTensor<T>& tensor, NumberType type, bool partly_observed) {
    TypeFit fit;
    with_type(type, [&](auto zero) { fit = local_fit<decltype(zero)>(tensor, partly_observed); });
    const Communicator& communicator = tensor.communicator();
    Index counts[3] = {fit.outside, fit.rounded, fit.missing};
    communicator.sum_in_place(counts, 3);
    fit.outside = counts[0];
    fit.rounded = counts[1];
    fit.missing = counts[2];
    fit.first_outside = communicator.min(fit.first_outside);
    fit.most_rounding = std::fmax(0.0, communicator.max(fit.most_rounding));
    if (fit.outside == 0) {
        fit.first_outside = -1;
    }
    return fit;
}

template TypeFit fit_of<float>(const DenseTensor<float>&, NumberType, bool);
template TypeFit fit_of<double>(const DenseTensor<double>&, NumberType, bool);

}  // namespace tessera
