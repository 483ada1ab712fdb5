#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/base/types.hpp"
#include "tessera/io/deck.hpp"

namespace tessera {

/// One key of [sweep] and the values that it takes, as TOML text.
struct SweepKey {
    std::string key;
    std::vector<std::string> values;
};

/// The points of a deck's [sweep] table: every combination of its values, the last key fastest.
///
///     [sweep]
///     "method.rank" = [5, 10, 20]
///     run.seed = [1, 2, 3]        # the same without quotation marks
///     only = 4                    # one point, from 0: a task of a job array
struct Sweep {
    std::vector<SweepKey> keys;
    std::optional<Index> only;

    [[nodiscard]] Index count() const;
    /// The values of a point, one per key.
    [[nodiscard]] std::vector<std::string> values(Index point) const;
    /// The same as assignments, "method.rank=5".
    [[nodiscard]] std::vector<std::string> assignments(Index point) const;
};

/// Nothing when the deck has no active [sweep]. Throws UsageError for a table that is no sweep.
[[nodiscard]] std::optional<Sweep> read_sweep(const Deck& deck);

}  // namespace tessera
