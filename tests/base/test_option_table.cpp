#include <gtest/gtest.h>

#include <limits>

#include "tessera/base/error.hpp"
#include "tessera/base/option_table.hpp"

namespace tessera {
namespace {

enum class Truncation { rank, energy };

/// One member of every type that an option may bind.
struct AllTypes {
    bool flag = true;
    int small = 3;
    std::uint64_t seed = 1;
    float single = 0.1F;
    double real = 0.5;
    std::string word = "name";
    std::filesystem::path file = "runs";
    Truncation truncation = Truncation::rank;
    double limit = 1200;
    std::vector<std::int64_t> integers{1, 2};
    std::vector<double> reals{0.5};
    std::vector<std::string> words{"result"};
    std::vector<double> sigma{0.1};
    std::vector<int> bins{1};
    std::optional<std::vector<std::int64_t>> grid;
    std::map<std::string, std::vector<std::int64_t>> region;
    std::map<std::string, double> weights;
    std::map<std::string, std::string> units;
    double every = 600;

    void declare(OptionTable& table) {
        table.add("flag", flag, "a switch");
        table.add("small", small, "a small integer").minimum(1).maximum(10);
        table.add("seed", seed, "seed of the random numbers");
        table.add("single", single, "a real of single precision");
        table.add("real", real, "a share").above(0).maximum(1);
        table.add("word", word, "a word");
        table.add("file", file, "a path");
        table.add_choice(
            "truncation", truncation,
            {{"rank", Truncation::rank, "by rank"}, {"energy", Truncation::energy, "by energy"}},
            "what decides the rank");
        table.add_duration("limit", limit, "wall clock").minimum(1);
        table.add("integers", integers, "integers").length(2).minimum(0);
        table.add("reals", reals, "reals").length(1, 3);
        table.add("words", words, "words").choices({{"result", ""}, {"factors", ""}});
        table.add_number_or_list("sigma", sigma, "noise").minimum(0);
        table.add_number_or_list("bins", bins, "bins").minimum(1);
        table.add("grid", grid, "process grid").auto_word("auto");
        table.add("region", region, "ranges").length(2);
        table.add("weights", weights, "weights").minimum(0);
        table.add("units", units, "units");
        table.add_duration("checkpoint.every", every, "time between checkpoints");
    }
};

template <class T>
OptionValue value(T data) {
    return make_option_value(std::move(data));
}
OptionValue integer(std::int64_t data) { return value(data); }
OptionValue text(const char* data) { return value(std::string(data)); }
OptionValue list(OptionList elements) { return value(std::move(elements)); }
OptionValue table_of(const std::string& key, OptionValue element) {
    return value(OptionMap{{key, {}, std::move(element)}});
}

/// The message for one wrong value, without place and key.
std::string complaint(const std::string& key, OptionValue element) {
    AllTypes all;
    OptionTable table("t");
    all.declare(table);
    std::vector<OptionProblem> problems;
    (void)table.resolve(table_of(key, std::move(element)), "t", problems);
    return problems.size() == 1 ? problems[0].message : std::to_string(problems.size());
}

TEST(OptionTable, BindsEveryType) {
    AllTypes all;
    OptionTable table("t");
    all.declare(table);
    OptionMap map;
    const auto give = [&](const char* key, OptionValue v) { map.push_back({key, {}, v}); };
    give("flag", value(false));
    give("small", integer(7));
    give("seed", integer(42));
    give("single", value(0.25));
    give("real", integer(1));
    give("word", text("other"));
    give("file", text("a/b.h5:/cube"));
    give("truncation", text("energy"));
    give("limit", value(OptionDate{"01:50:00"}));
    give("integers", list({integer(5), integer(6)}));
    give("reals", list({integer(1), value(2.5)}));
    give("words", list({text("factors"), text("result")}));
    give("sigma", integer(2));
    give("bins", list({integer(1), integer(2)}));
    give("grid", list({integer(4), integer(1)}));
    give("region", table_of("y", list({integer(0), integer(256)})));
    give("weights", table_of("y", integer(2)));
    give("units", table_of("y", text("mm")));
    give("checkpoint", table_of("every", text("20 min")));
    const auto resolved = table.bind(value(map));
    EXPECT_FALSE(all.flag);
    EXPECT_EQ(all.small, 7);
    EXPECT_EQ(all.seed, 42u);
    EXPECT_EQ(all.single, 0.25F);
    EXPECT_EQ(all.real, 1.0);
    EXPECT_EQ(all.word, "other");
    EXPECT_EQ(all.file, "a/b.h5:/cube");
    EXPECT_EQ(all.truncation, Truncation::energy);
    EXPECT_EQ(all.limit, 6600);
    EXPECT_EQ(all.integers, (std::vector<std::int64_t>{5, 6}));
    EXPECT_EQ(all.reals, (std::vector<double>{1, 2.5}));
    EXPECT_EQ(all.words, (std::vector<std::string>{"factors", "result"}));
    EXPECT_EQ(all.sigma, std::vector<double>{2});
    EXPECT_EQ(all.bins, (std::vector<int>{1, 2}));
    EXPECT_EQ(all.grid, (std::vector<std::int64_t>{4, 1}));
    EXPECT_EQ(all.region.at("y"), (std::vector<std::int64_t>{0, 256}));
    EXPECT_EQ(all.weights.at("y"), 2.0);
    EXPECT_EQ(all.units.at("y"), "mm");
    EXPECT_EQ(all.every, 1200);
    for (const ResolvedOption& option : resolved) {
        EXPECT_TRUE(option.differs_from_default) << option.key;
    }
}

TEST(OptionTable, DefaultsAreTheMembersAtDeclaration) {
    AllTypes all;
    OptionTable table("t");
    all.declare(table);
    all.small = 9;
    all.grid = {2};
    const auto resolved = table.bind(value(OptionMap{}));
    EXPECT_EQ(all.small, 3);
    EXPECT_EQ(all.grid, std::nullopt);
    for (const ResolvedOption& option : resolved) {
        EXPECT_FALSE(option.differs_from_default) << option.key;
    }
    const auto shown = [&](const std::string& key) {
        for (const ResolvedOption& option : resolved) {
            if (option.key == key) {
                return option.text;
            }
        }
        return std::string("absent");
    };
    EXPECT_EQ(shown("single"), "0.1");
    EXPECT_EQ(shown("limit"), "\"20 min\"");
    EXPECT_EQ(shown("sigma"), "0.1");
    EXPECT_EQ(shown("grid"), "\"auto\"");
    EXPECT_EQ(shown("region"), "{}");
    EXPECT_EQ(shown("checkpoint.every"), "\"10 min\"");
}

TEST(OptionTable, WrongTypes) {
    EXPECT_EQ(complaint("flag", integer(1)), "expected true or false, got an integer");
    EXPECT_EQ(complaint("small", value(2.5)), "expected an integer from 1 to 10, got 2.5");
    EXPECT_EQ(complaint("small", value(true)), "expected an integer from 1 to 10, got a boolean");
    EXPECT_EQ(complaint("real", text("tight")), "expected a number > 0 and <= 1, got \"tight\"");
    EXPECT_EQ(complaint("word", integer(5)), "expected a string, got an integer");
    EXPECT_EQ(complaint("file", list({})), "expected a string, got a list");
    EXPECT_EQ(complaint("integers", integer(1)), "expected a list of 2 integers >= 0, got 1");
    EXPECT_EQ(complaint("reals", list({text("a")})),
              "expected a list of 1 to 3 numbers, got \"a\" as element 0");
    EXPECT_EQ(complaint("sigma", text("a")), "expected a number >= 0 or a list of such, got \"a\"");
    EXPECT_EQ(complaint("grid", text("automatic")),
              "expected a list of integers or \"auto\", got \"automatic\"");
    EXPECT_EQ(complaint("region", list({})),
              "expected a table of lists of 2 integers such as { y = [0, 256] }, got a list");
    EXPECT_EQ(complaint("region", table_of("y", list({integer(1)}))),
              "expected a table of lists of 2 integers such as { y = [0, 256] }, got 1 of them for "
              "\"y\"");
    EXPECT_EQ(complaint("checkpoint", integer(5)), "expected a table, got an integer");
    EXPECT_EQ(complaint("word", value(OptionDate{"2020-01-01"})),
              "expected a string, got a date or time");
}

TEST(OptionTable, OutOfRange) {
    EXPECT_EQ(complaint("small", integer(0)), "expected an integer from 1 to 10, got 0");
    EXPECT_EQ(complaint("small", integer(11)), "expected an integer from 1 to 10, got 11");
    EXPECT_EQ(complaint("real", value(0.0)), "expected a number > 0 and <= 1, got 0.0");
    EXPECT_EQ(complaint("integers", list({integer(1), integer(-2)})),
              "expected a list of 2 integers >= 0, got -2 as element 1");
    EXPECT_EQ(complaint("integers", list({integer(1)})),
              "expected a list of 2 integers >= 0, got 1 of them");
    EXPECT_EQ(complaint("limit", text("10 ms")),
              "expected a duration such as \"20 min\" or \"01:50:00\" >= 1 s, got \"0.01 s\"");
    EXPECT_EQ(complaint("seed", integer(-1)),
              "expected an integer, got -1 (allowed are 0 to 9223372036854775807)");
    EXPECT_EQ(complaint("bins", integer(std::int64_t{1} << 40)),
              "expected an integer >= 1 or a list of such, got 1099511627776 (allowed are "
              "-2147483648 to 2147483647)");
    EXPECT_EQ(complaint("weights", table_of("y", value(-1.0))),
              "expected a table of numbers >= 0 such as { y = 0.5 }, got -1.0 for \"y\"");
}

TEST(OptionTable, NotFinite) {
    EXPECT_EQ(complaint("single", value(std::numeric_limits<double>::quiet_NaN())),
              "expected a number, got nan");
    EXPECT_EQ(complaint("single", value(-std::numeric_limits<double>::infinity())),
              "expected a number, got -inf");
    EXPECT_EQ(complaint("reals", list({value(std::numeric_limits<double>::infinity())})),
              "expected a list of 1 to 3 numbers, got inf as element 0");
}

TEST(OptionTable, DurationsNeedAUnit) {
    EXPECT_EQ(complaint("limit", integer(1200)),
              "expected a duration such as \"20 min\" or \"01:50:00\" >= 1 s, got 1200 without a "
              "unit");
    EXPECT_EQ(complaint("limit", text("20 m")),
              "expected a duration such as \"20 min\" or \"01:50:00\" >= 1 s, got \"20 m\"");
}

TEST(OptionTable, ChoicesAreListed) {
    EXPECT_EQ(complaint("truncation", text("enrgy")),
              "expected one of \"rank\", \"energy\", got \"enrgy\" (did you mean \"energy\"?)");
    EXPECT_EQ(complaint("words", list({text("nothing")})),
              "expected a list of strings among \"result\", \"factors\", got \"nothing\" as "
              "element 0");
}

TEST(OptionTable, UnknownKeys) {
    EXPECT_EQ(complaint("smal", integer(1)), "unknown key (did you mean \"small\"?)");
    EXPECT_EQ(complaint("xyzzy", integer(1)), "unknown key");
    EXPECT_EQ(complaint("checkpoint", table_of("evry", integer(1))),
              "unknown key (did you mean \"every\"?)");
    // A quoted key with a dot is one key, not the nested option.
    EXPECT_EQ(complaint("checkpoint.every", text("1 s")),
              "unknown key (did you mean \"checkpoint\"?)");
}

TEST(OptionTable, RequiredKeys) {
    std::string path;
    OptionTable table("data");
    table.add("path", path, "file to read").required();
    EXPECT_TRUE(table.has_required());
    try {
        table.bind(value(OptionMap{}));
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("data.path: required key is missing"),
                  std::string::npos);
    }
}

TEST(OptionTable, RulesAndHandOver) {
    std::optional<double> sigma;
    std::optional<double> snr;
    int bound = 0;
    OptionTable table("corrupt");
    table.add("sigma", sigma, "noise");
    table.add("snr_db", snr, "signal to noise");
    table.add_check("sigma", [&] {
        return sigma.has_value() == snr.has_value() ? std::string("give sigma or snr_db")
                                                    : std::string();
    });
    table.when_bound([&] { ++bound; });
    EXPECT_THROW(table.bind(value(OptionMap{})), UsageError);
    EXPECT_EQ(bound, 0);
    table.bind(table_of("snr_db", integer(20)));
    EXPECT_EQ(bound, 1);
    EXPECT_EQ(snr, 20.0);
}

TEST(OptionTable, CommandLineWordsBecomeStrings) {
    AllTypes all;
    OptionTable table("t");
    all.declare(table);
    OptionValue number = integer(2024);
    number.place.origin = OptionOrigin::command_line;
    number.typed = "2024";
    table.bind(table_of("word", number));
    EXPECT_EQ(all.word, "2024");
    number.place.origin = OptionOrigin::deck;
    EXPECT_THROW(table.bind(table_of("word", number)), UsageError);
}

TEST(OptionTable, DeclarationMistakesAreFoundAtOnce) {
    double a = 0;
    OptionTable table("t");
    table.add("a", a, "");
    EXPECT_THROW(table.add("a", a, ""), std::logic_error);
    EXPECT_THROW(table.add("a.b", a, ""), std::logic_error);
    EXPECT_THROW(table.add("enabled", a, ""), std::logic_error);
    EXPECT_THROW(table.add("b", a, "").auto_word("auto"), std::logic_error);
    EXPECT_THROW(table.add_check("c", [] { return std::string(); }), std::logic_error);
    auto odd = static_cast<Truncation>(7);
    EXPECT_THROW(table.add_choice("d", odd, {{"rank", Truncation::rank, ""}}, ""),
                 std::logic_error);
}

}  // namespace
}  // namespace tessera
