#include "tessera/base/option_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/base/option_text.hpp"

namespace tessera {

namespace {

std::string quoted_choices(const std::vector<OptionChoice>& choices) {
    std::string text;
    for (const OptionChoice& choice : choices) {
        text += (text.empty() ? "" : ", ") + toml_string(choice.name);
    }
    return text;
}

/// The type of one element, for lists and for options that take one number or a list.
OptionType element_type(OptionType type) {
    switch (type) {
        case OptionType::integer_list:
        case OptionType::integer_or_list:
        case OptionType::integer_list_map:
        case OptionType::integer_map:
            return OptionType::integer;
        case OptionType::real_list:
        case OptionType::real_or_list:
        case OptionType::real_map:
            return OptionType::real;
        case OptionType::string_list:
        case OptionType::string_map:
            return OptionType::string;
        default:
            return type;
    }
}

bool takes_words(OptionType type) {
    return type == OptionType::string || type == OptionType::path || type == OptionType::choice ||
           type == OptionType::duration;
}

/// What was found instead: numbers and strings by value where that helps, else the type.
std::string found_text(const OptionValue& value, OptionType wanted) {
    if (value.is<std::string>()) {
        constexpr std::size_t longest = 60;
        const std::string& text = value.as<std::string>();
        return toml_string(text.size() > longest ? text.substr(0, longest) + "..." : text);
    }
    const bool number_wanted = wanted == OptionType::integer || wanted == OptionType::real ||
                               wanted == OptionType::duration;
    return value.is_number() && number_wanted ? value.to_toml() : value.type_name();
}

std::string length_text(const OptionSpec& spec) {
    constexpr auto unlimited = std::numeric_limits<std::size_t>::max();
    if (spec.longest == unlimited) {
        return spec.shortest > 0 ? fmt::format("at least {} ", spec.shortest) : std::string();
    }
    return spec.shortest == spec.longest ? fmt::format("{} ", spec.longest)
                                         : fmt::format("{} to {} ", spec.shortest, spec.longest);
}

std::string with_range(const std::string& noun, const OptionSpec& spec) {
    const std::string range = spec.range_text();
    return range.empty() ? noun : noun + " " + range;
}

/// Plural noun of a list's elements, with their range or choices.
std::string elements_text(const OptionSpec& spec) {
    const OptionType type = element_type(spec.type);
    if (type == OptionType::string) {
        return spec.choices.empty() ? "strings" : "strings among " + quoted_choices(spec.choices);
    }
    return with_range(type == OptionType::integer ? "integers" : "numbers", spec);
}

/// Checks one element (or a plain value) and brings it to its form.
std::optional<std::string> normalise_one(const OptionSpec& spec, OptionType type,
                                         const OptionValue& written, OptionValue& out);

std::optional<std::string> normalise_number(const OptionSpec& spec, OptionType type,
                                            const OptionValue& written, OptionValue& out) {
    const bool fits =
        type == OptionType::integer ? written.is<std::int64_t>() : written.is_number();
    if (!fits) {
        return found_text(written, type);
    }
    const double value = written.number();
    const bool below = spec.minimum_excluded ? value <= spec.minimum : value < spec.minimum;
    const bool above = spec.maximum_excluded ? value >= spec.maximum : value > spec.maximum;
    if (!std::isfinite(value) || below || above) {
        return written.to_toml();
    }
    if (type == OptionType::integer) {
        const auto whole = written.as<std::int64_t>();
        if (whole < spec.type_minimum || whole > spec.type_maximum) {
            return fmt::format("{} (allowed are {} to {})", whole, spec.type_minimum,
                               spec.type_maximum);
        }
        out.data = whole;
    } else {
        out.data = value;
    }
    return std::nullopt;
}

std::optional<std::string> normalise_duration(const OptionSpec& spec, const OptionValue& written,
                                              OptionValue& out) {
    std::optional<double> seconds;
    if (written.is<OptionDate>()) {
        seconds = parse_duration(written.as<OptionDate>().text);
    } else if (written.is<std::string>()) {
        seconds = parse_duration(written.as<std::string>());
    } else if (written.is_number()) {
        return written.to_toml() + " without a unit";
    }
    if (!seconds) {
        return found_text(written, OptionType::duration);
    }
    OptionValue number = make_option_value(*seconds);
    const auto problem = normalise_number(spec, OptionType::real, number, out);
    return problem ? std::optional(toml_string(format_duration(*seconds))) : std::nullopt;
}

std::optional<std::string> normalise_string(const OptionSpec& spec, const OptionValue& written,
                                            OptionValue& out) {
    if (!written.is<std::string>()) {
        return found_text(written, OptionType::string);
    }
    const std::string& word = written.as<std::string>();
    if (!spec.choices.empty()) {
        std::vector<std::string> names;
        for (const OptionChoice& choice : spec.choices) {
            names.push_back(choice.name);
        }
        if (std::find(names.begin(), names.end(), word) == names.end()) {
            return found_text(written, OptionType::string) + did_you_mean(word, names);
        }
    }
    out.data = word;
    return std::nullopt;
}

std::optional<std::string> normalise_one(const OptionSpec& spec, OptionType type,
                                         const OptionValue& written, OptionValue& out) {
    out.place = written.place;
    switch (type) {
        case OptionType::boolean:
            if (!written.is<bool>()) {
                return found_text(written, type);
            }
            out.data = written.data;
            return std::nullopt;
        case OptionType::integer:
        case OptionType::real:
            return normalise_number(spec, type, written, out);
        case OptionType::duration:
            return normalise_duration(spec, written, out);
        default:
            return normalise_string(spec, written, out);
    }
}

std::optional<std::string> normalise_list(const OptionSpec& spec, const OptionValue& written,
                                          OptionValue& out) {
    if (!written.is<OptionList>()) {
        return found_text(written, element_type(spec.type));
    }
    const auto& elements = written.as<OptionList>();
    if (elements.size() < spec.shortest || elements.size() > spec.longest) {
        return fmt::format("{} of them", elements.size());
    }
    OptionList list(elements.size());
    for (std::size_t i = 0; i < elements.size(); ++i) {
        if (auto found = normalise_one(spec, element_type(spec.type), elements[i], list[i])) {
            return fmt::format("{} as element {}", *found, i);
        }
    }
    out.data = std::move(list);
    return std::nullopt;
}

std::optional<std::string> normalise_map(const OptionSpec& spec, const OptionValue& written,
                                         OptionValue& out) {
    if (!written.is<OptionMap>()) {
        return found_text(written, element_type(spec.type));
    }
    OptionMap map;
    for (const OptionEntry& entry : written.as<OptionMap>()) {
        OptionValue element;
        const auto found = spec.type == OptionType::integer_list_map
                               ? normalise_list(spec, entry.value, element)
                               : normalise_one(spec, element_type(spec.type), entry.value, element);
        if (found) {
            return fmt::format("{} for {}", *found, toml_string(entry.key));
        }
        map.push_back({entry.key, entry.place, std::move(element)});
    }
    std::sort(map.begin(), map.end(),
              [](const OptionEntry& a, const OptionEntry& b) { return a.key < b.key; });
    out.data = std::move(map);
    return std::nullopt;
}

std::optional<std::string> normalise_by_type(const OptionSpec& spec, const OptionValue& written,
                                             OptionValue& out) {
    switch (spec.type) {
        case OptionType::integer_list:
        case OptionType::real_list:
        case OptionType::string_list:
            return normalise_list(spec, written, out);
        case OptionType::integer_or_list:
        case OptionType::real_or_list: {
            if (written.is<OptionList>()) {
                return normalise_list(spec, written, out);
            }
            // One number stands for all; a list of one is the same thing.
            OptionValue single;
            if (auto found = normalise_one(spec, element_type(spec.type), written, single)) {
                return found;
            }
            out.data = OptionList{std::move(single)};
            return std::nullopt;
        }
        case OptionType::integer_list_map:
        case OptionType::integer_map:
        case OptionType::real_map:
        case OptionType::string_map:
            return normalise_map(spec, written, out);
        default:
            return normalise_one(spec, spec.type, written, out);
    }
}

}  // namespace

std::string OptionSpec::range_text() const {
    const bool has_minimum = std::isfinite(minimum);
    const bool has_maximum = std::isfinite(maximum);
    const auto bound = [this](double value) {
        return type == OptionType::duration ? format_duration(value) : fmt::format("{}", value);
    };
    const auto low = [&] { return (minimum_excluded ? "> " : ">= ") + bound(minimum); };
    const auto high = [&] { return (maximum_excluded ? "< " : "<= ") + bound(maximum); };
    if (has_minimum && has_maximum) {
        return minimum_excluded || maximum_excluded
                   ? low() + " and " + high()
                   : fmt::format("from {} to {}", bound(minimum), bound(maximum));
    }
    return has_minimum ? low() : (has_maximum ? high() : std::string());
}

std::string OptionSpec::type_text() const {
    switch (type) {
        case OptionType::boolean:
            return "true or false";
        case OptionType::integer:
            return "integer";
        case OptionType::real:
            return "number";
        case OptionType::string:
            return "string";
        case OptionType::path:
            return "path";
        case OptionType::choice:
            return "word";
        case OptionType::duration:
            return "duration";
        case OptionType::integer_list:
            return "list of integers";
        case OptionType::real_list:
            return "list of numbers";
        case OptionType::string_list:
            return "list of strings";
        case OptionType::integer_or_list:
            return "integer or list of integers";
        case OptionType::real_or_list:
            return "number or list of numbers";
        case OptionType::integer_list_map:
            return "table of lists of integers";
        case OptionType::integer_map:
            return "table of integers";
        case OptionType::real_map:
            return "table of numbers";
        case OptionType::string_map:
            return "table of strings";
    }
    return {};
}

std::string OptionSpec::expectation() const {
    std::string text;
    switch (type) {
        case OptionType::boolean:
            text = "true or false";
            break;
        case OptionType::integer:
            text = with_range("an integer", *this);
            break;
        case OptionType::real:
            text = with_range("a number", *this);
            break;
        case OptionType::duration:
            text = with_range("a duration such as \"20 min\" or \"01:50:00\"", *this);
            break;
        case OptionType::integer_or_list:
        case OptionType::real_or_list:
            text = with_range(type == OptionType::real_or_list ? "a number" : "an integer", *this) +
                   " or a list of " + length_text(*this) + "such";
            break;
        case OptionType::integer_list_map:
            text = "a table of lists of " + length_text(*this) + elements_text(*this) +
                   " such as { y = [0, 256] }";
            break;
        case OptionType::integer_map:
            text = "a table of " + elements_text(*this) + " such as { y = 2 }";
            break;
        case OptionType::real_map:
            text = "a table of " + elements_text(*this) + " such as { y = 0.5 }";
            break;
        case OptionType::string_map:
            text = "a table of " + elements_text(*this) + " such as { y = \"mm\" }";
            break;
        case OptionType::integer_list:
        case OptionType::real_list:
        case OptionType::string_list:
            text = "a list of " + length_text(*this) + elements_text(*this);
            break;
        default:
            text = choices.empty() ? "a string" : "one of " + quoted_choices(choices);
    }
    return auto_word.empty() ? text : text + " or " + toml_string(auto_word);
}

std::optional<std::string> OptionSpec::normalise(const OptionValue& written,
                                                 OptionValue& normalised) const {
    OptionValue value = written;
    const bool from_line = written.place.origin == OptionOrigin::command_line;
    if (from_line && !written.typed.empty() && !value.is<std::string>() && takes_words(type)) {
        // A path or name that happens to look like a number, a boolean or a list.
        const bool number_for_duration = type == OptionType::duration && value.is_number();
        if (!number_for_duration) {
            value.data = written.typed;
        }
    }
    normalised.place = written.place;
    if (!auto_word.empty() && value.is<std::string>() && value.as<std::string>() == auto_word) {
        normalised.data = std::monostate{};
        return std::nullopt;
    }
    if (auto found = normalise_by_type(*this, value, normalised)) {
        return "expected " + expectation() + ", got " + *found;
    }
    return std::nullopt;
}

std::string OptionSpec::value_text(const OptionValue& normalised) const {
    if (!normalised.is_set()) {
        return auto_word.empty() ? std::string() : toml_string(auto_word);
    }
    if (type == OptionType::duration) {
        return toml_string(format_duration(normalised.as<double>()));
    }
    const bool one_number = type == OptionType::integer_or_list || type == OptionType::real_or_list;
    if (one_number && normalised.as<OptionList>().size() == 1) {
        return normalised.as<OptionList>().front().to_toml();
    }
    return normalised.to_toml();
}

std::string OptionSpec::example_text() const {
    if (!example.empty()) {
        return example;
    }
    std::string known = value_text(default_value);
    if (!required && !known.empty()) {
        return known;
    }
    // A number inside the range: its lower end, moved off it where the end is excluded.
    double number = std::isfinite(minimum) ? minimum : std::min(1.0, maximum);
    if (minimum_excluded && number <= minimum) {
        number = std::isfinite(maximum) ? (minimum + maximum) / 2 : minimum + 1;
    }
    OptionValue element;
    switch (element_type(type)) {
        case OptionType::boolean:
            element.data = true;
            break;
        case OptionType::integer:
            element.data = static_cast<std::int64_t>(std::ceil(number));
            break;
        case OptionType::real:
            element.data = number;
            break;
        case OptionType::duration:
            return "\"20 min\"";
        case OptionType::path:
            element.data = std::string("FILE");
            break;
        default:
            element.data = choices.empty() ? std::string("NAME") : choices.front().name;
    }
    const std::size_t length = std::clamp<std::size_t>(1, shortest, longest);
    switch (type) {
        case OptionType::integer_list:
        case OptionType::real_list:
        case OptionType::string_list:
            return make_option_value(OptionList(length, element)).to_toml();
        case OptionType::integer_list_map:
            element = make_option_value(OptionList(length, element));
            [[fallthrough]];
        case OptionType::integer_map:
        case OptionType::real_map:
        case OptionType::string_map:
            return make_option_value(OptionMap{{"y", {}, element}}).to_toml();
        default:
            return element.to_toml();
    }
}

}  // namespace tessera
