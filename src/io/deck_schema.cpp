#include "tessera/io/deck_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "tessera/base/option_text.hpp"

namespace tessera {

namespace {

constexpr std::int64_t schema_version = 1;
constexpr std::string_view expect_table = "expect";
constexpr std::string_view reserved_table = "sweep";

std::vector<std::string> names_of(const std::vector<OptionChoice>& choices) {
    std::vector<std::string> names;
    for (const OptionChoice& choice : choices) {
        names.push_back(choice.name);
    }
    return names;
}

}  // namespace

struct DeckSchema::Work {
    /// Beside each section of the resolved deck.
    struct Bound {
        const Table* table;
        const Variant* variant;
        std::string shown;  ///< path as the deck counts it, parked elements included
        OptionPlace place;  ///< of the table's head
    };

    const Deck& deck;
    ResolvedDeck resolved = {};
    std::vector<Bound> bound = {};
    std::vector<OptionProblem> problems = {};

    void complain(const OptionPlace& place, const std::string& key, const std::string& message) {
        problems.push_back({place, key, message});
    }

    /// Whether the user parked the table; leaves a note if so.
    bool parked(const std::string& name, const OptionPlace& place, const OptionValue& value) {
        const bool by_name = name.starts_with("x-");
        bool by_key = false;
        if (const OptionEntry* enabled = value.find("enabled"); enabled != nullptr && !by_name) {
            if (enabled->value.is<bool>()) {
                by_key = !enabled->value.as<bool>();
            } else {
                complain(enabled->value.place, name + ".enabled",
                         "expected true or false, got " + enabled->value.type_name());
            }
        }
        if (by_name || by_key) {
            resolved.notes_.push_back(fmt::format("{}: note: table [{}] is ignored{}", place.text(),
                                                  name, by_key ? " (enabled = false)" : ""));
        }
        return by_name || by_key;
    }
};

const DeckSchema::Variant* DeckSchema::Table::find(std::string_view variant) const {
    const auto found = std::find_if(variants.begin(), variants.end(),
                                    [&](const Variant& v) { return v.name == variant; });
    return found == variants.end() ? nullptr : &*found;
}

std::vector<std::string> DeckSchema::Table::names() const {
    std::vector<std::string> names;
    for (const Variant& variant : variants) {
        if (!variant.name.empty()) {
            names.push_back(variant.name);
        }
    }
    return names;
}

DeckSchema::Table& DeckSchema::new_table(const std::string& name, Kind kind, std::string help) {
    const bool reserved = name == expect_table || name == reserved_table || name == "schema" ||
                          name.starts_with("x-") || name.find('.') != std::string::npos;
    if (name.empty() || reserved || find(name) != nullptr) {
        throw std::logic_error("deck table [" + name + "]: empty, reserved or registered twice");
    }
    Table& table = tables_.emplace_back();
    table.name = name;
    table.kind = kind;
    table.help = std::move(help);
    return table;
}

DeckSchema& DeckSchema::table(const std::string& name, const DeclareOptions& declare,
                              std::string help) {
    Table& table = new_table(name, Kind::plain, std::move(help));
    table.variants.push_back({"", declare, "", OptionTable(name)});
    declare(table.variants.back().table);
    return *this;
}

DeckSchema& DeckSchema::optional_table(const std::string& name, const DeclareOptions& declare,
                                       std::string help) {
    table(name, declare, std::move(help));
    tables_.back().optional = true;
    return *this;
}

DeckSchema& DeckSchema::variant_table(const std::string& name, const std::string& selector,
                                      const std::vector<DeckVariant>& variants,
                                      std::string default_variant, std::string help) {
    Table& table = new_table(name, Kind::variant, std::move(help));
    table.selector = selector;
    for (const DeckVariant& variant : variants) {
        if (table.find(variant.name) != nullptr) {
            throw std::logic_error(name + "." + variant.name + ": registered twice");
        }
        table.variants.push_back(
            {variant.name, variant.declare, variant.help, OptionTable(name)});
        variant.declare(table.variants.back().table);
        if (table.variants.back().table.find(selector) != nullptr) {
            throw std::logic_error(name + "." + selector + ": declared by variant " + variant.name);
        }
    }
    if (!default_variant.empty() && table.find(default_variant) == nullptr) {
        throw std::logic_error(name + ": the default " + default_variant + " is no variant");
    }
    table.default_variant = std::move(default_variant);
    return *this;
}

DeckSchema& DeckSchema::variant_list(const std::string& name, const std::string& selector,
                                     const std::vector<DeckVariant>& variants, std::string help) {
    variant_table(name, selector, variants, {}, std::move(help));
    tables_.back().kind = Kind::list;
    return *this;
}

DeckSchema& DeckSchema::quantities(std::vector<OptionChoice> names) {
    quantities_ = std::move(names);
    return *this;
}

const DeckSchema::Table* DeckSchema::find(std::string_view name) const {
    const auto found = std::find_if(tables_.begin(), tables_.end(),
                                    [&](const Table& table) { return table.name == name; });
    return found == tables_.end() ? nullptr : &*found;
}

std::vector<std::string> DeckSchema::variant_names(std::string_view table) const {
    const Table* found = find(table);
    return found != nullptr ? found->names() : std::vector<std::string>{};
}

ResolvedDeck DeckSchema::resolve(const Deck& deck) const {
    Work work{deck};
    resolve_all(work);
    throw_if_any(work.problems);
    return std::move(work.resolved);
}

ResolvedDeck DeckSchema::bind(const Deck& deck) const {
    Work work{deck};
    resolve_all(work);
    throw_if_any(work.problems);
    std::vector<OptionTable> tables;
    for (std::size_t i = 0; i < work.bound.size(); ++i) {
        const Work::Bound& bound = work.bound[i];
        const auto& options = work.resolved.sections_[i].options;
        if (bound.table->kind == Kind::list) {
            // Every element of a list has an object of its own, made by declaring anew.
            bound.variant->declare(tables.emplace_back(bound.table->name));
        } else {
            tables.push_back(bound.variant->table);
        }
        tables.back().assign(options);
        std::vector<OptionProblem> broken;
        tables.back().check_rules(options, bound.shown, broken);
        for (OptionProblem& problem : broken) {
            if (problem.place.origin == OptionOrigin::default_value) {
                problem.place = bound.place;
            }
            work.problems.push_back(std::move(problem));
        }
    }
    throw_if_any(work.problems);
    for (const OptionTable& table : tables) {
        table.call_when_bound();
    }
    return std::move(work.resolved);
}

void DeckSchema::resolve_all(Work& work) const {
    check_top_level(work);
    const OptionValue& root = work.deck.root();
    for (const Table& table : tables_) {
        const OptionEntry* written = root.find(table.name);
        if (table.kind == Kind::list) {
            resolve_list(table, written, work);
        } else {
            resolve_table(table, written, work);
        }
    }
    const OptionEntry* expect = root.find(expect_table);
    if (expect != nullptr && !work.parked(expect->key, expect->place, expect->value)) {
        resolve_expectations(*expect, work);
    }
}

void DeckSchema::check_top_level(Work& work) const {
    std::vector<std::string> tables{std::string(expect_table)};
    for (const Table& table : tables_) {
        tables.push_back(table.name);
    }
    for (const OptionEntry& entry : work.deck.root().as<OptionMap>()) {
        const OptionValue& value = entry.value;
        const bool table_like = value.is<OptionMap>() || value.is<OptionList>();
        if (entry.key == "schema") {
            if (!value.is<std::int64_t>() || value.as<std::int64_t>() != schema_version) {
                work.complain(value.place, entry.key,
                              fmt::format("this program reads decks of schema {}, got {}",
                                          schema_version, value.to_toml()));
            }
        } else if (find(entry.key) != nullptr || entry.key == expect_table) {
            continue;
        } else if (entry.key.starts_with("x-") || entry.key == reserved_table) {
            if (!work.parked(entry.key, entry.place, value)) {
                work.complain(entry.place, entry.key,
                              "this table is reserved for parameter sweeps, which are not available "
                              "yet; remove it or park it with enabled = false");
            }
        } else if (table_like) {
            work.complain(entry.place, entry.key,
                          "unknown table" + did_you_mean(entry.key, tables));
        } else {
            work.complain(entry.place, entry.key,
                          "unknown key; every key but `schema` belongs into a table" +
                              did_you_mean(entry.key, topics()));
        }
    }
}

void DeckSchema::resolve_table(const Table& table, const OptionEntry* written, Work& work) const {
    OptionValue value;
    value.data = OptionMap{};
    value.place = work.deck.root().place;
    if (written != nullptr && !work.parked(table.name, written->place, written->value)) {
        if (!written->value.is<OptionMap>()) {
            work.complain(written->place, table.name,
                          fmt::format("expected a table, written [{}], got {}", table.name,
                                      written->value.type_name()));
            return;
        }
        value = written->value;
    } else if (table.optional) {
        return;
    }
    resolve_section(table, value, table.name, table.name, work);
}

void DeckSchema::resolve_list(const Table& table, const OptionEntry* written, Work& work) const {
    if (written == nullptr) {
        return;
    }
    const bool is_list = written->value.is<OptionList>();
    if (!is_list) {
        work.complain(written->place, table.name,
                      fmt::format("expected an array of tables, each written [[{}]], got {}",
                                  table.name, written->value.type_name()));
        return;
    }
    std::size_t active = 0;
    const auto& elements = written->value.as<OptionList>();
    for (std::size_t i = 0; i < elements.size(); ++i) {
        const std::string shown = fmt::format("{}.{}", table.name, i);
        if (!elements[i].is<OptionMap>()) {
            work.complain(elements[i].place, shown,
                          "expected a table, got " + elements[i].type_name());
        } else if (!work.parked(shown, elements[i].place, elements[i])) {
            resolve_section(table, elements[i], shown, fmt::format("{}.{}", table.name, active),
                            work);
            ++active;
        }
    }
}

void DeckSchema::resolve_section(const Table& table, const OptionValue& value,
                                 const std::string& shown, const std::string& path,
                                 Work& work) const {
    ResolvedDeck::Section section;
    section.table = table.name;
    section.path = path;
    section.in_list = table.kind == Kind::list;
    const Variant* variant = choose(table, value, shown, section, work);
    if (variant == nullptr) {
        return;
    }
    std::vector<std::string> also_known{"enabled"};
    if (!table.selector.empty()) {
        also_known.push_back(table.selector);
    }
    for (ResolvedOption& option :
         variant->table.resolve(value, shown, work.problems, also_known)) {
        section.options.push_back(std::move(option));
    }
    section.choice = variant->name;
    work.resolved.sections_.push_back(std::move(section));
    work.bound.push_back({&table, variant, shown, value.place});
}

const DeckSchema::Variant* DeckSchema::choose(const Table& table, const OptionValue& value,
                                              const std::string& shown,
                                              ResolvedDeck::Section& section, Work& work) const {
    if (table.kind == Kind::plain) {
        return &table.variants.front();
    }
    OptionSpec spec;
    spec.type = OptionType::choice;
    for (const std::string& name : table.names()) {
        spec.choices.push_back({name, {}});
    }
    const std::string key = shown + "." + table.selector;
    ResolvedOption option;
    option.key = table.selector;
    option.value.data = table.default_variant;
    if (const OptionEntry* entry = value.find(table.selector)) {
        option.place = entry->value.place;
        if (auto complaint = spec.normalise(entry->value, option.value)) {
            work.complain(entry->value.place, key, *complaint);
            return nullptr;
        }
    } else if (table.default_variant.empty()) {
        work.complain(value.place, key,
                      "required key is missing (expected " + spec.expectation() + ")");
        return nullptr;
    }
    const std::string name = option.value.as<std::string>();
    option.text = toml_string(name);
    option.differs_from_default = name != table.default_variant;
    section.options.push_back(std::move(option));
    return table.find(name);
}

void DeckSchema::resolve_expectations(const OptionEntry& written, Work& work) const {
    if (!written.value.is<OptionMap>()) {
        work.complain(written.place, written.key,
                      "expected a table, written [expect], got " + written.value.type_name());
        return;
    }
    const std::vector<std::string> known = names_of(quantities_);
    for (const OptionEntry& entry : written.value.as<OptionMap>()) {
        if (entry.key == "enabled") {
            continue;
        }
        const std::string key = "expect." + entry.key;
        if (!known.empty() && std::find(known.begin(), known.end(), entry.key) == known.end()) {
            work.complain(entry.place, key, "unknown quantity" + did_you_mean(entry.key, known));
            continue;
        }
        if (!entry.value.is<OptionMap>() || entry.value.as<OptionMap>().empty()) {
            work.complain(entry.value.place, key,
                          "expected bounds such as { min = 33.1, max = 33.7 }, got " +
                              entry.value.type_name());
            continue;
        }
        Expectation expectation{entry.key, {}, {}, entry.place};
        OptionTable bounds(key);
        bounds.add("min", expectation.minimum, "smallest value that passes");
        bounds.add("max", expectation.maximum, "largest value that passes");
        const std::size_t before = work.problems.size();
        const auto resolved = bounds.resolve(entry.value, key, work.problems);
        if (work.problems.size() > before) {
            continue;
        }
        bounds.assign(resolved);
        if (expectation.minimum && expectation.maximum &&
            *expectation.minimum > *expectation.maximum) {
            work.complain(entry.value.place, key, "min is larger than max");
        }
        work.resolved.expectations_.push_back(std::move(expectation));
    }
}

}  // namespace tessera
