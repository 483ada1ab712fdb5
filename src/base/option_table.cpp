#include "tessera/base/option_table.hpp"

#include <algorithm>
#include <stdexcept>

#include "tessera/base/option_text.hpp"

namespace tessera {

OptionBuilder& OptionBuilder::minimum(double value) {
    spec_->minimum = value;
    spec_->minimum_excluded = false;
    return *this;
}

OptionBuilder& OptionBuilder::maximum(double value) {
    spec_->maximum = value;
    spec_->maximum_excluded = false;
    return *this;
}

OptionBuilder& OptionBuilder::above(double value) {
    spec_->minimum = value;
    spec_->minimum_excluded = true;
    return *this;
}

OptionBuilder& OptionBuilder::below(double value) {
    spec_->maximum = value;
    spec_->maximum_excluded = true;
    return *this;
}

OptionBuilder& OptionBuilder::length(std::size_t shortest, std::size_t longest) {
    spec_->shortest = shortest;
    spec_->longest = longest;
    return *this;
}

OptionBuilder& OptionBuilder::choices(std::vector<OptionChoice> words) {
    spec_->choices = std::move(words);
    return *this;
}

OptionBuilder& OptionBuilder::required() {
    spec_->required = true;
    return *this;
}

OptionBuilder& OptionBuilder::auto_word(std::string word) {
    if (!spec_->optional_member) {
        throw std::logic_error(spec_->name + ": auto_word needs a std::optional member");
    }
    spec_->auto_word = std::move(word);
    return *this;
}

OptionBuilder& OptionBuilder::unit(std::string text) {
    spec_->unit = std::move(text);
    return *this;
}

OptionBuilder& OptionBuilder::details(std::string text) {
    spec_->details = std::move(text);
    return *this;
}

OptionBuilder& OptionBuilder::since(std::string version) {
    spec_->since = std::move(version);
    return *this;
}

OptionBuilder& OptionBuilder::example(std::string toml) {
    spec_->example = std::move(toml);
    return *this;
}

OptionBuilder& OptionBuilder::may_change_on_resume() {
    spec_->may_change_on_resume = true;
    return *this;
}

namespace {

/// The value at a dotted name below `table`, or null.
const OptionValue* value_at(const OptionValue& table, std::string_view name) {
    const OptionValue* value = &table;
    while (value != nullptr && !name.empty()) {
        const std::size_t dot = std::min(name.find('.'), name.size());
        const OptionEntry* entry = value->find(name.substr(0, dot));
        value = entry != nullptr ? &entry->value : nullptr;
        name.remove_prefix(std::min(dot + 1, name.size()));
    }
    return value;
}

/// Finds keys that no option declares.
class UnknownKeys {
  public:
    UnknownKeys(const OptionTable& options, const std::vector<std::string>& also_known,
                std::vector<OptionProblem>& problems)
        : options_(options), also_known_(also_known), problems_(problems) {}

    void search(const OptionValue& table, const std::string& within, const std::string& shown) {
        if (!table.is<OptionMap>()) {
            return;
        }
        for (const OptionEntry& entry : table.as<OptionMap>()) {
            const std::string name = within + entry.key;
            const std::string full = shown + "." + toml_key(entry.key);
            const bool dotted = entry.key.find('.') != std::string::npos;
            const bool known = !dotted && (options_.find(name) != nullptr || is_also_known(name));
            if (known) {
                continue;
            }
            if (dotted || !is_group(name)) {
                problems_.push_back(
                    {entry.place, full, "unknown key" + did_you_mean(entry.key, siblings(within))});
            } else if (!entry.value.is<OptionMap>()) {
                problems_.push_back(
                    {entry.value.place, full, "expected a table, got " + entry.value.type_name()});
            } else {
                search(entry.value, name + ".", full);
            }
        }
    }

  private:
    [[nodiscard]] bool is_also_known(const std::string& name) const {
        return std::find(also_known_.begin(), also_known_.end(), name) != also_known_.end();
    }

    [[nodiscard]] bool is_group(const std::string& name) const {
        return std::any_of(options_.specs().begin(), options_.specs().end(),
                           [&](const OptionSpec& s) { return s.name.starts_with(name + "."); });
    }

    /// Names that may stand in the table `within`, groups by their first part.
    [[nodiscard]] std::vector<std::string> siblings(const std::string& within) const {
        std::vector<std::string> names;
        for (const OptionSpec& spec : options_.specs()) {
            if (spec.name.starts_with(within)) {
                const std::string rest = spec.name.substr(within.size());
                names.push_back(rest.substr(0, rest.find('.')));
            }
        }
        if (within.empty()) {
            names.insert(names.end(), also_known_.begin(), also_known_.end());
        }
        return names;
    }

    const OptionTable& options_;
    const std::vector<std::string>& also_known_;
    std::vector<OptionProblem>& problems_;
};

}  // namespace

void OptionTable::add_check(std::string name, std::function<std::string()> rule) {
    if (find(name) == nullptr) {
        throw std::logic_error(prefix_ + "." + name +
                               ": a rule for an option that is not declared");
    }
    rules_.push_back({std::move(name), std::move(rule)});
}

void OptionTable::when_bound(std::function<void()> action) {
    actions_.push_back(std::move(action));
}

const OptionSpec* OptionTable::find(std::string_view name) const {
    const auto found = std::find_if(specs_.begin(), specs_.end(),
                                    [&](const OptionSpec& spec) { return spec.name == name; });
    return found == specs_.end() ? nullptr : &*found;
}

std::vector<std::string> OptionTable::names() const {
    std::vector<std::string> names;
    for (const OptionSpec& spec : specs_) {
        names.push_back(spec.name);
    }
    return names;
}

bool OptionTable::has_required() const {
    return std::any_of(specs_.begin(), specs_.end(),
                       [](const OptionSpec& spec) { return spec.required; });
}

OptionSpec& OptionTable::new_spec(OptionType type, std::string name, std::string help) {
    if (name.empty() || name == "enabled" || find(name) != nullptr) {
        throw std::logic_error(prefix_ + "." + name + ": empty, reserved or declared twice");
    }
    for (const OptionSpec& other : specs_) {
        if (other.name.starts_with(name + ".") || name.starts_with(other.name + ".")) {
            throw std::logic_error(prefix_ + "." + name + ": both a value and a table of options");
        }
    }
    OptionSpec& spec = specs_.emplace_back();
    spec.type = type;
    spec.name = std::move(name);
    spec.help = std::move(help);
    return spec;
}

std::vector<ResolvedOption> OptionTable::resolve(const OptionValue& table,
                                                 const std::string& shown_prefix,
                                                 std::vector<OptionProblem>& problems,
                                                 const std::vector<std::string>& also_known) const {
    UnknownKeys(*this, also_known, problems).search(table, "", shown_prefix);
    std::vector<ResolvedOption> resolved;
    for (const OptionSpec& spec : specs_) {
        ResolvedOption option;
        option.key = spec.name;
        option.may_change_on_resume = spec.may_change_on_resume;
        const OptionValue* written = value_at(table, spec.name);
        if (written != nullptr && written->is_set()) {
            option.place = written->place;
            if (auto complaint = spec.normalise(*written, option.value)) {
                problems.push_back({written->place, shown_prefix + "." + spec.name, *complaint});
            }
        } else if (spec.required) {
            problems.push_back({table.place, shown_prefix + "." + spec.name,
                                "required key is missing (" + spec.help + ")"});
        } else {
            option.value = spec.default_value;
        }
        option.text = spec.value_text(option.value);
        option.differs_from_default =
            spec.required || !same_value(option.value, spec.default_value);
        resolved.push_back(std::move(option));
    }
    return resolved;
}

void OptionTable::assign(const std::vector<ResolvedOption>& resolved) const {
    for (const ResolvedOption& option : resolved) {
        if (const OptionSpec* spec = find(option.key)) {
            spec->assign(option.value);
        }
    }
}

void OptionTable::check_rules(const std::vector<ResolvedOption>& resolved,
                              const std::string& shown_prefix,
                              std::vector<OptionProblem>& problems) const {
    for (const Rule& rule : rules_) {
        if (const std::string complaint = rule.complaint(); !complaint.empty()) {
            const auto option =
                std::find_if(resolved.begin(), resolved.end(),
                             [&](const ResolvedOption& o) { return o.key == rule.name; });
            const OptionPlace place = option != resolved.end() ? option->place : OptionPlace{};
            problems.push_back({place, shown_prefix + "." + rule.name, complaint});
        }
    }
}

void OptionTable::call_when_bound() const {
    for (const auto& action : actions_) {
        action();
    }
}

std::vector<ResolvedOption> OptionTable::bind(const OptionValue& table) const {
    std::vector<OptionProblem> problems;
    auto resolved = resolve(table, prefix_, problems);
    throw_if_any(problems);
    assign(resolved);
    check_rules(resolved, prefix_, problems);
    throw_if_any(problems);
    call_when_bound();
    return resolved;
}

}  // namespace tessera
