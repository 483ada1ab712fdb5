#include <fmt/format.h>

#include <algorithm>

#include "tessera/base/error.hpp"
#include "tessera/base/option_text.hpp"
#include "tessera/io/deck_schema.hpp"

// The help on tables and keys, from the same declarations that check the deck.
namespace tessera {

namespace {

constexpr std::string_view deep = "    ";

std::string head_text(const std::string& table, bool list) {
    return list ? "[[" + table + "]]" : "[" + table + "]";
}

std::string type_and_range(const OptionSpec& spec) {
    const std::string range = spec.range_text();
    return spec.type_text() + (range.empty() ? "" : " " + range) +
           (spec.unit.empty() ? "" : " (" + spec.unit + ")");
}

std::string default_text(const OptionSpec& spec) {
    if (spec.required) {
        return "none, the deck must give it";
    }
    const std::string text = spec.value_text(spec.default_value);
    return text.empty() ? "not set" : text;
}

std::string listed(const std::vector<OptionChoice>& choices, std::string_view indent) {
    std::size_t width = 0;
    for (const OptionChoice& choice : choices) {
        width = std::max(width, choice.name.size());
    }
    std::string text;
    for (const OptionChoice& choice : choices) {
        const std::string line =
            fmt::format("{}{:<{}}  {}", indent, choice.name, width, choice.help);
        text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
}

std::string help_on_spec(const OptionSpec& spec) {
    std::string text = wrap_text(spec.help, deep);
    if (!spec.details.empty()) {
        text += wrap_text(spec.details, deep);
    }
    text += fmt::format("{}type:    {}\n", deep, type_and_range(spec));
    text += fmt::format("{}default: {}\n", deep, default_text(spec));
    if (!spec.auto_word.empty()) {
        text += fmt::format("{}\"{}\" leaves the choice to the program\n", deep, spec.auto_word);
    }
    if (!spec.choices.empty()) {
        text += fmt::format("{}choices:\n{}", deep, listed(spec.choices, "        "));
    }
    if (!spec.since.empty()) {
        text += fmt::format("{}since:   {}\n", deep, spec.since);
    }
    if (spec.may_change_on_resume) {
        text += fmt::format("{}may be changed when a run is resumed\n", deep);
    }
    return text;
}

}  // namespace

std::string DeckSchema::help_on_variant(const Table& table, const Variant& variant) const {
    std::string text = head_text(table.name, table.kind == Kind::list);
    if (!variant.name.empty()) {
        text += fmt::format(" with {} = \"{}\"", table.selector, variant.name);
    }
    const std::string& help = variant.name.empty() ? table.help : variant.help;
    text += (help.empty() ? "" : ": " + help) + "\n";
    for (const OptionSpec& spec : variant.table.specs()) {
        text += fmt::format("\n{}.{}\n{}", table.name, spec.name, help_on_spec(spec));
    }
    return text;
}

std::string DeckSchema::help_on_table(const Table& table) const {
    if (table.kind == Kind::plain) {
        return help_on_variant(table, table.variants.front());
    }
    std::vector<OptionChoice> choices;
    for (const Variant& variant : table.variants) {
        const bool preset = variant.name == table.default_variant;
        choices.push_back({variant.name, variant.help + (preset ? " (default)" : "")});
    }
    return head_text(table.name, table.kind == Kind::list) +
           (table.help.empty() ? "" : ": " + table.help) +
           fmt::format("\n\n{}.{} chooses among:\n{}", table.name, table.selector,
                       listed(choices, deep)) +
           "\nHelp on one of them: tessera help NAME\n";
}

std::string DeckSchema::help_on_keys(std::string_view topic) const {
    std::string text;
    for (const Table& table : tables_) {
        for (const Variant& variant : table.variants) {
            for (const OptionSpec& spec : variant.table.specs()) {
                std::vector<std::string> spellings{spec.name, table.name + "." + spec.name};
                if (!variant.name.empty()) {
                    spellings.push_back(variant.name + "." + spec.name);
                    spellings.push_back(table.name + "." + variant.name + "." + spec.name);
                }
                if (std::find(spellings.begin(), spellings.end(), topic) == spellings.end()) {
                    continue;
                }
                const std::string where =
                    variant.name.empty()
                        ? std::string()
                        : fmt::format("  ({} = \"{}\")", table.selector, variant.name);
                text += fmt::format("{}{}.{}{}\n{}", text.empty() ? "" : "\n", table.name,
                                    spec.name, where, help_on_spec(spec));
            }
        }
    }
    return text;
}

std::vector<std::string> DeckSchema::topics() const {
    std::vector<std::string> topics{"expect"};
    for (const Table& table : tables_) {
        topics.push_back(table.name);
        for (const Variant& variant : table.variants) {
            if (!variant.name.empty()) {
                topics.push_back(variant.name);
                topics.push_back(table.name + "." + variant.name);
            }
            for (const OptionSpec& spec : variant.table.specs()) {
                topics.push_back(table.name + "." + spec.name);
            }
        }
    }
    return topics;
}

std::string DeckSchema::help(std::string_view topic) const {
    if (const Table* table = find(topic)) {
        return help_on_table(*table);
    }
    std::string text;
    for (const Table& table : tables_) {
        for (const Variant& variant : table.variants) {
            const bool named = !variant.name.empty() &&
                               (topic == variant.name || topic == table.name + "." + variant.name);
            if (named) {
                text += (text.empty() ? "" : "\n") + help_on_variant(table, variant);
            }
        }
        if (!table.selector.empty() && topic == table.name + "." + table.selector) {
            return help_on_table(table);
        }
    }
    text += help_on_keys(topic);
    if (topic == "expect" || topic.starts_with("expect.")) {
        text +=
            "[expect]: bounds that the result must keep, e.g. psnr = { min = 33.1, max = 33.7 };\n"
            "a missed bound ends the run with exit code 1\n" +
            listed(quantities_, deep);
    }
    if (text.empty()) {
        throw UsageError(fmt::format("no help on \"{}\"{}", topic, did_you_mean(topic, topics())));
    }
    return text;
}

std::string DeckSchema::overview() const {
    std::string text;
    for (const Table& table : tables_) {
        text += head_text(table.name, table.kind == Kind::list);
        text += (table.help.empty() ? "" : "  " + table.help) + "\n";
        std::vector<OptionChoice> choices;
        for (const Variant& variant : table.variants) {
            if (!variant.name.empty()) {
                choices.push_back({variant.name, variant.help});
            }
        }
        text += listed(choices, deep);
    }
    return text + "[expect]  bounds that the result must keep\n";
}

}  // namespace tessera
