#include "tessera/io/deck_schema.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

// Registration of tables; deck_resolve.cpp checks decks against them.
namespace tessera {

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
    const bool reserved = name == "expect" || name == "sweep" || name == "schema" ||
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
        table.variants.push_back({variant.name, variant.declare, variant.help, OptionTable(name)});
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

}  // namespace tessera
