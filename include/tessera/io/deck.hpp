#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/base/option_value.hpp"

namespace tessera {

/// A deck as written: a tree of values, each with its place, before any schema has looked at it.
/// Every rank builds its own from the same text; nothing here communicates.
class Deck {
  public:
    /// An empty deck, for runs that are described by the command line alone.
    Deck();

    /// Parses TOML. `name` leads the messages. Throws UsageError at a mistake of syntax or a
    /// duplicate key, with line and column.
    [[nodiscard]] static Deck from_text(std::string_view text, const std::string& name);

    /// Reads the file and parses it. Throws IoError if it cannot be read. Programs with several
    /// ranks read on one, broadcast the text and call from_text everywhere.
    [[nodiscard]] static Deck from_file(const std::filesystem::path& path);

    /// Sets one key from the command line: `block.key=value`, the value in TOML. A value that is
    /// not TOML is kept as a bare word, which the schema accepts where it wants a string. A number
    /// in the key counts the elements of a list from 0: `corrupt.0.sigma=0.2`; one past the end
    /// appends. Later assignments win. Throws UsageError if the text is no assignment.
    void set(std::string_view assignment);
    void set_all(const std::vector<std::string>& assignments);

    [[nodiscard]] const OptionValue& root() const { return root_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    /// The text given, unchanged, without the command line's part.
    [[nodiscard]] const std::string& text() const { return text_; }
    /// The assignments in order, as typed.
    [[nodiscard]] const std::vector<std::string>& assignments() const { return assignments_; }

  private:
    OptionValue root_;
    std::string name_;
    std::string text_;
    std::vector<std::string> assignments_;
};

}  // namespace tessera
