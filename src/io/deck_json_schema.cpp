#include <cmath>
#include <nlohmann/json.hpp>

#include "tessera/io/deck_schema.hpp"

// The language of decks as a JSON schema (draft-07), from the same declarations that check decks.
// Alternatives are told apart by `anyOf`, which editors follow when they complete keys.
namespace tessera {

namespace {

using nlohmann::ordered_json;

ordered_json as_json(const OptionValue& value) {
    ordered_json result;
    if (value.is<bool>()) {
        result = value.as<bool>();
    } else if (value.is<std::int64_t>()) {
        result = value.as<std::int64_t>();
    } else if (value.is<double>()) {
        result = value.as<double>();
    } else if (value.is<std::string>()) {
        result = value.as<std::string>();
    } else if (value.is<OptionList>()) {
        result = ordered_json::array();
        for (const OptionValue& element : value.as<OptionList>()) {
            result.push_back(as_json(element));
        }
    } else if (value.is<OptionMap>()) {
        result = ordered_json::object();
        for (const OptionEntry& entry : value.as<OptionMap>()) {
            result[entry.key] = as_json(entry.value);
        }
    }
    return result;
}

ordered_json number_schema(const OptionSpec& spec, bool integer) {
    ordered_json schema = {{"type", integer ? "integer" : "number"}};
    if (std::isfinite(spec.minimum)) {
        schema[spec.minimum_excluded ? "exclusiveMinimum" : "minimum"] = spec.minimum;
    } else if (integer && spec.type_minimum == 0) {
        schema["minimum"] = 0;
    }
    if (std::isfinite(spec.maximum)) {
        schema[spec.maximum_excluded ? "exclusiveMaximum" : "maximum"] = spec.maximum;
    }
    return schema;
}

ordered_json word_schema(const OptionSpec& spec) {
    ordered_json schema = {{"type", "string"}};
    for (const OptionChoice& choice : spec.choices) {
        schema["enum"].push_back(choice.name);
    }
    return schema;
}

ordered_json list_schema(const OptionSpec& spec, ordered_json element) {
    ordered_json schema = {{"type", "array"}, {"items", std::move(element)}};
    if (spec.shortest > 0) {
        schema["minItems"] = spec.shortest;
    }
    if (spec.longest != std::numeric_limits<std::size_t>::max()) {
        schema["maxItems"] = spec.longest;
    }
    return schema;
}

ordered_json map_schema(ordered_json element) {
    return {{"type", "object"}, {"additionalProperties", std::move(element)}};
}

ordered_json one_of_both(ordered_json first, ordered_json second) {
    return {{"anyOf", {std::move(first), std::move(second)}}};
}

ordered_json value_schema(const OptionSpec& spec) {
    switch (spec.type) {
        case OptionType::boolean:
            return {{"type", "boolean"}};
        case OptionType::integer:
        case OptionType::real:
            return number_schema(spec, spec.type == OptionType::integer);
        case OptionType::string:
        case OptionType::path:
        case OptionType::choice:
        case OptionType::duration:
            return word_schema(spec);
        case OptionType::integer_list:
        case OptionType::real_list:
            return list_schema(spec, number_schema(spec, spec.type == OptionType::integer_list));
        case OptionType::string_list:
            return list_schema(spec, word_schema(spec));
        case OptionType::integer_or_list:
        case OptionType::real_or_list: {
            const ordered_json number =
                number_schema(spec, spec.type == OptionType::integer_or_list);
            return one_of_both(number, list_schema(spec, number));
        }
        case OptionType::integer_list_map:
            return map_schema(list_schema(spec, number_schema(spec, true)));
        case OptionType::integer_map:
        case OptionType::real_map:
            return map_schema(number_schema(spec, spec.type == OptionType::integer_map));
        case OptionType::string_map:
            return map_schema(word_schema(spec));
    }
    return {};
}

std::string description(const OptionSpec& spec) {
    std::string text = spec.help;
    if (!spec.unit.empty()) {
        text += " (" + spec.unit + ")";
    }
    for (const OptionChoice& choice : spec.choices) {
        if (!choice.help.empty()) {
            text += "\n" + choice.name + ": " + choice.help;
        }
    }
    return spec.details.empty() ? text : text + "\n" + spec.details;
}

ordered_json option_schema(const OptionSpec& spec) {
    ordered_json schema = value_schema(spec);
    if (!spec.auto_word.empty()) {
        schema = one_of_both(std::move(schema), {{"const", spec.auto_word}});
    }
    schema["description"] = description(spec);
    if (spec.default_value.is_set() && !spec.required) {
        // Of a duration the text that the deck may have, not the seconds.
        schema["default"] = spec.type == OptionType::duration
                                ? ordered_json::parse(spec.value_text(spec.default_value))
                                : as_json(spec.default_value);
    }
    return schema;
}

ordered_json closed_object() {
    return {{"type", "object"},
            {"properties", ordered_json::object()},
            {"additionalProperties", false}};
}

/// Puts an option where its dotted name says, "checkpoint.every" into an object of its own.
void insert(ordered_json& object, const std::string& name, const OptionSpec& spec) {
    const std::size_t dot = name.find('.');
    ordered_json& properties = object["properties"];
    if (dot == std::string::npos) {
        properties[name] = option_schema(spec);
        if (spec.required) {
            object["required"].push_back(name);
        }
        return;
    }
    const std::string group = name.substr(0, dot);
    if (!properties.contains(group)) {
        properties[group] = closed_object();
    }
    insert(properties[group], name.substr(dot + 1), spec);
}

ordered_json table_schema(const OptionTable& table) {
    ordered_json object = closed_object();
    object["properties"]["enabled"] = {{"type", "boolean"},
                                       {"description", "false: the table is ignored"}};
    for (const OptionSpec& spec : table.specs()) {
        insert(object, spec.name, spec);
    }
    return object;
}

/// A table that `enabled = false` parks may hold anything.
ordered_json parked_schema() {
    return {{"type", "object"},
            {"properties", {{"enabled", {{"const", false}}}}},
            {"required", {"enabled"}}};
}

ordered_json expect_schema(const std::vector<OptionChoice>& quantities) {
    const ordered_json bounds = {
        {"type", "object"},
        {"properties", {{"min", {{"type", "number"}}}, {"max", {{"type", "number"}}}}},
        {"minProperties", 1},
        {"additionalProperties", false}};
    if (quantities.empty()) {
        return map_schema(bounds);
    }
    ordered_json object = closed_object();
    object["properties"]["enabled"] = {{"type", "boolean"}};
    for (const OptionChoice& quantity : quantities) {
        object["properties"][quantity.name] = bounds;
        if (!quantity.help.empty()) {
            object["properties"][quantity.name]["description"] = quantity.help;
        }
    }
    return object;
}

/// Lists of values under full keys, "method.rank" in quotation marks or as tables in the table.
ordered_json sweep_schema() {
    const ordered_json values = {{"type", "array"}, {"minItems", 1}};
    const ordered_json nested = map_schema(one_of_both(values, map_schema(values)));
    return {{"type", "object"},
            {"properties",
             {{"enabled", {{"type", "boolean"}}},
              {"only",
               {{"type", "integer"}, {"minimum", 0}, {"description", "the one point to run"}}}}},
            {"additionalProperties", one_of_both(values, nested)}};
}

}  // namespace

std::string DeckSchema::json_schema() const {
    // Filled apart: an ordered object moves its members when another one comes.
    ordered_json tables = {
        {"schema", {{"const", 1}, {"description", "version of the language of decks"}}}};
    ordered_json required = ordered_json::array();
    for (const Table& table : tables_) {
        ordered_json alternatives = ordered_json::array();
        for (const Variant& variant : table.variants) {
            ordered_json object = table_schema(variant.table);
            if (table.kind != Kind::plain) {
                object["title"] = variant.name;
                object["description"] = variant.help;
                object["properties"][table.selector] = {{"const", variant.name},
                                                        {"description", variant.help}};
                if (variant.name != table.default_variant) {
                    object["required"].push_back(table.selector);
                }
            }
            alternatives.push_back(std::move(object));
        }
        alternatives.push_back(parked_schema());
        ordered_json schema = {{"description", table.help}};
        if (table.kind == Kind::list) {
            schema["type"] = "array";
            schema["items"]["anyOf"] = std::move(alternatives);
        } else {
            schema["anyOf"] = std::move(alternatives);
        }
        tables[table.name] = std::move(schema);
        const bool demands = table.kind == Kind::variant
                                 ? table.default_variant.empty()
                                 : table.variants.front().table.has_required();
        if (table.kind != Kind::list && !table.optional && demands) {
            required.push_back(table.name);
        }
    }
    tables["expect"] = one_of_both(expect_schema(quantities_), parked_schema());
    tables["expect"]["description"] =
        "bounds that the result must keep, else the run ends with exit code 1";
    tables["sweep"] = one_of_both(sweep_schema(), parked_schema());
    tables["sweep"]["description"] = "every combination of these values is a run of its own";
    const ordered_json parked_tables = {{"^x-", {{"description", "a parked table: ignored"}}}};
    const ordered_json document = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                                   {"title", "Tessera deck"},
                                   {"type", "object"},
                                   {"properties", tables},
                                   {"required", required},
                                   {"patternProperties", parked_tables},
                                   {"additionalProperties", false}};
    return document.dump(2) + "\n";
}

}  // namespace tessera
