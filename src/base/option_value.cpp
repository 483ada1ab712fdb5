#include "tessera/base/option_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

namespace tessera {

namespace {

template <class... Cases>
struct Overload : Cases... {
    using Cases::operator()...;
};
// Clang needs it said; g++ works it out by itself.
template <class... Cases>
Overload(Cases...) -> Overload<Cases...>;

std::string real_text(double value) {
    if (!std::isfinite(value)) {
        return std::isnan(value) ? "nan" : (value > 0 ? "inf" : "-inf");
    }
    std::string text = fmt::format("{}", value);
    // Without a point or exponent TOML would read an integer.
    if (text.find_first_of(".e") == std::string::npos) {
        text += ".0";
    }
    return text;
}

}  // namespace

std::string OptionPlace::text() const {
    if (origin == OptionOrigin::command_line) {
        return "command line";
    }
    if (origin == OptionOrigin::default_value) {
        return file.empty() ? "default" : file;
    }
    return line > 0 ? fmt::format("{}:{}:{}", file, line, column) : file;
}

std::string OptionPlace::short_text() const {
    switch (origin) {
        case OptionOrigin::deck:
            return line > 0 ? fmt::format("deck:{}", line) : "deck";
        case OptionOrigin::command_line:
            return "command line";
        case OptionOrigin::default_value:
            break;
    }
    return "default";
}

double OptionValue::number() const {
    return is<std::int64_t>() ? static_cast<double>(as<std::int64_t>()) : as<double>();
}

const OptionEntry* OptionValue::find(std::string_view key) const {
    if (!is<OptionMap>()) {
        return nullptr;
    }
    const auto& map = as<OptionMap>();
    const auto found = std::find_if(map.begin(), map.end(),
                                    [&](const OptionEntry& entry) { return entry.key == key; });
    return found == map.end() ? nullptr : &*found;
}

OptionEntry* OptionValue::find(std::string_view key) {
    return const_cast<OptionEntry*>(std::as_const(*this).find(key));
}

std::string OptionValue::type_name() const {
    return std::visit(
        Overload{[](std::monostate) { return "nothing"; }, [](bool) { return "a boolean"; },
                 [](std::int64_t) { return "an integer"; }, [](double) { return "a number"; },
                 [](const std::string&) { return "a string"; },
                 [](const OptionDate&) { return "a date or time"; },
                 [](const OptionList&) { return "a list"; },
                 [](const OptionMap&) { return "a table"; }},
        data);
}

std::string OptionValue::to_toml() const {
    const auto list_text = [](const OptionList& list) {
        std::string text;
        for (const OptionValue& element : list) {
            text += (text.empty() ? "" : ", ") + element.to_toml();
        }
        return "[" + text + "]";
    };
    const auto map_text = [](const OptionMap& map) {
        std::string text;
        for (const OptionEntry& entry : map) {
            text +=
                (text.empty() ? " " : ", ") + toml_key(entry.key) + " = " + entry.value.to_toml();
        }
        return "{" + text + (text.empty() ? "}" : " }");
    };
    return std::visit(
        Overload{[](std::monostate) { return std::string(); },
                 [](bool value) { return std::string(value ? "true" : "false"); },
                 [](std::int64_t value) { return fmt::format("{}", value); },
                 [](double value) { return real_text(value); },
                 [](const std::string& value) { return toml_string(value); },
                 [](const OptionDate& value) { return value.text; }, list_text, map_text},
        data);
}

bool same_value(const OptionValue& a, const OptionValue& b) {
    if (a.data.index() != b.data.index()) {
        return false;
    }
    if (a.is<OptionList>()) {
        const auto& left = a.as<OptionList>();
        const auto& right = b.as<OptionList>();
        return std::equal(left.begin(), left.end(), right.begin(), right.end(), same_value);
    }
    if (a.is<OptionMap>()) {
        const auto& left = a.as<OptionMap>();
        return left.size() == b.as<OptionMap>().size() &&
               std::all_of(left.begin(), left.end(), [&](const OptionEntry& entry) {
                   const OptionEntry* other = b.find(entry.key);
                   return other != nullptr && same_value(entry.value, other->value);
               });
    }
    return a.to_toml() == b.to_toml();
}

double as_written(float single) {
    const std::string text = fmt::format("{}", single);
    double value = static_cast<double>(single);
    // Not std::stod, which heeds the locale.
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string toml_key(std::string_view key) {
    const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    });
    return bare ? std::string(key) : toml_string(key);
}

std::string toml_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (code < 0x20 || code == 0x7f) {
            out += fmt::format("\\u{:04X}", static_cast<unsigned>(code));
        } else {
            out += c;
        }
    }
    return out + "\"";
}

}  // namespace tessera
