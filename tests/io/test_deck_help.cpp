#include <gtest/gtest.h>

#include "deck_fixture.hpp"

namespace tessera {
namespace {

using test_support::DeckFixture;

TEST(DeckHelp, OnAKey) {
    DeckFixture f;
    EXPECT_EQ(f.schema.help("method.rank"),
              "method.rank  (name = \"svd\")\n"
              "    number of singular triplets kept\n"
              "    type:    integer >= 1\n"
              "    default: 5\n");
    EXPECT_EQ(f.schema.help("svd.rank"), f.schema.help("method.rank"));
    EXPECT_EQ(f.schema.help("method.svd.rank"), f.schema.help("method.rank"));
    EXPECT_EQ(f.schema.help("rank"), f.schema.help("method.rank"));
    EXPECT_EQ(f.schema.help("run.time_limit"),
              "run.time_limit\n"
              "    wall clock until a checkpoint and exit\n"
              "    type:    duration\n"
              "    default: not set\n"
              "    may be changed when a run is resumed\n");
    const std::string choice = f.schema.help("truncation");
    EXPECT_NE(choice.find("        energy  keep a share of the energy\n"), std::string::npos)
        << choice;
    // One key of two tables: both are told.
    const std::string path = f.schema.help("path");
    EXPECT_NE(path.find("data.path\n"), std::string::npos);
    EXPECT_NE(path.find("truth.path\n"), std::string::npos);
    EXPECT_NE(path.find("default: none, the deck must give it\n"), std::string::npos);
}

TEST(DeckHelp, OnTablesAndVariants) {
    DeckFixture f;
    const std::string method = f.schema.help("method");
    EXPECT_NE(method.find("svd     truncated SVD of an unfolding\n"), std::string::npos) << method;
    EXPECT_EQ(f.schema.help("method.name"), method);
    const std::string svd = f.schema.help("svd");
    EXPECT_NE(svd.find("[method] with name = \"svd\""), std::string::npos) << svd;
    EXPECT_NE(svd.find("method.tolerance\n"), std::string::npos);
    EXPECT_NE(f.schema.help("corrupt.gaussian").find("[[corrupt]] with kind"), std::string::npos);
    EXPECT_NE(f.schema.help("data").find("data.region\n"), std::string::npos);
    EXPECT_NE(f.schema.help("expect").find("peak signal-to-noise ratio"), std::string::npos);
    EXPECT_NE(f.schema.overview().find("[[corrupt]]"), std::string::npos);
    EXPECT_EQ(f.schema.variant_names("method"), (std::vector<std::string>{"svd", "tucker"}));
}

TEST(DeckHelp, UnknownTopic) {
    DeckFixture f;
    try {
        (void)f.schema.help("method.rnk");
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_STREQ(error.what(), "no help on \"method.rnk\" (did you mean \"method.rank\"?)");
    }
}

TEST(DeckTemplate, EveryVariantParsesAndBinds) {
    for (const char* method : {"svd", "tucker"}) {
        DeckFixture f;
        const std::string text = f.schema.template_deck(
            {.choices = {{"method", {method}}}, .title = "A deck to start from."});
        const ResolvedDeck deck = f.schema.bind(Deck::from_text(text, "template.toml"));
        EXPECT_EQ(deck.choice("method"), method) << text;
        EXPECT_FALSE(deck.has_table("truth"));
        EXPECT_EQ(f.path, "cube.h5:/cube");
    }
}

TEST(DeckTemplate, ValuesAndListsAreWrittenActive) {
    DeckFixture f;
    const std::string text = f.schema.template_deck(
        {.choices = {{"method", {"svd"}}, {"corrupt", {"gaussian", "deadline"}}},
         .values = {{"corrupt.0.sigma", "0.1"},
                    {"method.rank", "10"},
                    {"truth.path", "\"clean.h5\""},
                    {"expect.psnr", "{ min = 33.0 }"}}});
    const ResolvedDeck deck = f.schema.bind(Deck::from_text(text, "template.toml"));
    EXPECT_EQ(f.rank, 10);
    EXPECT_EQ(f.truth_path, "clean.h5");
    EXPECT_EQ(f.order, (std::vector<std::string>{"gaussian", "deadline"}));
    EXPECT_EQ(deck.expectations().size(), 1u);
    EXPECT_THROW((void)f.schema.template_deck({.choices = {{"method", {"svd2"}}}}), UsageError);
    EXPECT_THROW((void)f.schema.template_deck({.values = {{"method.rnk", "1"}}}), UsageError);
}

TEST(DeckTemplate, EveryCommentedDefaultIsValidWhenActive) {
    DeckFixture f;
    std::string text = f.schema.template_deck();
    // A `#` without a blank marks a line of TOML.
    for (std::size_t at = text.find("\n#"); at != std::string::npos;
         at = text.find("\n#", at + 1)) {
        if (text[at + 2] != ' ') {
            text.erase(at + 1, 1);
        }
    }
    const ResolvedDeck deck = f.schema.resolve(Deck::from_text(text, "template.toml"));
    EXPECT_TRUE(deck.has_table("truth")) << text;
    EXPECT_EQ(deck.count("corrupt"), 1u);
    EXPECT_EQ(deck.expectations().size(), 1u);
    EXPECT_EQ(deck.value_text("method.rank"), "5");
}

}  // namespace
}  // namespace tessera
