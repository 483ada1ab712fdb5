#include "tessera/method/tucker/tucker_options.hpp"

#include <fmt/format.h>

#include "tessera/base/error.hpp"

namespace tessera {

void TuckerOptions::declare(OptionTable& table) {
    table
        .add_number_or_list("ranks", ranks,
                            "columns of the factors, one number for all modes or one per mode")
        .minimum(1)
        .example("[60, 60, 10]")
        .details(
            "Left out, they are the smallest that keep the relative error below `tolerance`; data "
            "with missing entries need them.");
    table
        .add("tolerance", tolerance,
             "relative Frobenius error of the estimate; used where `ranks` is left out")
        .above(0.0)
        .below(1.0);
    table
        .add("mode_order", mode_order,
             "axes in the order in which the modes are truncated, all of them")
        .example("[\"bands\", \"rows\", \"cols\"]")
        .details("Left out, the order that takes the fewest operations; the log says which.");
    table.add_choice(
        "route", route,
        {{"auto", Route::automatic,
          "gram where its precision suffices: tolerances from 1e-6, singular values above 1e-6 of "
          "the largest"},
         {"gram", Route::gram,
          "eigenvalues of the Gram matrix: fastest, half the digits of small singular values"},
         {"qr", Route::qr, "QR of the unfolding, then a small SVD: all digits"}},
        "how the leading left singular vectors of an unfolding are found");
    table
        .add("hooi_sweeps", hooi_sweeps,
             "most sweeps of higher-order orthogonal iteration after the truncation (De Lathauwer, "
             "De Moor and Vandewalle 2000)")
        .minimum(0);
    table
        .add("hooi_tolerance", hooi_tolerance,
             "stop these sweeps when the relative error changes by less than this")
        .above(0.0);
    table
        .add("ridge", ridge,
             "with missing entries: share of the mean of all rows' equations that is added to each "
             "row's, which decides rows with few or no entries")
        .above(0.0);
    table
        .add("core_iterations", core_iterations,
             "with missing entries: conjugate gradient iterations on the core per sweep")
        .minimum(1);
    table
        .add("completion_maximum_sweeps", completion_maximum_sweeps,
             "with missing entries: most sweeps over all factors and the core")
        .minimum(1);
    table
        .add("completion_tolerance", completion_tolerance,
             "with missing entries: stop when the relative error on observed entries changes by "
             "less than this")
        .above(0.0);
}

std::vector<Index> tucker_ranks(const TuckerOptions& options, const Extents& shape,
                                const std::vector<std::string>& axes) {
    std::vector<Index> ranks = options.ranks;
    const auto order = static_cast<std::size_t>(shape.order());
    if (ranks.size() == 1) {
        ranks.assign(order, ranks.front());
    }
    if (!ranks.empty() && ranks.size() != order) {
        throw UsageError(
            fmt::format("method.ranks has {} entries, but the data has {} axes ({}): give one rank "
                        "per axis, or one number for all",
                        ranks.size(), order, shape.to_string()));
    }
    for (std::size_t mode = 0; mode < ranks.size(); ++mode) {
        const Index extent = shape[static_cast<int>(mode)];
        if (ranks[mode] > extent) {
            throw UsageError(
                fmt::format("method.ranks asks for {} columns of the factor of axis {}, which has "
                            "only {} positions: give a rank of at most {}",
                            ranks[mode], axes[mode], extent, extent));
        }
    }
    return ranks;
}

}  // namespace tessera
