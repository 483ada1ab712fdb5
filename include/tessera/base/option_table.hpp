#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tessera/base/option_binding.hpp"
#include "tessera/base/option_problem.hpp"
#include "tessera/base/option_spec.hpp"

namespace tessera {

/// Adds to the description of an option just declared; every call returns the builder again.
class OptionBuilder {
  public:
    explicit OptionBuilder(OptionSpec& spec) : spec_(&spec) {}

    /// Smallest and largest value allowed, of each element for lists; durations in seconds.
    OptionBuilder& minimum(double value);
    OptionBuilder& maximum(double value);
    /// The same with the bound itself excluded.
    OptionBuilder& above(double value);
    OptionBuilder& below(double value);
    /// Number of elements of a list.
    OptionBuilder& length(std::size_t count) { return length(count, count); }
    OptionBuilder& length(std::size_t shortest, std::size_t longest);
    /// Words that a string, or each string of a list, may be.
    OptionBuilder& choices(std::vector<OptionChoice> words);
    /// The deck must give the option; the default is not used.
    OptionBuilder& required();
    /// A word (e.g. "auto") that leaves an optional member unset. Only for std::optional members.
    OptionBuilder& auto_word(std::string word);
    OptionBuilder& unit(std::string text);
    /// Further paragraphs for `tessera help`.
    OptionBuilder& details(std::string text);
    OptionBuilder& since(std::string version);
    /// TOML text (`"cube.mat"` with its quotation marks) shown in templates instead of the default.
    OptionBuilder& example(std::string toml);
    /// A resumed run may use another value: the option changes no result.
    OptionBuilder& may_change_on_resume();

  private:
    OptionSpec* spec_;
};

/// One key after checking: its value, where that came from, and how it is written.
struct ResolvedOption {
    std::string key;    ///< within its table
    OptionValue value;  ///< normalised; empty if not set
    OptionPlace place;  ///< of the value
    std::string text;   ///< the value as TOML; empty if not set
    bool differs_from_default = false;
    bool may_change_on_resume = false;
};

/// One word of a choice bound to an enumerator.
template <class Enum>
struct OptionEnumChoice {
    std::string name;
    Enum value;
    std::string help;
};

/// The options of one table of a deck, declared once and bound to the members of a struct:
///
///     void SvdOptions::declare(OptionTable& table) {
///         table.add("rank", rank, "number of singular triplets kept").minimum(1);
///         table.add_choice("truncation", truncation,
///                          {{"rank", Truncation::rank, "keep `rank` triplets"},
///                           {"energy", Truncation::energy, "keep a share of the energy"}},
///                          "what decides the rank");
///     }
///
/// The value of a member at declaration is its default. The members must outlive the table's use.
/// A dot in a name nests: "checkpoint.every" is `checkpoint = { every = .. }` in the deck. The name
/// `enabled` is reserved (it parks a table). Declaration mistakes throw std::logic_error.
class OptionTable {
  public:
    /// `prefix` is the table's place in the deck, e.g. "method"; it leads the keys in messages.
    explicit OptionTable(std::string prefix) : prefix_(std::move(prefix)) {}

    /// Declares an option for a member of type bool, an integer, a real, std::string,
    /// std::filesystem::path, std::vector of integers, reals or strings, std::map from std::string
    /// to a list of integers, a real or a string, or std::optional of one of these.
    template <class T>
    OptionBuilder add(std::string name, T& member, std::string help) {
        return add_typed(OptionBinding<T>::type, std::move(name), member, std::move(help));
    }

    /// An option whose words stand for enumerators. The member's value must be among them.
    template <class Enum>
    OptionBuilder add_choice(std::string name, Enum& member,
                             std::vector<OptionEnumChoice<std::type_identity_t<Enum>>> words,
                             std::string help);

    /// One number or a list: `sigma = 0.1` or `sigma = [0.1, 0.2]`. T: std::vector of integers or
    /// reals, or std::optional of that.
    template <class T>
    OptionBuilder add_number_or_list(std::string name, T& member, std::string help) {
        constexpr bool integers = OptionBinding<T>::type == OptionType::integer_list;
        static_assert(integers || OptionBinding<T>::type == OptionType::real_list);
        return add_typed(integers ? OptionType::integer_or_list : OptionType::real_or_list,
                         std::move(name), member, std::move(help));
    }

    /// A duration such as "20 min" or "01:50:00", stored in seconds in a double or optional double.
    template <class T>
    OptionBuilder add_duration(std::string name, T& seconds, std::string help) {
        static_assert(OptionBinding<T>::type == OptionType::real);
        return add_typed(OptionType::duration, std::move(name), seconds, std::move(help));
    }

    /// A rule between several options, tried after all members are bound. `rule` returns the
    /// sentence of complaint, or an empty string; it is told at the place of option `name`.
    void add_check(std::string name, std::function<std::string()> rule);

    /// Called after the whole deck was bound without error; for handing over an object that the
    /// declaring function made.
    void when_bound(std::function<void()> action);

    [[nodiscard]] const std::string& prefix() const { return prefix_; }
    [[nodiscard]] const std::deque<OptionSpec>& specs() const { return specs_; }
    [[nodiscard]] const OptionSpec* find(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] bool has_required() const;

    /// Checks `table` (a TOML table, or empty for one that is absent) against the declarations:
    /// every key in order of declaration, with defaults filled in. Mistakes are appended to
    /// `problems`, under `shown_prefix` (the prefix, or "corrupt.2"). Changes no member. Keys in
    /// `also_known` are left to the caller.
    [[nodiscard]] std::vector<ResolvedOption> resolve(
        const OptionValue& table, const std::string& shown_prefix,
        std::vector<OptionProblem>& problems,
        const std::vector<std::string>& also_known = {}) const;

    /// Writes resolved values to the members.
    void assign(const std::vector<ResolvedOption>& resolved) const;
    /// Tries the rules of add_check. Precondition: assign was called.
    void check_rules(const std::vector<ResolvedOption>& resolved, const std::string& shown_prefix,
                     std::vector<OptionProblem>& problems) const;
    void call_when_bound() const;

    /// resolve, assign, rules and hand-over in one: for a table that stands alone. Throws
    /// UsageError with all mistakes.
    std::vector<ResolvedOption> bind(const OptionValue& table) const;

  private:
    struct Rule {
        std::string name;
        std::function<std::string()> complaint;
    };

    template <class T>
    struct is_optional : std::false_type {};
    template <class T>
    struct is_optional<std::optional<T>> : std::true_type {};

    OptionSpec& new_spec(OptionType type, std::string name, std::string help);

    template <class T>
    OptionBuilder add_typed(OptionType type, std::string name, T& member, std::string help) {
        OptionSpec& spec = new_spec(type, std::move(name), std::move(help));
        spec.default_value = OptionBinding<T>::read(member);
        spec.optional_member = is_optional<T>::value;
        using Integer = typename OptionInteger<T>::type;
        if constexpr (std::in_range<std::int64_t>(std::numeric_limits<Integer>::max())) {
            spec.type_maximum = static_cast<std::int64_t>(std::numeric_limits<Integer>::max());
        }
        spec.type_minimum = static_cast<std::int64_t>(std::numeric_limits<Integer>::min());
        spec.assign = [&member](const OptionValue& value) {
            OptionBinding<T>::write(value, member);
        };
        return OptionBuilder(spec);
    }

    std::string prefix_;
    std::deque<OptionSpec> specs_;  // a deque, so that builders' references stay valid
    std::vector<Rule> rules_;
    std::vector<std::function<void()>> actions_;
};

template <class Enum>
OptionBuilder OptionTable::add_choice(
    std::string name, Enum& member, std::vector<OptionEnumChoice<std::type_identity_t<Enum>>> words,
    std::string help) {
    OptionSpec& spec = new_spec(OptionType::choice, std::move(name), std::move(help));
    for (const auto& word : words) {
        spec.choices.push_back({word.name, word.help});
        if (word.value == member) {
            spec.default_value = make_option_value(word.name);
        }
    }
    if (!spec.default_value.is_set()) {
        throw std::logic_error(prefix_ + "." + spec.name + ": the default is none of the choices");
    }
    spec.assign = [&member, words = std::move(words)](const OptionValue& value) {
        for (const auto& word : words) {
            if (word.name == value.as<std::string>()) {
                member = word.value;
            }
        }
    };
    return OptionBuilder(spec);
}

}  // namespace tessera
