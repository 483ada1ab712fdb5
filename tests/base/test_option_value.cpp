#include <gtest/gtest.h>

#include <cstdlib>

#include "tessera/base/error.hpp"
#include "tessera/base/option_problem.hpp"
#include "tessera/base/option_value.hpp"

namespace tessera {
namespace {

TEST(OptionValue, PrintsAsToml) {
    EXPECT_EQ(make_option_value(true).to_toml(), "true");
    EXPECT_EQ(make_option_value(std::int64_t{-3}).to_toml(), "-3");
    EXPECT_EQ(make_option_value(0.1).to_toml(), "0.1");
    EXPECT_EQ(make_option_value(2.0).to_toml(), "2.0");
    EXPECT_EQ(make_option_value(1e-6).to_toml(), "1e-06");
    EXPECT_EQ(make_option_value(std::string("a\"b\\c\n\x01")).to_toml(), R"("a\"b\\c\n\u0001")");
    const OptionValue list =
        make_option_value(OptionList{make_option_value(std::int64_t{0}), make_option_value(1.5)});
    EXPECT_EQ(list.to_toml(), "[0, 1.5]");
    EXPECT_EQ(make_option_value(OptionMap{{"y z", {}, list}, {"b", {}, list}}).to_toml(),
              "{ \"y z\" = [0, 1.5], b = [0, 1.5] }");
    EXPECT_EQ(make_option_value(OptionMap{}).to_toml(), "{}");
    EXPECT_EQ(OptionValue{}.to_toml(), "");
}

TEST(OptionValue, RealsReadBackToTheSameBits) {
    for (const double x : {1.0 / 3, 1e-308, 5e-324, 1.7976931348623157e308, 123456789.123456789}) {
        EXPECT_EQ(std::strtod(make_option_value(x).to_toml().c_str(), nullptr), x);
    }
    EXPECT_EQ(as_written(0.1F), 0.1);
    EXPECT_EQ(static_cast<float>(as_written(0.3F)), 0.3F);
}

TEST(OptionValue, ComparesContentsNotPlaces) {
    OptionValue a = make_option_value(1.0);
    OptionValue b = make_option_value(1.0);
    b.place.line = 7;
    EXPECT_TRUE(same_value(a, b));
    EXPECT_FALSE(same_value(a, make_option_value(std::int64_t{1})));
    EXPECT_FALSE(same_value(make_option_value(OptionList{a}), make_option_value(OptionList{a, b})));
    const OptionValue xy = make_option_value(OptionMap{{"x", {}, a}, {"y", {}, b}});
    const OptionValue yx = make_option_value(OptionMap{{"y", {}, b}, {"x", {}, a}});
    EXPECT_TRUE(same_value(xy, yx));
    EXPECT_FALSE(same_value(xy, make_option_value(OptionMap{{"x", {}, a}, {"z", {}, b}})));
}

TEST(OptionPlace, Texts) {
    const OptionPlace deck{OptionOrigin::deck, "a.toml", 3, 9, 0};
    EXPECT_EQ(deck.text(), "a.toml:3:9");
    EXPECT_EQ(deck.short_text(), "deck:3");
    const OptionPlace whole{OptionOrigin::deck, "a.toml", 0, 0, 0};
    EXPECT_EQ(whole.text(), "a.toml");
    const OptionPlace line{OptionOrigin::command_line, "", 0, 0, 2};
    EXPECT_EQ(line.text(), "command line");
    EXPECT_EQ(line.short_text(), "command line");
    EXPECT_EQ(OptionPlace{}.short_text(), "default");
}

TEST(OptionProblem, SortedByPlaceAndLimited) {
    std::vector<OptionProblem> problems;
    problems.push_back({{OptionOrigin::command_line, "", 0, 0, 2}, "b.y", "second"});
    problems.push_back({{OptionOrigin::command_line, "", 0, 0, 1}, "b.x", "first"});
    problems.push_back({{OptionOrigin::deck, "a.toml", 9, 2, 0}, "c", "late"});
    problems.push_back({{OptionOrigin::deck, "a.toml", 2, 7, 0}, "d", "early"});
    problems.push_back({{OptionOrigin::deck, "a.toml", 0, 0, 0}, "e", "whole"});
    EXPECT_EQ(describe_problems(problems),
              "a.toml: error: e: whole\n"
              "a.toml:2:7: error: d: early\n"
              "a.toml:9:2: error: c: late\n"
              "command line: error: b.x: first\n"
              "command line: error: b.y: second");
    EXPECT_EQ(describe_problems(problems, 1), "a.toml: error: e: whole\n... and 4 more");
    EXPECT_THROW(throw_if_any(problems), UsageError);
    EXPECT_NO_THROW(throw_if_any({}));
}

}  // namespace
}  // namespace tessera
