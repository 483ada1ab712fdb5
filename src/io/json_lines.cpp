#include "tessera/io/json_lines.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "tessera/base/error.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

// Keeps the order in which a method reports its numbers.
using Json = nlohmann::ordered_json;

std::string to_text(const MetricsLine& line) {
    Json object;
    object["step"] = line.step;
    for (const auto& [name, value] : line.values) {
        object[name] = std::isfinite(value) ? Json(value) : Json(nullptr);
    }
    return object.dump() + "\n";
}

std::optional<MetricsLine> from_text(const std::string& text) {
    const Json object = Json::parse(text, nullptr, false);
    if (!object.is_object() || !object.contains("step") || !object["step"].is_number()) {
        return std::nullopt;
    }
    MetricsLine line;
    line.step = object["step"].get<Index>();
    for (const auto& [name, value] : object.items()) {
        if (name == "step") {
            continue;
        }
        if (value.is_number()) {
            line.values.emplace_back(name, value.get<double>());
        } else if (value.is_null()) {
            line.values.emplace_back(name, std::numeric_limits<double>::quiet_NaN());
        }
    }
    return line;
}

/// Calls `visit(text with its line end, what it says)` for every whole line.
template <typename Visit>
void for_each_line(const std::string& path, const Visit& visit) {
    const std::string text = read_text(path);
    std::size_t begin = 0;
    for (int number = 1;; ++number) {
        const std::size_t end = text.find('\n', begin);
        if (end == std::string::npos) {
            return;
        }
        const std::string line = text.substr(begin, end - begin + 1);
        const std::optional<MetricsLine> parsed = from_text(line);
        if (!parsed) {
            throw IoError(path + ":" + std::to_string(number) +
                          ": this line is no JSON object with a number \"step\"");
        }
        visit(line, *parsed);
        begin = end + 1;
    }
}

}  // namespace

JsonLines::JsonLines(const Communicator& communicator, std::string path, Index keep_to_step)
    : communicator_(communicator), path_(std::move(path)) {
    agree(communicator_, [&] {
        if (communicator_.rank() != 0) {
            return;
        }
        std::string kept;
        if (keep_to_step >= 0) {
            for_each_line(path_, [&](const std::string& text, const MetricsLine& line) {
                kept += line.step <= keep_to_step ? text : "";
            });
        }
        write_text_atomically(path_, kept);
    });
}

void JsonLines::append(const MetricsLine& line) {
    agree(communicator_, [&] {
        if (communicator_.rank() == 0) {
            append_text(path_, to_text(line));
        }
    });
}

std::vector<MetricsLine> read_json_lines(const std::string& path) {
    std::vector<MetricsLine> lines;
    for_each_line(path,
                  [&](const std::string&, const MetricsLine& line) { lines.push_back(line); });
    return lines;
}

}  // namespace tessera
