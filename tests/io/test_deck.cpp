#include <gtest/gtest.h>

#include "deck_fixture.hpp"

namespace tessera {
namespace {

std::string error_of_set(const std::string& text, const std::string& assignment) {
    try {
        Deck deck = Deck::from_text(text, "deck.toml");
        deck.set(assignment);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

TEST(Deck, KeepsPlacesAndOrder) {
    const Deck deck =
        Deck::from_text("schema = 1\n[b]\nz = 1\n  a = 2.5\n[a]\nlist = [1,\n 2]\n", "deck.toml");
    const auto& top = deck.root().as<OptionMap>();
    ASSERT_EQ(top.size(), 3u);
    EXPECT_EQ(top[0].key, "schema");
    EXPECT_EQ(top[1].key, "b");
    EXPECT_EQ(top[2].key, "a");
    const OptionEntry* a = top[1].value.find("a");
    ASSERT_NE(a, nullptr);
    EXPECT_EQ(a->place.text(), "deck.toml:4:3");
    EXPECT_EQ(a->value.place.text(), "deck.toml:4:7");
    EXPECT_EQ(a->value.as<double>(), 2.5);
    const OptionValue& list = top[2].value.find("list")->value;
    EXPECT_EQ(list.as<OptionList>()[1].place.text(), "deck.toml:7:2");
    EXPECT_EQ(top[1].value.as<OptionMap>()[0].key, "z");
}

TEST(Deck, CommandLineSetsAndAppends) {
    Deck deck = Deck::from_text(test_support::full_deck, "deck.toml");
    deck.set("method.rank=12");
    deck.set("corrupt.0.sigma = 0.2");
    deck.set("data.region.y=[0, 4]");
    deck.set("corrupt.3.kind=deadline");
    deck.set("new.key=[1, 2]");
    const OptionValue& root = deck.root();
    const OptionEntry* rank = root.find("method")->value.find("rank");
    EXPECT_EQ(rank->value.as<std::int64_t>(), 12);
    EXPECT_EQ(rank->value.place.text(), "command line");
    EXPECT_EQ(rank->place.text(), "command line");
    const auto& corrupt = root.find("corrupt")->value.as<OptionList>();
    ASSERT_EQ(corrupt.size(), 4u);
    EXPECT_EQ(corrupt[0].find("sigma")->value.as<double>(), 0.2);
    EXPECT_EQ(corrupt[3].find("kind")->value.as<std::string>(), "deadline");
    const OptionValue& region = root.find("data")->value.find("region")->value;
    EXPECT_EQ(region.to_toml(), "{ y = [0, 4], band = [3, 190] }");
    EXPECT_EQ(root.find("new")->value.find("key")->value.to_toml(), "[1, 2]");
    EXPECT_EQ(deck.assignments().size(), 5u);
    EXPECT_EQ(deck.text(), test_support::full_deck);
}

TEST(Deck, CommandLineMistakes) {
    EXPECT_EQ(error_of_set("", "verbose"),
              "command line: error: \"verbose\": expected an assignment such as method.rank=10");
    EXPECT_EQ(
        error_of_set("", "a b=1"),
        "command line: error: \"a b=1\": the part before the = is no key such as method.rank");
    EXPECT_NE(error_of_set("", "=1"), "");
    EXPECT_NE(error_of_set("", "a.=1"), "");
    EXPECT_NE(error_of_set("", "a=1\nb=2=3\n[x]=1"), "no crash");
    EXPECT_EQ(error_of_set("[[c]]\nk = 1\n", "c.2.k=1"),
              "command line: error: c.2.k: a list with 1 element(s) has no element \"2\"; they "
              "count from 0");
    EXPECT_NE(error_of_set("[[c]]\nk = 1\n", "c.k=1"), "");
}

TEST(Deck, AListCanStartOnTheCommandLine) {
    Deck deck;
    deck.set_all({"corrupt.0.kind=gaussian", "corrupt.0.sigma=0.1"});
    const OptionValue& list = deck.root().find("corrupt")->value;
    ASSERT_TRUE(list.is<OptionList>());
    EXPECT_EQ(list.as<OptionList>()[0].to_toml(), "{ kind = \"gaussian\", sigma = 0.1 }");
}

TEST(Deck, FilesThatCannotBeRead) {
    try {
        (void)Deck::from_file("no/such/deck.toml");
        FAIL();
    } catch (const IoError& error) {
        EXPECT_STREQ(error.what(), "cannot read the deck no/such/deck.toml: no such file");
    }
    EXPECT_THROW((void)Deck::from_file("."), IoError);
}

TEST(Deck, MalformedTextNeverCrashes) {
    // Every prefix of a good deck, and single-byte damage at every position: an error or a deck.
    const std::string good = test_support::full_deck;
    test_support::DeckFixture fixture;
    for (std::size_t i = 0; i < good.size(); ++i) {
        (void)fixture.error_of(good.substr(0, i));
        for (const char c : {'\0', '"', '[', '=', '\n', '\xff', '{', '.', '9'}) {
            std::string bad = good;
            bad[i] = c;
            (void)fixture.error_of(bad);
        }
    }
    (void)fixture.error_of(std::string(5000, '['));
    (void)fixture.error_of("a = " + std::string(5000, '['));
    (void)fixture.error_of("a = " + std::string(100000, '9'));
    EXPECT_NE(fixture.error_of("a = 1e999999"), "");
    // A letter beyond ASCII belongs into quotation marks.
    for (const char* const text :
         {"[dat\u01AC]\n", "\u01AC = 1\n", "a = 1\u01AC\n", "a.\u00E4 = true\n"}) {
        EXPECT_NE(fixture.error_of(text), "") << text;
    }
}

TEST(Deck, MalformedAssignmentsNeverCrash) {
    const std::string good = "corrupt.0.sigma=[0.1, 0.2]";
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (const char c : {'\0', '"', '[', '=', '\n', '\xff', '{', '.', '9', '#', '\''}) {
            std::string bad = good;
            bad[i] = c;
            (void)error_of_set(test_support::full_deck, bad);
            (void)error_of_set("", bad.substr(i));
        }
    }
}

}  // namespace
}  // namespace tessera
