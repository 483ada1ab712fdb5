#include "tessera/io/deck_sweep.hpp"

#include <fmt/format.h>

#include "tessera/base/error.hpp"
#include "tessera/base/option_problem.hpp"

namespace tessera {
namespace {

// A sweep of more points is a slip of the pen.
constexpr Index most_points = 100000;

class SweepReader {
  public:
    void read(const OptionValue& table, const std::string& within) {
        for (const OptionEntry& entry : table.as<OptionMap>()) {
            const std::string key = within + entry.key;
            const OptionValue& value = entry.value;
            if (key == "enabled") {
                continue;
            }
            if (key == "only") {
                read_only(value);
            } else if (value.is<OptionMap>()) {
                read(value, key + ".");
            } else if (!value.is<OptionList>() || value.as<OptionList>().empty()) {
                complain(value, key,
                         "expected a list of values such as [5, 10, 20], got " + value.type_name());
            } else if (key.find('.') == std::string::npos || key.starts_with("sweep.")) {
                complain(value, key,
                         "expected a key with its table, such as \"method.rank\" or \"run.seed\"");
            } else {
                SweepKey& found = sweep.keys.emplace_back();
                found.key = key;
                for (const OptionValue& element : value.as<OptionList>()) {
                    found.values.push_back(element.to_toml());
                }
            }
        }
    }

    void check(const OptionValue& table) {
        double points = 1.0;
        for (const SweepKey& key : sweep.keys) {
            points *= static_cast<double>(key.values.size());
        }
        if (problems.empty() && sweep.keys.empty()) {
            problems.push_back(
                {table.place, "sweep", "expected at least one key with a list of values"});
        } else if (points > static_cast<double>(most_points)) {
            problems.push_back(
                {table.place, "sweep",
                 fmt::format("{:.0f} points are more than {}", points, most_points)});
        } else if (sweep.only && *sweep.only >= sweep.count()) {
            problems.push_back({table.place, "sweep.only",
                                fmt::format("the sweep has the points 0 to {}, got {}",
                                            sweep.count() - 1, *sweep.only)});
        }
        throw_if_any(problems);
    }

    Sweep sweep;
    std::vector<OptionProblem> problems;

  private:
    void read_only(const OptionValue& value) {
        if (!value.is<std::int64_t>() || value.as<std::int64_t>() < 0) {
            complain(value, "only", "expected an integer >= 0, got " + value.to_toml());
            return;
        }
        sweep.only = value.as<std::int64_t>();
    }

    void complain(const OptionValue& value, const std::string& key, const std::string& message) {
        problems.push_back({value.place, "sweep." + key, message});
    }
};

}  // namespace

Index Sweep::count() const {
    Index points = 1;
    for (const SweepKey& key : keys) {
        points *= static_cast<Index>(key.values.size());
    }
    return points;
}

std::vector<std::string> Sweep::values(Index point) const {
    std::vector<std::string> result(keys.size());
    for (std::size_t i = keys.size(); i-- > 0;) {
        const auto choices = static_cast<Index>(keys[i].values.size());
        result[i] = keys[i].values[static_cast<std::size_t>(point % choices)];
        point /= choices;
    }
    return result;
}

std::vector<std::string> Sweep::assignments(Index point) const {
    std::vector<std::string> result = values(point);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        result[i] = keys[i].key + "=" + result[i];
    }
    return result;
}

std::optional<Sweep> read_sweep(const Deck& deck) {
    const OptionEntry* const written = deck.root().find("sweep");
    if (written == nullptr) {
        return std::nullopt;
    }
    if (!written->value.is<OptionMap>()) {
        throw_if_any({{written->place, "sweep",
                       "expected a table, written [sweep], got " + written->value.type_name()}});
    }
    const OptionEntry* const enabled = written->value.find("enabled");
    if (enabled != nullptr && enabled->value.is<bool>() && !enabled->value.as<bool>()) {
        return std::nullopt;
    }
    SweepReader reader;
    reader.read(written->value, "");
    reader.check(written->value);
    return std::move(reader.sweep);
}

}  // namespace tessera
