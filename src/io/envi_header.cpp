#include "envi_header.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <sstream>

#include "tessera/base/error.hpp"

namespace tessera {

namespace {

std::string trimmed(const std::string& text) {
    const auto* blanks = " \t\r\n\v\f";
    const std::size_t begin = text.find_first_not_of(blanks);
    return begin == std::string::npos
               ? std::string()
               : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// "Data  Type " -> "data type".
std::string plain_key(const std::string& text) {
    std::string key;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        key += (key.empty() ? "" : " ") + word;
    }
    std::transform(key.begin(), key.end(), key.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return key;
}

}  // namespace

EnviHeader::EnviHeader(const std::string& text, const std::string& path) : path_(path) {
    std::istringstream lines(text);
    std::string line;
    int number = 0;
    const auto next = [&] {
        ++number;
        return static_cast<bool>(std::getline(lines, line));
    };
    const auto malformed = [&](int place, const std::string& what) {
        throw IoError(path + ", line " + std::to_string(place) + ": " + what);
    };
    if (!next() || trimmed(line) != "ENVI") {
        malformed(1, "an ENVI header begins with the line ENVI");
    }
    while (next()) {
        const std::string content = trimmed(line);
        if (content.empty() || content[0] == ';') {
            continue;
        }
        const int place = number;
        const std::size_t equals = content.find('=');
        if (equals == std::string::npos) {
            malformed(place,
                      "expected 'key = value'; a list over several lines goes into braces { }");
        }
        const std::string key = plain_key(content.substr(0, equals));
        std::string value = trimmed(content.substr(equals + 1));
        if (value.starts_with('{')) {
            while (value.find('}') == std::string::npos) {
                if (!next()) {
                    malformed(place, "the list of '" + key + "' has no closing brace }");
                }
                if (!trimmed(line).starts_with(';')) {
                    value += " " + trimmed(line);
                }
            }
            value = trimmed(value.substr(1, value.find('}') - 1));
        }
        const auto [entry, is_new] = values_.emplace(key, value);
        if (is_new) {
            entries_.emplace_back(key, value);
        } else if (entry->second != value) {
            malformed(place, "'" + key + "' is there twice, with different values");
        }
    }
}

std::string EnviHeader::text(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::string() : found->second;
}

Index EnviHeader::number(const std::string& key) const {
    const std::string value = text(key);
    Index result = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc() || end != value.data() + value.size() || result < 0) {
        throw IoError(path_ + ": '" + key + "' " +
                      (value.empty() ? "is missing" : "is '" + value + "'") +
                      ", expected a whole number");
    }
    return result;
}

Index EnviHeader::number(const std::string& key, Index fallback) const {
    return text(key).empty() ? fallback : number(key);
}

std::vector<double> EnviHeader::list(const std::string& key) const {
    std::string value = text(key);
    std::replace(value.begin(), value.end(), ',', ' ');
    std::istringstream words(value);
    std::vector<double> numbers;
    for (std::string word; words >> word;) {
        double number = 0.0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (error != std::errc() || end != word.data() + word.size()) {
            return {};
        }
        numbers.push_back(number);
    }
    return numbers;
}

}  // namespace tessera
