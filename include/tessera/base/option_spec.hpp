#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tessera/base/option_value.hpp"

namespace tessera {

/// What an option may hold. The "or list" types take one number or a list and bind to a vector.
enum class OptionType {
    boolean,
    integer,
    real,
    string,
    path,
    choice,
    duration,
    integer_list,
    real_list,
    string_list,
    integer_or_list,
    real_or_list,
    integer_list_map,  ///< { y = [0, 256] }
    integer_map,       ///< { y = 2 }
    real_map,          ///< { y = 0.5 }
    string_map         ///< { y = "mm" }
};

/// One word that a choice option accepts, and what it means.
struct OptionChoice {
    std::string name;
    std::string help;
};

/// Everything known about one option: the one description from which the deck's check, the help,
/// the template, the resolved deck and the manifest are made. Filled through OptionBuilder.
struct OptionSpec {
    std::string name;  ///< within its table; a dot nests: "checkpoint.every"
    OptionType type = OptionType::string;
    std::string help;     ///< one line
    std::string details;  ///< more lines for `tessera help`, may be empty
    std::string unit;
    std::string since;    ///< version that brought the option
    std::string example;  ///< TOML text for templates, where the default will not do

    OptionValue default_value;  ///< the member at declaration; empty: not set
    bool required = false;
    bool optional_member = false;  ///< bound to a std::optional
    bool may_change_on_resume = false;
    std::string auto_word;  ///< the word that leaves an optional value unset, e.g. "auto"

    double minimum = -std::numeric_limits<double>::infinity();
    double maximum = std::numeric_limits<double>::infinity();
    bool minimum_excluded = false;
    bool maximum_excluded = false;
    /// What the bound member can hold, apart from what the author asked for.
    std::int64_t type_minimum = std::numeric_limits<std::int64_t>::min();
    std::int64_t type_maximum = std::numeric_limits<std::int64_t>::max();
    std::size_t shortest = 0;
    std::size_t longest = std::numeric_limits<std::size_t>::max();
    std::vector<OptionChoice> choices;

    /// Writes a normalised value to the bound member.
    std::function<void(const OptionValue&)> assign;

    /// "a number > 0", "one of "rank", "energy"", "a list of 3 integers >= 1".
    [[nodiscard]] std::string expectation() const;

    /// The same without the range, for help: "number", "list of integers".
    [[nodiscard]] std::string type_text() const;

    /// The allowed range, e.g. "> 0" or "0 to 1", empty if everything is allowed.
    [[nodiscard]] std::string range_text() const;

    /// Checks type, range, choice and length and brings the value to the form that `assign` and
    /// comparisons want (reals as reals, durations in seconds, lists where one number may stand for
    /// a list). Returns the reason of a refusal, or nothing and the value in `normalised`.
    [[nodiscard]] std::optional<std::string> normalise(const OptionValue& written,
                                                       OptionValue& normalised) const;

    /// A normalised value as TOML text ("20 min" for a duration); empty if the value is not set and
    /// has no word for that.
    [[nodiscard]] std::string value_text(const OptionValue& normalised) const;

    /// TOML text to show in a template: the example, else the default, else something of the type.
    [[nodiscard]] std::string example_text() const;

    [[nodiscard]] bool is_map() const {
        return type == OptionType::integer_list_map || type == OptionType::integer_map ||
               type == OptionType::real_map || type == OptionType::string_map;
    }
};

}  // namespace tessera
