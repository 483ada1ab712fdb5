#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tessera/base/error.hpp"
#include "tessera/base/option_text.hpp"
#include "tessera/io/deck_schema.hpp"

// Commented decks to start from. Prose has a blank after its `#`; a line such as `#rank = 10` is an
// option at its default, made active by taking the `#` away.
namespace tessera {

namespace {

std::string prose(const OptionSpec& spec) {
    std::string facts = spec.type_text();
    if (const std::string range = spec.range_text(); !range.empty()) {
        facts += " " + range;
    }
    if (!spec.unit.empty()) {
        facts += ", " + spec.unit;
    }
    if (!spec.auto_word.empty()) {
        facts += ", or " + toml_string(spec.auto_word);
    }
    std::string text = wrap_text(fmt::format("{} ({})", spec.help, facts), "# ");
    for (const OptionChoice& choice : spec.choices) {
        text += wrap_text(
            toml_string(choice.name) + (choice.help.empty() ? "" : ": " + choice.help), "#   ");
    }
    return text;
}

/// Writes the options of one table.
class TemplateWriter {
  public:
    TemplateWriter(const DeckTemplateRequest& request, std::set<std::string>& used)
        : request_(request), used_(used) {}

    /// `path` is the table's place, "corrupt.0" in lists. An inactive table is commented out whole.
    std::string options(const OptionTable& table, const std::string& path, bool active) {
        std::string text;
        for (const OptionSpec& spec : table.specs()) {
            const std::string key = path + "." + spec.name;
            const auto given = request_.values.find(key);
            const bool has_value = given != request_.values.end();
            const bool live = active && (spec.required || has_value);
            if (has_value) {
                used_.insert(key);
            }
            text += prose(spec);
            text += fmt::format("{}{} = {}\n", live ? "" : "#", spec.name,
                                has_value ? given->second : spec.example_text());
        }
        return text;
    }

  private:
    const DeckTemplateRequest& request_;
    std::set<std::string>& used_;
};

bool has_values(const DeckTemplateRequest& request, const std::string& table) {
    return std::any_of(request.values.begin(), request.values.end(),
                       [&](const auto& value) { return value.first.starts_with(table + "."); });
}

std::string expectations_text(const DeckTemplateRequest& request, std::set<std::string>& used,
                              const std::vector<OptionChoice>& quantities) {
    std::string lines;
    for (const auto& [key, value] : request.values) {
        constexpr std::string_view prefix = "expect.";
        if (key.starts_with(prefix)) {
            lines += fmt::format("{} = {}\n", toml_key(key.substr(prefix.size())), value);
            used.insert(key);
        }
    }
    std::string text =
        "\n# Bounds that the result must keep, else the run ends with exit code 1.\n";
    if (!lines.empty()) {
        return text + "[expect]\n" + lines;
    }
    const std::string name = quantities.empty() ? "psnr" : quantities.front().name;
    return text + fmt::format("#[expect]\n#{} = {{ min = 30.0 }}\n", toml_key(name));
}

}  // namespace

std::string DeckSchema::template_deck(const DeckTemplateRequest& request) const {
    std::set<std::string> used;
    std::string text = wrap_text(request.title, "# ");
    text += "# A line such as `#key = value` shows a default; take the # away to change it.\n";
    text += "schema = 1\n";
    for (const Table& table : tables_) {
        text += template_table(table, request, used);
    }
    text += expectations_text(request, used, quantities_);
    for (const auto& [key, value] : request.values) {
        if (!used.contains(key)) {
            throw UsageError(fmt::format("{}: unknown key{}", key, did_you_mean(key, topics())));
        }
    }
    return text;
}

std::string DeckSchema::template_table(const Table& table, const DeckTemplateRequest& request,
                                       std::set<std::string>& used) const {
    std::vector<std::string> chosen;
    if (const auto choice = request.choices.find(table.name); choice != request.choices.end()) {
        chosen = choice->second;
    }
    const auto& tables = request.tables;
    const bool wanted = !chosen.empty() || has_values(request, table.name) ||
                        std::find(tables.begin(), tables.end(), table.name) != tables.end();
    const bool list = table.kind == Kind::list;
    const bool active = wanted || (!table.optional && !list);
    if (table.kind == Kind::plain) {
        chosen.assign(1, "");
    } else if (chosen.empty()) {
        chosen.assign(
            1, table.default_variant.empty() ? table.variants.front().name : table.default_variant);
    }
    const std::string mark = active ? "" : "#";
    const std::string head = list ? "[[" + table.name + "]]" : "[" + table.name + "]";
    std::string text = "\n" + wrap_text(table.help, "# ");
    TemplateWriter writer(request, used);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        const Variant* variant = table.find(chosen[i]);
        if (variant == nullptr) {
            throw UsageError(fmt::format("{}.{}: there is no \"{}\"{}", table.name, table.selector,
                                         chosen[i], did_you_mean(chosen[i], table.names())));
        }
        text += (i > 0 ? "\n" : "") + mark + head + "\n";
        if (!table.selector.empty()) {
            text += wrap_text(fmt::format("{}", fmt::join(table.names(), " | ")), "# ");
            text += fmt::format("{}{} = {}\n", mark, table.selector, toml_string(chosen[i]));
        }
        const std::string path = list ? fmt::format("{}.{}", table.name, i) : table.name;
        text += writer.options(variant->table, path, active);
    }
    return text;
}

}  // namespace tessera
