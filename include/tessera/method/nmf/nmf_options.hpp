#pragma once

#include <string>
#include <vector>

#include "tessera/base/option_table.hpp"
#include "tessera/base/types.hpp"

namespace tessera {

/// The keys of the deck's [method] table for `name = "nmf"`.
struct NmfOptions {
    enum class Update { hals, multiplicative, kullback_leibler };
    enum class Start { random, svd };

    std::vector<std::string> columns;  ///< empty: the mode "bands", or the last one
    Index rank = 10;
    Update update = Update::hals;
    Start start = Start::random;
    Index maximum_steps = 1000;
    double tolerance = 1e-5;

    void declare(OptionTable& table);
};

}  // namespace tessera
