#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/app/deck_options.hpp"
#include "tessera/io/deck_schema.hpp"
#include "tessera/method/method.hpp"
#include "tessera/problem/corruption.hpp"

namespace tessera {

/// Everything that a deck says, bound to the objects that will act on it.
class Study {
  public:
    Study();

    /// Checks the deck against the schema and fills the options. Throws UsageError.
    void bind(const Deck& deck);

    /// The language of decks: all tables, methods and corruptions.
    [[nodiscard]] const DeckSchema& schema() const { return schema_; }
    [[nodiscard]] const ResolvedDeck& resolved() const { return *resolved_; }
    /// The method that the deck names.
    [[nodiscard]] const MethodEntry& method() const;
    [[nodiscard]] const std::vector<std::unique_ptr<MethodEntry>>& methods() const {
        return methods_;
    }
    [[nodiscard]] bool has_truth_file() const { return resolved_->has_table("truth"); }
    [[nodiscard]] bool classifies() const { return resolved_->has_table("classify"); }

    /// Whether some entries will be missing from the problem, and how many as far as the deck
    /// tells.
    [[nodiscard]] ExpectedData expected_data() const;

    DataOptions data;
    SourceOptions truth;
    std::vector<std::shared_ptr<Corruption>> corruptions;
    ClassifyOptions classify;
    RunOptions run;
    ParallelOptions parallel;
    OutputOptions output;

  private:
    std::vector<std::unique_ptr<MethodEntry>> methods_;
    DeckSchema schema_;
    std::optional<ResolvedDeck> resolved_;
};

/// Text of a file, read by rank 0 and given to all ranks (collective). Throws IoError.
[[nodiscard]] std::string read_text_everywhere(const Communicator& communicator,
                                               const std::string& path);

/// The deck of a file with a command line's assignments in it (collective). Throws IoError,
/// UsageError.
[[nodiscard]] Deck read_deck(const Communicator& communicator, const std::string& path,
                             const std::vector<std::string>& assignments);

}  // namespace tessera
