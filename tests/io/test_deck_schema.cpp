#include <gtest/gtest.h>

#include <algorithm>

#include "deck_fixture.hpp"

namespace tessera {
namespace {

using test_support::DeckFixture;
using test_support::full_deck;
using test_support::Truncation;

constexpr const char* small_deck = "[data]\npath = \"a.npy\"\n[method]\nname = \"svd\"\n";

std::string origin_of(const ResolvedDeck& deck, const std::string& key) {
    for (const ManifestKey& line : deck.manifest()) {
        if (line.key == key) {
            return line.value + " from " + line.origin;
        }
    }
    return "absent";
}

TEST(DeckSchema, BindsAFullDeck) {
    DeckFixture f;
    const ResolvedDeck deck = f.schema.bind(Deck::from_text(full_deck, "deck.toml"));
    EXPECT_EQ(f.path, "data/wdc.h5:/cube");
    EXPECT_EQ(f.dims, (std::vector<std::string>{"y", "x", "band"}));
    EXPECT_EQ(f.region.at("band"), (std::vector<std::int64_t>{3, 190}));
    EXPECT_EQ(f.bin, std::vector<std::int64_t>{2});
    EXPECT_EQ(f.truth_path, "data/clean.h5");
    EXPECT_EQ(f.order, (std::vector<std::string>{"gaussian", "deadline", "gaussian"}));
    EXPECT_EQ(f.gaussians.at(0)->sigma, std::vector<double>{0.1});
    EXPECT_EQ(f.gaussians.at(1)->snr_db, 20.0);
    EXPECT_EQ(f.deadlines.at(0)->bands, (std::vector<std::int64_t>{90, 130}));
    EXPECT_EQ(f.keep, 0.5);
    EXPECT_EQ(f.rank, 10);
    EXPECT_EQ(f.tolerance, 1e-7);
    EXPECT_EQ(f.seed, 7u);
    EXPECT_EQ(f.time_limit, 6600.0);
    EXPECT_EQ(f.checkpoint_every, 300);
    EXPECT_EQ(f.checkpoint_keep, 3);
    EXPECT_EQ(f.grid, (std::vector<std::int64_t>{2, 1, 1}));
    EXPECT_EQ(f.directory, "runs/wdc");
    EXPECT_EQ(deck.choice("method"), "svd");
    EXPECT_EQ(deck.choice("operator"), "mask");
    EXPECT_EQ(deck.count("corrupt"), 3u);
    EXPECT_TRUE(deck.has_table("truth"));
    ASSERT_EQ(deck.expectations().size(), 2u);
    EXPECT_EQ(deck.expectations()[0].quantity, "psnr");
    EXPECT_EQ(deck.expectations()[0].minimum, 33.1);
    EXPECT_EQ(deck.expectations()[0].maximum, 33.7);
    EXPECT_EQ(deck.expectations()[1].maximum, std::nullopt);
    EXPECT_EQ(deck.expectations()[1].place.line, 36);
}

TEST(DeckSchema, DefaultsWhereTheDeckIsSilent) {
    DeckFixture f;
    const ResolvedDeck deck = f.schema.bind(Deck::from_text(small_deck, "deck.toml"));
    EXPECT_FALSE(deck.has_table("truth"));
    EXPECT_EQ(deck.choice("operator"), "identity");
    EXPECT_EQ(deck.count("corrupt"), 0u);
    EXPECT_EQ(f.rank, 5);
    EXPECT_EQ(f.grid, std::nullopt);
    EXPECT_EQ(deck.changed_keys(), (std::vector<std::string>{"data.path", "method.name"}));
}

TEST(DeckSchema, OriginsAndOverrides) {
    DeckFixture f;
    Deck deck = Deck::from_text(full_deck, "deck.toml");
    deck.set_all({"method.rank=20", "method.rank=30", "method.truncation=energy", "data.path=2024",
                  "run.time_limit=20 min", "corrupt.0.sigma=0.2", "parallel.grid=auto"});
    const ResolvedDeck resolved = f.schema.bind(deck);
    EXPECT_EQ(f.rank, 30);
    EXPECT_EQ(f.truncation, Truncation::energy);
    EXPECT_EQ(f.path, "2024");
    EXPECT_EQ(f.time_limit, 1200.0);
    EXPECT_EQ(f.gaussians.at(0)->sigma, std::vector<double>{0.2});
    EXPECT_EQ(f.grid, std::nullopt);
    EXPECT_EQ(origin_of(resolved, "method.rank"), "30 from command line");
    EXPECT_EQ(origin_of(resolved, "method.tolerance"), "1e-07 from deck:24");
    EXPECT_EQ(origin_of(resolved, "method.energy"), "0.99 from default");
    EXPECT_EQ(origin_of(resolved, "corrupt.0.sigma"), "0.2 from command line");
    EXPECT_EQ(origin_of(resolved, "run.checkpoint.every"), "\"5 min\" from deck:28");
    EXPECT_EQ(origin_of(resolved, "parallel.grid"), "\"auto\" from command line");
    EXPECT_EQ(origin_of(resolved, "expect.psnr"), "{ min = 33.1, max = 33.7 } from deck:35");
    EXPECT_EQ(resolved.value_text("method.rank"), "30");
    EXPECT_EQ(resolved.value_text("corrupt.0.snr_db"), std::nullopt);
}

TEST(DeckSchema, MistakesOnTheCommandLine) {
    DeckFixture f;
    EXPECT_EQ(f.error_of(small_deck, "deck.toml",
                         {"method.tolerance=tight", "method.rnk=3", "rank=3", "method.rank=0"}),
              "command line: error: method.tolerance: expected a number > 0, got \"tight\"\n"
              "command line: error: method.rnk: unknown key (did you mean \"rank\"?)\n"
              "command line: error: rank: unknown key; every key but `schema` belongs into a table "
              "(did you mean \"method.rank\"?)\n"
              "command line: error: method.rank: expected an integer >= 1, got 0");
}

TEST(DeckSchema, AtMostTwentyLines) {
    DeckFixture f;
    std::string text = small_deck;
    for (int i = 0; i < 30; ++i) {
        text += "xyzzy" + std::to_string(i) + " = 1\n";
    }
    const std::string error = f.error_of(text);
    EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 20);
    EXPECT_TRUE(error.ends_with("... and 10 more")) << error;
}

TEST(DeckSchema, NothingIsBoundWhenSomethingIsWrong) {
    DeckFixture f;
    EXPECT_NE(f.error_of(std::string(small_deck) + "rank = 77\n[run]\nseed = -1\n"), "");
    EXPECT_EQ(f.rank, 5);
    EXPECT_TRUE(f.order.empty());
}

TEST(DeckSchema, ParkedTablesAreIgnoredAndNoted) {
    DeckFixture f;
    const std::string text = std::string(small_deck) +
                             "[truth]\nenabled = false\nnonsense = 1\n"
                             "[x-old]\nwhatever = true\n"
                             "[[corrupt]]\nkind = \"gaussian\"\nenabled = false\n"
                             "[[corrupt]]\nkind = \"gaussian\"\nenabled = true\nsigma = 1\n"
                             "[sweep]\nenabled = false\n";
    const ResolvedDeck deck = f.schema.bind(Deck::from_text(text, "deck.toml"));
    EXPECT_FALSE(deck.has_table("truth"));
    EXPECT_EQ(deck.count("corrupt"), 1u);
    EXPECT_EQ(f.gaussians.size(), 1u);
    EXPECT_EQ(deck.sections().at(1).path, "corrupt.0");
    EXPECT_EQ(deck.notes(),
              (std::vector<std::string>{
                  "deck.toml:8:1: note: table [x-old] is ignored",
                  "deck.toml:17:1: note: table [sweep] is ignored (enabled = false)",
                  "deck.toml:5:1: note: table [truth] is ignored (enabled = false)",
                  "deck.toml:10:1: note: table [corrupt.0] is ignored (enabled = false)"}));
}

TEST(DeckSchema, ResolvedDeckReadsBackToTheSame) {
    for (const std::string text : {full_deck, small_deck}) {
        DeckFixture f;
        Deck deck = Deck::from_text(text, "deck.toml");
        deck.set("method.energy=0.3333333333333333");
        const ResolvedDeck first = f.schema.bind(deck);
        DeckFixture g;
        const ResolvedDeck second =
            g.schema.bind(Deck::from_text(first.to_toml(), "deck.resolved.toml"));
        EXPECT_TRUE(differing_keys(first, second).empty());
        ASSERT_EQ(first.manifest().size(), second.manifest().size());
        for (std::size_t i = 0; i < first.manifest().size(); ++i) {
            EXPECT_EQ(first.manifest()[i].key, second.manifest()[i].key);
            EXPECT_EQ(first.manifest()[i].value, second.manifest()[i].value);
        }
        EXPECT_EQ(g.energy, 1.0 / 3);
        EXPECT_EQ(f.region, g.region);
        EXPECT_EQ(f.time_limit, g.time_limit);
        EXPECT_EQ(f.grid, g.grid);
        EXPECT_EQ(f.order, g.order);
    }
}

TEST(DeckSchema, ResolvedDeckNamesOrigins) {
    DeckFixture f;
    Deck deck = Deck::from_text(small_deck, "deck.toml");
    deck.set("method.rank=3");
    const std::string text = f.schema.resolve(deck).to_toml();
    EXPECT_NE(text.find("\nname = \"svd\"  # deck:4\nrank = 3  # command line\n"
                        "energy = 0.99  # default\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("# time_limit is not set\n"), std::string::npos) << text;
}

TEST(DeckSchema, DifferingKeys) {
    const auto resolve = [](const std::vector<std::string>& assignments) {
        DeckFixture f;
        Deck deck = Deck::from_text(full_deck, "deck.toml");
        deck.set_all(assignments);
        return f.schema.resolve(deck);
    };
    const ResolvedDeck base = resolve({});
    const auto keys = [&](const std::vector<std::string>& assignments) {
        return differing_keys(base, resolve(assignments));
    };
    using Keys = std::vector<std::string>;
    EXPECT_EQ(keys({"method.rank=10"}), Keys{});
    EXPECT_EQ(keys({"run.time_limit=3 d", "output.dir=elsewhere", "run.checkpoint.keep=9",
                    "expect.psnr.min=1"}),
              Keys{});
    EXPECT_EQ(keys({"run.seed=8", "method.rank=11", "corrupt.0.sigma=0.3"}),
              (Keys{"corrupt.0.sigma", "method.rank", "run.seed"}));
    EXPECT_EQ(keys({"truth.enabled=false"}), Keys{"truth.path"});
    EXPECT_EQ(keys({"operator={}"}), (Keys{"operator.keep", "operator.name"}));
    EXPECT_EQ(keys({"data.bin=[2]", "method.tolerance=1.0e-7"}), Keys{});
}

TEST(DeckSchema, BindingTwiceForgetsTheFirstDeck) {
    DeckFixture f;
    f.schema.bind(Deck::from_text(full_deck, "deck.toml"));
    f.schema.bind(Deck::from_text(small_deck, "deck.toml"));
    EXPECT_EQ(f.rank, 5);
    EXPECT_EQ(f.seed, 1u);
    EXPECT_EQ(f.time_limit, std::nullopt);
    EXPECT_TRUE(f.region.empty());
}

TEST(DeckSchema, RegistrationMistakes) {
    DeckSchema schema;
    const auto nothing = [](OptionTable&) {};
    schema.table("run", nothing);
    EXPECT_THROW(schema.table("run", nothing), std::logic_error);
    EXPECT_THROW(schema.table("sweep", nothing), std::logic_error);
    EXPECT_THROW(schema.table("x-run", nothing), std::logic_error);
    EXPECT_THROW(schema.variant_table("m", "name", {{"a", nothing}, {"a", nothing}}),
                 std::logic_error);
    EXPECT_THROW(schema.variant_table("n", "name", {{"a", nothing}}, "b"), std::logic_error);
}

}  // namespace
}  // namespace tessera
