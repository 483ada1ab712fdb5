#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tessera/base/option_table.hpp"

namespace tessera {

/// What the deck's [expect] table asks of a result: `psnr = { min = 33.1, max = 33.7 }`.
struct Expectation {
    std::string quantity;
    std::optional<double> minimum;
    std::optional<double> maximum;
    OptionPlace place;
};

/// One line of the manifest.
struct ManifestKey {
    std::string key;     ///< full key, "method.rank"
    std::string value;   ///< TOML text; empty if not set
    std::string origin;  ///< "default", "deck:14" or "command line"
};

/// A checked deck with every default filled in: what the run really used.
class ResolvedDeck {
  public:
    /// One table, or one element of a list of tables, with its keys in order of declaration.
    struct Section {
        std::string table;   ///< "method" or "corrupt"
        std::string path;    ///< "method" or "corrupt.0"; parked elements are not counted
        std::string choice;  ///< the variant chosen, empty for plain tables
        bool in_list = false;
        std::vector<ResolvedOption> options;
    };

    [[nodiscard]] const std::vector<Section>& sections() const { return sections_; }
    /// Whether the deck has this table (or a non-empty list of this name), or it is always there.
    [[nodiscard]] bool has_table(std::string_view table) const;
    /// Number of active elements of a list of tables.
    [[nodiscard]] std::size_t count(std::string_view table) const;
    /// The variant chosen for a table: choice("method") is e.g. "svd". Empty if there is none.
    [[nodiscard]] std::string choice(std::string_view table) const;
    /// The value of a full key as TOML text, nothing if there is no such key or it is not set.
    [[nodiscard]] std::optional<std::string> value_text(std::string_view key) const;

    [[nodiscard]] const std::vector<Expectation>& expectations() const { return expectations_; }
    /// Parked tables: `inputs/a.toml:12:1: note: table [x-old] is ignored`.
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

    /// deck.resolved.toml: all keys, each with its origin as a comment; reads back to the same
    /// values.
    [[nodiscard]] std::string to_toml() const;
    /// Key, value and origin of every key, for the manifest.
    [[nodiscard]] std::vector<ManifestKey> manifest() const;
    /// Full keys whose value is not the default.
    [[nodiscard]] std::vector<std::string> changed_keys() const;

  private:
    friend class DeckSchema;
    std::vector<Section> sections_;
    std::vector<Expectation> expectations_;
    std::vector<std::string> notes_;
};

/// Full keys whose values differ between two decks, or that only one of them has, in order; keys
/// that may change on resume are left out. For refusing to resume with another deck.
[[nodiscard]] std::vector<std::string> differing_keys(const ResolvedDeck& a, const ResolvedDeck& b);

}  // namespace tessera
