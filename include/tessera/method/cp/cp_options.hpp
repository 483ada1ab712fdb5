#pragma once

#include "tessera/base/option_table.hpp"
#include "tessera/base/types.hpp"

namespace tessera {

/// The keys of the deck's [method] table for `name = "cp"`.
struct CpOptions {
    Index rank = 5;
    bool nonnegative = false;
    Index starts = 1;
    Index maximum_steps = 1000;
    double tolerance = 1e-7;
    double ridge = 0.01;

    void declare(OptionTable& table);
};

}  // namespace tessera
