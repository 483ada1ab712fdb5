#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/base/option_table.hpp"
#include "tessera/io/deck.hpp"
#include "tessera/io/deck_resolved.hpp"

namespace tessera {

using DeclareOptions = std::function<void(OptionTable&)>;

/// One of the descriptions among which a table's selecting key chooses.
struct DeckVariant {
    std::string name;
    DeclareOptions declare;
    std::string help = {};
};

/// What a template deck shall hold.
struct DeckTemplateRequest {
    /// The variant of each variant table, and those of each list, by table name:
    /// {{"method", {"svd"}}, {"corrupt", {"gaussian", "deadline"}}}.
    std::map<std::string, std::vector<std::string>> choices = {};
    /// Values (TOML text) to set by full key, e.g. {"data.path", "\"cube.mat\""}.
    std::map<std::string, std::string> values = {};
    /// Optional tables to write active rather than commented out.
    std::vector<std::string> tables = {};
    std::string title = {};
};

/// The language of a deck: which tables there are and which options each holds. Built by callbacks,
/// so that this layer knows no method:
///
///     DeckSchema schema;
///     schema.table("run", [&](OptionTable& table) { run_options.declare(table); });
///     schema.variant_table("method", "name", {{"svd", [&](OptionTable& t) { svd.declare(t); }}});
///     ResolvedDeck resolved = schema.bind(Deck::from_text(text, name));
///
/// `schema = 1` at the top, [expect], tables parked by `enabled = false` or a name that starts with
/// `x-`, and the table [sweep] (see read_sweep) are part of every schema. Registering a name twice
/// throws std::logic_error.
class DeckSchema {
  public:
    DeckSchema() = default;
    DeckSchema(DeckSchema&&) = default;
    DeckSchema& operator=(DeckSchema&&) = default;
    DeckSchema(const DeckSchema&) = delete;  // tables hold references to members
    DeckSchema& operator=(const DeckSchema&) = delete;
    ~DeckSchema() = default;

    /// A table that is always there, with defaults where the deck leaves it out.
    DeckSchema& table(const std::string& name, const DeclareOptions& declare,
                      std::string help = {});
    /// A table that may be absent: its required keys count only when it is written.
    DeckSchema& optional_table(const std::string& name, const DeclareOptions& declare,
                               std::string help = {});
    /// A table whose key `selector` chooses which variant declares the others. Without
    /// `default_variant` the selector is required.
    DeckSchema& variant_table(const std::string& name, const std::string& selector,
                              const std::vector<DeckVariant>& variants,
                              std::string default_variant = {}, std::string help = {});
    /// An array of such tables, `[[name]]`. `declare` is called anew for every element, so it must
    /// make a fresh object and hand it over with OptionTable::when_bound:
    ///
    ///     {"gaussian", [&](OptionTable& table) {
    ///          auto options = std::make_shared<GaussianOptions>();
    ///          options->declare(table);
    ///          table.when_bound([&, options] { corruptions.push_back(options); });
    ///      }}
    DeckSchema& variant_list(const std::string& name, const std::string& selector,
                             const std::vector<DeckVariant>& variants, std::string help = {});
    /// Names that [expect] may use; without this call every name is accepted.
    DeckSchema& quantities(std::vector<OptionChoice> names);

    /// Checks the whole deck and fills in defaults; changes no member and tries no rules between
    /// options. Throws UsageError with up to 20 mistakes, one a line.
    [[nodiscard]] ResolvedDeck resolve(const Deck& deck) const;
    /// resolve, then writes the bound members, tries the rules and hands over objects. Members may
    /// have been written when a rule throws.
    ResolvedDeck bind(const Deck& deck) const;

    /// Help on a table ("data"), a variant ("svd", "corrupt.gaussian"), a key ("method.rank",
    /// "svd.rank", "rank") or a quantity of [expect]. Throws UsageError naming the nearest topic.
    [[nodiscard]] std::string help(std::string_view topic) const;
    /// The tables and their variants, one line each.
    [[nodiscard]] std::string overview() const;
    /// A commented deck with all keys; reads back without error. Throws UsageError for an unknown
    /// variant.
    [[nodiscard]] std::string template_deck(const DeckTemplateRequest& request = {}) const;
    /// The language as a JSON schema (draft-07), by which editors complete and check keys. It holds
    /// what one key says alone; rules between keys and shapes are left to `bind`.
    [[nodiscard]] std::string json_schema() const;
    /// Names of the variants of a table, in order; none for a table that has no variants.
    [[nodiscard]] std::vector<std::string> variant_names(std::string_view table) const;

  private:
    enum class Kind { plain, variant, list };

    struct Variant {
        std::string name;
        DeclareOptions declare;
        std::string help;
        OptionTable table;  ///< bound for variant tables; for lists only the description
    };

    struct Table {
        std::string name;
        Kind kind = Kind::plain;
        bool optional = false;
        std::string selector;
        std::string default_variant;
        std::string help;
        std::vector<Variant> variants;  ///< one, without a name, for a plain table

        [[nodiscard]] const Variant* find(std::string_view variant) const;
        [[nodiscard]] std::vector<std::string> names() const;
    };

    /// What bind needs beyond the resolved deck, such as the table that each section belongs to.
    struct Work;

    Table& new_table(const std::string& name, Kind kind, std::string help);
    [[nodiscard]] const Table* find(std::string_view name) const;
    void resolve_all(Work& work) const;
    void check_top_level(Work& work) const;
    void resolve_table(const Table& table, const OptionEntry* written, Work& work) const;
    void resolve_list(const Table& table, const OptionEntry* written, Work& work) const;
    void resolve_section(const Table& table, const OptionValue& value, const std::string& shown,
                         const std::string& path, Work& work) const;
    const Variant* choose(const Table& table, const OptionValue& value, const std::string& shown,
                          ResolvedDeck::Section& section, Work& work) const;
    void resolve_expectations(const OptionEntry& written, Work& work) const;

    [[nodiscard]] std::string help_on_table(const Table& table) const;
    [[nodiscard]] std::string help_on_variant(const Table& table, const Variant& variant) const;
    [[nodiscard]] std::string help_on_keys(std::string_view topic) const;
    [[nodiscard]] std::string template_table(const Table& table, const DeckTemplateRequest& request,
                                             std::set<std::string>& used) const;
    [[nodiscard]] std::vector<std::string> topics() const;

    std::vector<Table> tables_;
    std::vector<OptionChoice> quantities_;
};

}  // namespace tessera
