#include "tessera/io/deck.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <tuple>
#include <utility>

#include "tessera/base/error.hpp"

// The only file that sees the TOML library, whose header costs several seconds to compile.
//
// toml++ 3.3.0 meets some malformed texts (such as a table header that begins with `=`) with an
// assertion, which would kill the program, or do nothing in a release build. Here it throws in
// every build; hence the header-only form even where a compiled library is at hand.
namespace tessera {
namespace {
struct TomlContradiction {};
[[noreturn]] void toml_contradiction() { throw TomlContradiction{}; }
}  // namespace
}  // namespace tessera
#undef NDEBUG
#undef TOML_SHARED_LIB
#undef TOML_HEADER_ONLY
#define TOML_HEADER_ONLY 1
#define TOML_ASSERT(expr) (static_cast<bool>(expr) ? void() : tessera::toml_contradiction())
#include <toml++/toml.h>

namespace tessera {

namespace {

constexpr const char* malformed = "malformed key or value";

/// toml::parse, with the library's own contradictions told as errors at the line that causes them.
toml::table parse_toml(std::string_view text, const std::string& name) {
    try {
        return toml::parse(text, name);
    } catch (const TomlContradiction&) {
    }
    toml::source_position place{0, 1};
    std::size_t end = 0;
    do {
        const std::size_t line_break = text.find('\n', end);
        end = line_break == std::string_view::npos ? text.size() : line_break + 1;
        ++place.line;
        try {
            (void)toml::parse(text.substr(0, end), name);
        } catch (const TomlContradiction&) {
            break;
        } catch (const toml::parse_error&) {
            // Cut in the middle of a value of several lines.
        }
    } while (end < text.size());
    throw toml::parse_error(malformed, place, std::make_shared<const std::string>(name));
}

OptionPlace place_of(const toml::source_region& region, const OptionPlace& inherited) {
    OptionPlace place = inherited;
    if (region.begin.line > 0) {
        place.line = static_cast<std::int64_t>(region.begin.line);
        place.column = static_cast<std::int64_t>(region.begin.column);
    }
    return place;
}

/// On the command line every node has the place of its assignment; line and column would count
/// within a text that the user never saw.
OptionPlace node_place(const toml::source_region& region, const OptionPlace& inherited) {
    return inherited.origin == OptionOrigin::command_line ? inherited : place_of(region, inherited);
}

OptionValue convert(const toml::node& node, const OptionPlace& inherited);

OptionMap convert_table(const toml::table& table, const OptionPlace& inherited) {
    OptionMap map;
    for (const auto& [key, node] : table) {
        const OptionPlace place = node_place(key.source(), inherited);
        map.push_back({std::string(key.str()), place, convert(node, place)});
    }
    // The library sorts by name; a reader of the messages expects the order of the deck.
    std::stable_sort(map.begin(), map.end(), [](const OptionEntry& a, const OptionEntry& b) {
        return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
    });
    return map;
}

template <class T>
std::string printed(const T& value) {
    std::ostringstream stream;
    stream << value;
    return stream.str();
}

OptionValue convert(const toml::node& node, const OptionPlace& inherited) {
    OptionValue value;
    value.place = node_place(node.source(), inherited);
    node.visit([&](const auto& n) {
        using Node = std::remove_cvref_t<decltype(n)>;
        if constexpr (std::is_same_v<Node, toml::table>) {
            value.data = convert_table(n, value.place);
        } else if constexpr (std::is_same_v<Node, toml::array>) {
            OptionList list;
            for (const toml::node& element : n) {
                list.push_back(convert(element, value.place));
            }
            value.data = std::move(list);
        } else if constexpr (toml::is_boolean<Node>) {
            value.data = n.get();
        } else if constexpr (toml::is_integer<Node>) {
            value.data = static_cast<std::int64_t>(n.get());
        } else if constexpr (toml::is_floating_point<Node>) {
            value.data = n.get();
        } else if constexpr (toml::is_string<Node>) {
            value.data = n.get();
        } else {
            value.data = OptionDate{printed(n.get())};
        }
    });
    return value;
}

/// The library's words, made plainer where it speaks of the most common slips.
std::string syntax_reason(std::string reason) {
    constexpr std::string_view chatter = "Error while parsing ";
    if (reason.starts_with(chatter)) {
        reason = "in the " + reason.substr(chatter.size());
    }
    if (reason.find("cannot redefine existing") != std::string::npos) {
        const std::size_t open = reason.find('\'');
        const std::size_t close = reason.rfind('\'');
        if (open < close) {
            return toml_string(reason.substr(open + 1, close - open - 1)) + " is given twice";
        }
    } else if (reason.find("could not determine value type") != std::string::npos) {
        reason += " (a string needs quotation marks)";
    } else if (reason.find("unescaped control characters") != std::string::npos) {
        return "a string is not closed on its line, or holds a control character";
    }
    return reason;
}

std::string trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

/// Position of the `=` that ends the key; those inside quotation marks belong to it.
std::size_t end_of_key(std::string_view text) {
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (quote != 0) {
            quote = text[i] == quote ? '\0' : quote;
        } else if (text[i] == '"' || text[i] == '\'') {
            quote = text[i];
        } else if (text[i] == '=') {
            return i;
        }
    }
    return std::string_view::npos;
}

/// The parts of a dotted key, read by the TOML library itself; empty if it is none.
std::vector<std::string> key_parts(const std::string& key) {
    std::vector<std::string> parts;
    try {
        const toml::table parsed = parse_toml(key + "=0", {});
        const toml::table* level = &parsed;
        while (level != nullptr) {
            if (level->size() != 1) {
                return {};
            }
            const auto entry = level->begin();
            parts.emplace_back(entry->first.str());
            level = entry->second.as_table();
        }
    } catch (const toml::parse_error&) {
        return {};
    }
    return parts;
}

OptionValue command_line_value(const std::string& text, const OptionPlace& place) {
    OptionValue value;
    try {
        const toml::table parsed = parse_toml("v=" + text, {});
        // More than one key: the text held a line break and a second assignment.
        if (parsed.size() == 1 && text.find('\n') == std::string::npos) {
            value = convert(*parsed.get("v"), place);
            value.typed = text;
            return value;
        }
    } catch (const toml::parse_error&) {
        // Not TOML: a bare word, which the schema takes where it wants a string.
    }
    value.data = text;
    value.place = place;
    value.typed = text;
    return value;
}

std::optional<std::size_t> list_index(const std::string& part) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool whole = error == std::errc() && end == part.data() + part.size();
    return whole ? std::optional(index) : std::nullopt;
}

[[noreturn]] void refuse(const std::string& key, const std::string& message) {
    throw UsageError(fmt::format("command line: error: {}: {}", key, message));
}

/// The child `part` of a node, made where it is missing.
OptionValue& child(OptionValue& node, const std::string& part, const std::string& key,
                   const OptionPlace& place) {
    const auto index = list_index(part);
    if (node.is<OptionList>()) {
        auto& list = node.as<OptionList>();
        if (!index || *index > list.size()) {
            refuse(key, fmt::format("a list with {} element(s) has no element \"{}\"; they count "
                                    "from 0",
                                    list.size(), part));
        }
        if (*index == list.size()) {
            list.emplace_back().place = place;
        }
        return list[*index];
    }
    if (index && !node.is_set()) {
        node.data = OptionList{};
        node.place = place;
        return child(node, part, key, place);
    }
    if (!node.is<OptionMap>()) {
        node = OptionValue{OptionMap{}, place, {}};
    }
    if (OptionEntry* entry = node.find(part)) {
        return entry->value;
    }
    auto& map = node.as<OptionMap>();
    map.push_back({part, place, OptionValue{{}, place, {}}});
    return map.back().value;
}

}  // namespace

Deck::Deck() : name_("command line") {
    root_.data = OptionMap{};
    root_.place.origin = OptionOrigin::deck;
    root_.place.file = name_;
}

Deck Deck::from_text(std::string_view text, const std::string& name) {
    Deck deck;
    deck.name_ = name;
    deck.text_ = text;
    deck.root_.place.file = name;
    try {
        deck.root_.data = convert_table(parse_toml(text, name), deck.root_.place);
    } catch (const toml::parse_error& error) {
        const OptionPlace place = place_of(error.source(), deck.root_.place);
        throw UsageError(fmt::format("{}: error: not valid TOML: {}", place.text(),
                                     syntax_reason(std::string(error.description()))));
    }
    return deck;
}

Deck Deck::from_file(const std::filesystem::path& path) {
    std::error_code failed;
    if (std::filesystem::is_directory(path, failed)) {
        throw IoError(fmt::format("cannot read the deck {}: it is a folder", path.string()));
    }
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file) {
        throw IoError(fmt::format("cannot read the deck {}: {}", path.string(),
                                  std::filesystem::exists(path, failed)
                                      ? "permission or device failure"
                                      : "no such file"));
    }
    return from_text(text, path.string());
}

void Deck::set(std::string_view assignment) {
    const std::size_t end = end_of_key(assignment);
    const std::string shown = toml_string(assignment.substr(0, 80));
    if (end == std::string_view::npos) {
        refuse(shown, "expected an assignment such as method.rank=10");
    }
    const std::string key = trimmed(assignment.substr(0, end));
    const std::vector<std::string> parts = key_parts(key);
    if (parts.empty()) {
        refuse(shown, "the part before the = is no key such as method.rank");
    }
    OptionPlace place;
    place.origin = OptionOrigin::command_line;
    place.order = static_cast<std::int64_t>(assignments_.size()) + 1;
    OptionValue* node = &root_;
    OptionValue* parent = nullptr;
    for (const std::string& part : parts) {
        parent = node;
        node = &child(*node, part, key, place);
    }
    *node = command_line_value(trimmed(assignment.substr(end + 1)), place);
    if (OptionEntry* entry = parent->find(parts.back())) {
        entry->place = place;
    }
    assignments_.emplace_back(assignment);
}

void Deck::set_all(const std::vector<std::string>& assignments) {
    for (const std::string& assignment : assignments) {
        set(assignment);
    }
}

}  // namespace tessera
