#include <gtest/gtest.h>

#include <algorithm>

#include "deck_fixture.hpp"

namespace tessera {
namespace {

// Each inputs/bad/x.toml has beside it x.expected, the message that it must cause, with the deck
// named by its file name. A first line `# command line: a.b=1 c.d=2` adds assignments.
std::vector<std::string> assignments_of(const std::string& text) {
    constexpr std::string_view mark = "# command line: ";
    std::vector<std::string> out;
    if (!text.starts_with(mark)) {
        return out;
    }
    std::string line = text.substr(mark.size(), text.find('\n') - mark.size());
    while (!line.empty()) {
        const std::size_t blank = std::min(line.find(' '), line.size());
        out.push_back(line.substr(0, blank));
        line.erase(0, std::min(blank + 1, line.size()));
    }
    return out;
}

TEST(DeckZoo, EveryBadDeckGetsItsMessage) {
    std::vector<std::filesystem::path> decks;
    ASSERT_TRUE(std::filesystem::is_directory(test_support::bad_decks()))
        << "TESSERA_SOURCE must name the repository";
    for (const auto& entry : std::filesystem::directory_iterator(test_support::bad_decks())) {
        if (entry.path().extension() == ".toml") {
            decks.push_back(entry.path());
        }
    }
    std::sort(decks.begin(), decks.end());
    EXPECT_GE(decks.size(), 20u);
    for (const auto& path : decks) {
        test_support::DeckFixture fixture;
        const std::string text = test_support::file_text(path);
        const std::string found =
            fixture.error_of(text, path.filename().string(), assignments_of(text)) + "\n";
        auto expected = path;
        expected.replace_extension(".expected");
        EXPECT_EQ(found, test_support::file_text(expected)) << path.filename();
    }
}

}  // namespace
}  // namespace tessera
