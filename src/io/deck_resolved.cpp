#include "tessera/io/deck_resolved.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace tessera {

namespace {

std::string bound_text(double value) { return make_option_value(value).to_toml(); }

std::string expectation_text(const Expectation& expectation) {
    std::string text;
    if (expectation.minimum) {
        text += "min = " + bound_text(*expectation.minimum);
    }
    if (expectation.maximum) {
        text += (text.empty() ? "" : ", ") + ("max = " + bound_text(*expectation.maximum));
    }
    return "{ " + text + " }";
}

std::string resolved_line(const ResolvedOption& option) {
    // "checkpoint.every" is a dotted key of TOML as it stands: option names are bare words.
    if (option.text.empty()) {
        return fmt::format("# {} is not set\n", option.key);
    }
    return fmt::format("{} = {}  # {}\n", option.key, option.text, option.place.short_text());
}

}  // namespace

bool ResolvedDeck::has_table(std::string_view table) const {
    return std::any_of(sections_.begin(), sections_.end(),
                       [&](const Section& section) { return section.table == table; });
}

std::size_t ResolvedDeck::count(std::string_view table) const {
    return static_cast<std::size_t>(std::count_if(
        sections_.begin(), sections_.end(),
        [&](const Section& section) { return section.table == table && section.in_list; }));
}

std::string ResolvedDeck::choice(std::string_view table) const {
    const auto found = std::find_if(sections_.begin(), sections_.end(),
                                    [&](const Section& s) { return s.table == table; });
    return found == sections_.end() ? std::string() : found->choice;
}

std::optional<std::string> ResolvedDeck::value_text(std::string_view key) const {
    for (const ManifestKey& line : manifest()) {
        if (line.key == key && !line.value.empty()) {
            return line.value;
        }
    }
    return std::nullopt;
}

std::string ResolvedDeck::to_toml() const {
    std::string text = "schema = 1\n";
    for (const Section& section : sections_) {
        const std::string head = "[" + toml_key(section.table) + "]";
        text += "\n" + (section.in_list ? "[" + head + "]" : head) + "\n";
        for (const ResolvedOption& option : section.options) {
            text += resolved_line(option);
        }
    }
    if (!expectations_.empty()) {
        text += "\n[expect]\n";
        for (const Expectation& expectation : expectations_) {
            text += fmt::format("{} = {}  # {}\n", toml_key(expectation.quantity),
                                expectation_text(expectation), expectation.place.short_text());
        }
    }
    return text;
}

std::vector<ManifestKey> ResolvedDeck::manifest() const {
    std::vector<ManifestKey> lines;
    for (const Section& section : sections_) {
        for (const ResolvedOption& option : section.options) {
            lines.push_back(
                {section.path + "." + option.key, option.text, option.place.short_text()});
        }
    }
    for (const Expectation& expectation : expectations_) {
        lines.push_back({"expect." + expectation.quantity, expectation_text(expectation),
                         expectation.place.short_text()});
    }
    return lines;
}

std::vector<std::string> ResolvedDeck::changed_keys() const {
    std::vector<std::string> keys;
    for (const Section& section : sections_) {
        for (const ResolvedOption& option : section.options) {
            if (option.differs_from_default) {
                keys.push_back(section.path + "." + option.key);
            }
        }
    }
    return keys;
}

std::vector<std::string> differing_keys(const ResolvedDeck& a, const ResolvedDeck& b) {
    const auto values_of = [](const ResolvedDeck& deck) {
        std::map<std::string, const OptionValue*> values;
        for (const ResolvedDeck::Section& section : deck.sections()) {
            for (const ResolvedOption& option : section.options) {
                if (!option.may_change_on_resume) {
                    values.emplace(section.path + "." + option.key, &option.value);
                }
            }
        }
        return values;
    };
    const auto values_a = values_of(a);
    const auto values_b = values_of(b);
    std::vector<std::string> keys;
    for (const auto& [key, value] : values_a) {
        const auto other = values_b.find(key);
        if (other == values_b.end() || !same_value(*value, *other->second)) {
            keys.push_back(key);
        }
    }
    for (const auto& [key, value] : values_b) {
        if (!values_a.contains(key)) {
            keys.push_back(key);
        }
    }
    std::sort(keys.begin(), keys.end());
    return keys;
}

}  // namespace tessera
