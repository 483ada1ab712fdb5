#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tessera {

/// Who gave an option its value.
enum class OptionOrigin { default_value, deck, command_line };

/// Where a value was written, precise enough for an editor to jump there.
struct OptionPlace {
    OptionOrigin origin = OptionOrigin::default_value;
    std::string file;         ///< name of the deck as the user gave it; empty unless from a deck
    std::int64_t line = 0;    ///< from 1; 0 = the deck as a whole
    std::int64_t column = 0;  ///< from 1
    std::int64_t order = 0;   ///< position among the assignments of the command line

    /// "inputs/a.toml:3:9", "inputs/a.toml", "command line" or "default".
    [[nodiscard]] std::string text() const;
    /// "deck:3", "command line" or "default": for the resolved deck and the manifest.
    [[nodiscard]] std::string short_text() const;
};

struct OptionEntry;
struct OptionValue;

/// A date or time of TOML, kept as it was written (`01:50:00` is one: the duration options read
/// it).
struct OptionDate {
    std::string text;
};

using OptionList = std::vector<OptionValue>;
/// Keys in the order of the deck, each once.
using OptionMap = std::vector<OptionEntry>;

/// One value of a deck, free of the TOML library so that `base` can check and bind it. The empty
/// alternative stands for an optional value that is not set.
struct OptionValue {
    std::variant<std::monostate, bool, std::int64_t, double, std::string, OptionDate, OptionList,
                 OptionMap>
        data;
    OptionPlace place;
    /// The text of a command-line value as typed (empty for decks): a value that should have been a
    /// string may be read again from it, because shells eat quotation marks.
    std::string typed;

    template <class T>
    [[nodiscard]] bool is() const {
        return std::holds_alternative<T>(data);
    }
    template <class T>
    [[nodiscard]] const T& as() const {
        return std::get<T>(data);
    }
    template <class T>
    [[nodiscard]] T& as() {
        return std::get<T>(data);
    }
    [[nodiscard]] bool is_set() const { return !is<std::monostate>(); }
    [[nodiscard]] bool is_number() const { return is<std::int64_t>() || is<double>(); }
    /// An integer or real as a real. Precondition: is_number().
    [[nodiscard]] double number() const;

    /// The entry `key` of a table, or null if there is none or the value is not a table.
    [[nodiscard]] const OptionEntry* find(std::string_view key) const;
    [[nodiscard]] OptionEntry* find(std::string_view key);

    /// "an integer", "a list", "a table": for messages.
    [[nodiscard]] std::string type_name() const;
    /// As TOML on one line; reals in the shortest form that reads back to the same bits.
    [[nodiscard]] std::string to_toml() const;
};

/// `key = value` of a table, with the place of the key itself.
struct OptionEntry {
    std::string key;
    OptionPlace place;
    OptionValue value;
};

/// Same type and contents; places do not count. An integer differs from a real.
[[nodiscard]] bool same_value(const OptionValue& a, const OptionValue& b);

/// A value from C++ data, without a place.
template <class T>
[[nodiscard]] OptionValue make_option_value(T data) {
    OptionValue value;
    value.data = std::move(data);
    return value;
}

/// The real whose shortest decimal form is that of `single`.
[[nodiscard]] double as_written(float single);

/// A key as TOML writes it: bare where allowed, else in quotation marks.
[[nodiscard]] std::string toml_key(std::string_view key);
/// A string as TOML writes it, in quotation marks, with escapes.
[[nodiscard]] std::string toml_string(std::string_view text);

}  // namespace tessera
