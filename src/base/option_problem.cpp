#include "tessera/base/option_problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "tessera/base/error.hpp"

namespace tessera {

std::string OptionProblem::text() const {
    return fmt::format("{}: error: {}{}{}", place.text(), key, key.empty() ? "" : ": ", message);
}

std::string describe_problems(std::vector<OptionProblem> problems, std::size_t limit) {
    const auto rank = [](const OptionProblem& problem) {
        const OptionPlace& place = problem.place;
        const int group = place.origin == OptionOrigin::command_line ? 1 : 0;
        return std::tuple(group, place.order, place.line, place.column);
    };
    std::stable_sort(
        problems.begin(), problems.end(),
        [&](const OptionProblem& a, const OptionProblem& b) { return rank(a) < rank(b); });
    std::string text;
    const std::size_t shown = std::min(limit, problems.size());
    for (std::size_t i = 0; i < shown; ++i) {
        text += (i > 0 ? "\n" : "") + problems[i].text();
    }
    if (shown < problems.size()) {
        text += fmt::format("\n... and {} more", problems.size() - shown);
    }
    return text;
}

void throw_if_any(const std::vector<OptionProblem>& problems) {
    if (!problems.empty()) {
        throw UsageError(describe_problems(problems));
    }
}

}  // namespace tessera
