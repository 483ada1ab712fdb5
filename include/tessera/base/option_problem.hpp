#pragma once

#include <string>
#include <vector>

#include "tessera/base/option_value.hpp"

namespace tessera {

/// One mistake of the user, told as `place: error: key: message`.
struct OptionProblem {
    OptionPlace place;
    std::string key;  ///< full key such as "method.rank"; may be empty
    std::string message;

    [[nodiscard]] std::string text() const;
};

/// One line per problem, in the order of the deck, then of the command line; at most `limit` lines
/// and then the number left out. No line break at the end.
[[nodiscard]] std::string describe_problems(std::vector<OptionProblem> problems,
                                            std::size_t limit = 20);

/// Throws UsageError with describe_problems if there are any.
void throw_if_any(const std::vector<OptionProblem>& problems);

}  // namespace tessera
