#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tessera/base/types.hpp"

namespace tessera {

/// The keys of an ENVI header. Keys are kept in lower case with single blanks; lists in braces may
/// go over several lines; lines that begin with a semicolon are comments.
class EnviHeader {
  public:
    /// Throws IoError, naming file and line, for text that is no such header.
    EnviHeader(const std::string& text, const std::string& path);

    [[nodiscard]] bool has(const std::string& key) const { return values_.count(key) > 0; }
    /// Text of a key, without braces; empty when it is missing.
    [[nodiscard]] std::string text(const std::string& key) const;
    /// A whole number that has to be there. Throws IoError.
    [[nodiscard]] Index number(const std::string& key) const;
    /// A whole number, `fallback` when the key is missing or empty. Throws IoError for other text.
    [[nodiscard]] Index number(const std::string& key, Index fallback) const;
    /// A list of numbers; empty when the key is missing or one of them is no number.
    [[nodiscard]] std::vector<double> list(const std::string& key) const;

    /// Keys and texts in the file's order.
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& entries() const {
        return entries_;
    }

  private:
    std::string path_;
    std::map<std::string, std::string> values_;
    std::vector<std::pair<std::string, std::string>> entries_;
};

}  // namespace tessera
