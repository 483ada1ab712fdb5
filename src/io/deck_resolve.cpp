#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tessera/base/option_text.hpp"
#include "tessera/io/deck_schema.hpp"
#include "tessera/io/deck_sweep.hpp"

// Checks a deck against the schema, fills in defaults and binds the members.
namespace tessera {

namespace {

constexpr std::int64_t schema_version = 1;
constexpr std::string_view expect_table = "expect";
constexpr std::string_view sweep_table = "sweep";

std::vector<std::string> names_of(const std::vector<OptionChoice>& choices) {
    std::vector<std::string> names;
    for (const OptionChoice& choice : choices) {
        names.push_back(choice.name);
    }
    return names;
}

/// ` (did you mean "method.rank"?)` for a key written without its table.
std::string table_hint(const std::string& key, const std::vector<std::string>& topics) {
    const auto full = std::find_if(topics.begin(), topics.end(), [&](const std::string& topic) {
        return topic.ends_with("." + key);
    });
    return full != topics.end() ? fmt::format(" (did you mean \"{}\"?)", *full)
                                : did_you_mean(key, topics);
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

    /// Names the variants that know a key which the chosen one does not.
    void explain_unknown(const Table& table, const Variant& chosen, const std::string& shown,
                         std::size_t first_problem) {
        for (std::size_t i = first_problem; i < problems.size(); ++i) {
            OptionProblem& problem = problems[i];
            if (!problem.message.starts_with("unknown key")) {
                continue;
            }
            const std::string name = problem.key.substr(shown.size() + 1);
            for (const Variant& variant : table.variants) {
                if (variant.table.find(name) != nullptr) {
                    problem.message =
                        fmt::format("unknown key: {} = \"{}\" has it, \"{}\" does not",
                                    table.selector, variant.name, chosen.name);
                    break;
                }
            }
        }
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

ResolvedDeck DeckSchema::resolve(const Deck& deck) const {
    Work work{deck};
    resolve_all(work);
    throw_if_any(work.problems);
    static_cast<void>(read_sweep(deck));
    return std::move(work.resolved);
}

ResolvedDeck DeckSchema::bind(const Deck& deck) const {
    Work work{deck};
    resolve_all(work);
    throw_if_any(work.problems);
    static_cast<void>(read_sweep(deck));
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
    if (expect != nullptr && !work.parked(expect->key, expect->value.place, expect->value)) {
        resolve_expectations(*expect, work);
    }
}

void DeckSchema::check_top_level(Work& work) const {
    std::vector<std::string> tables{std::string(expect_table), std::string(sweep_table)};
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
        } else if (entry.key.starts_with("x-") || entry.key == sweep_table) {
            // What a sweep may hold is checked by read_sweep.
            static_cast<void>(work.parked(entry.key, value.place, value));
        } else if (table_like) {
            work.complain(entry.place, entry.key,
                          "unknown table" + did_you_mean(entry.key, tables));
        } else {
            work.complain(entry.place, entry.key,
                          "unknown key; every key but `schema` belongs into a table" +
                              table_hint(entry.key, topics()));
        }
    }
}

void DeckSchema::resolve_table(const Table& table, const OptionEntry* written, Work& work) const {
    OptionValue value;
    value.data = OptionMap{};
    value.place = work.deck.root().place;
    if (written != nullptr && !work.parked(table.name, written->value.place, written->value)) {
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
    const std::size_t first_problem = work.problems.size();
    for (ResolvedOption& option : variant->table.resolve(value, shown, work.problems, also_known)) {
        section.options.push_back(std::move(option));
    }
    work.explain_unknown(table, *variant, shown, first_problem);
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
