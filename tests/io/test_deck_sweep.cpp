#include <gtest/gtest.h>

#include "tessera/base/error.hpp"
#include "tessera/io/deck_sweep.hpp"

namespace {

using namespace tessera;

Sweep sweep_of(const std::string& text) {
    const std::optional<Sweep> sweep = read_sweep(Deck::from_text(text, "deck.toml"));
    EXPECT_TRUE(sweep.has_value());
    return sweep.value_or(Sweep{});
}

TEST(DeckSweepOneRank, EveryCombinationOnceTheLastKeyFastest) {
    const Sweep sweep = sweep_of(
        "[sweep]\n\"method.rank\" = [5, 10, 20]\nrun.seed = [1, 2]\n"
        "\"data.region\" = [{ rows = [0, 4] }]\n");
    ASSERT_EQ(sweep.count(), 6);
    using Words = std::vector<std::string>;
    EXPECT_EQ(sweep.assignments(0),
              (Words{"method.rank=5", "run.seed=1", "data.region={ rows = [0, 4] }"}));
    EXPECT_EQ(sweep.values(3), (Words{"10", "2", "{ rows = [0, 4] }"}));
    EXPECT_EQ(sweep.values(5), (Words{"20", "2", "{ rows = [0, 4] }"}));
    EXPECT_FALSE(sweep.only.has_value());
}

TEST(DeckSweepOneRank, AssignmentsReadBack) {
    const Sweep sweep = sweep_of("[sweep]\n\"method.truncation\" = [\"rank\", \"energy\"]\n");
    Deck deck;
    deck.set_all(sweep.assignments(1));
    const OptionEntry* const method = deck.root().find("method");
    ASSERT_NE(method, nullptr);
    EXPECT_EQ(method->value.find("truncation")->value.as<std::string>(), "energy");
}

TEST(DeckSweepOneRank, OnlyAndParked) {
    EXPECT_EQ(sweep_of("[sweep]\nonly = 1\nrun.seed = [1, 2]\n").only, 1);
    const auto parked = [](const std::string& text) {
        return !read_sweep(Deck::from_text(text, "deck.toml")).has_value();
    };
    EXPECT_TRUE(parked("[run]\nseed = 1\n"));
    EXPECT_TRUE(parked("[sweep]\nenabled = false\nrun.seed = [1, 2]\n"));
}

TEST(DeckSweepOneRank, MistakesAreTold) {
    for (const char* const text :
         {"sweep = 3\n", "[sweep]\n", "[sweep]\nrun.seed = 3\n", "[sweep]\nrun.seed = []\n",
          "[sweep]\nseed = [1]\n", "[sweep]\nonly = 2\nrun.seed = [1, 2]\n",
          "[sweep]\nonly = \"first\"\nrun.seed = [1]\n"}) {
        EXPECT_THROW(static_cast<void>(read_sweep(Deck::from_text(text, "deck.toml"))), UsageError)
            << text;
    }
}

}  // namespace
