#pragma once

#include <string>
#include <vector>

#include "tessera/base/extents.hpp"
#include "tessera/base/option_table.hpp"

namespace tessera {

/// The keys of the deck's [method] table for `name = "tucker"`.
struct TuckerOptions {
    enum class Route { automatic, gram, qr };

    std::vector<Index> ranks;  ///< empty: by the tolerance; one: for every mode
    double tolerance = 0.01;
    std::vector<std::string> mode_order;  ///< axis names; empty: the cheapest order
    Route route = Route::automatic;
    Index hooi_sweeps = 0;
    double hooi_tolerance = 1e-6;
    double ridge = 1e-4;
    Index core_iterations = 5;
    Index completion_maximum_sweeps = 200;
    double completion_tolerance = 1e-5;

    void declare(OptionTable& table);
};

/// One rank per mode, or none when the tolerance decides. Throws UsageError when the list has not
/// one rank per mode, or when a rank exceeds its mode's extent.
[[nodiscard]] std::vector<Index> tucker_ranks(const TuckerOptions& options, const Extents& shape,
                                              const std::vector<std::string>& axes);

}  // namespace tessera
