#include <gtest/gtest.h>

#include "tessera/base/option_text.hpp"

namespace tessera {
namespace {

TEST(OptionText, EditDistanceCountsSingleChanges) {
    EXPECT_EQ(edit_distance("", ""), 0u);
    EXPECT_EQ(edit_distance("rank", "rank"), 0u);
    EXPECT_EQ(edit_distance("rnk", "rank"), 1u);
    EXPECT_EQ(edit_distance("", "rank"), 4u);
    EXPECT_EQ(edit_distance("pnsr", "psnr"), 1u);
    // The textbook example.
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
    EXPECT_EQ(edit_distance("sitting", "kitten"), 3u);
}

TEST(OptionText, NearestNameFindsSlips) {
    const std::vector<std::string> names{"rank", "energy", "tolerance", "time_limit"};
    EXPECT_EQ(nearest_name("rnk", names), "rank");
    EXPECT_EQ(nearest_name("Rank", names), "rank");
    EXPECT_EQ(nearest_name("tol", names), "tolerance");
    EXPECT_EQ(nearest_name("time-limit", names), "time_limit");
    EXPECT_EQ(nearest_name("enregy", names), "energy");
    EXPECT_EQ(nearest_name("colour", names), std::nullopt);
    EXPECT_EQ(nearest_name("", names), std::nullopt);
    EXPECT_EQ(nearest_name("rank", {}), std::nullopt);
    EXPECT_EQ(nearest_name(std::string(100000, 'a'), names), std::nullopt);
    EXPECT_EQ(did_you_mean("rnk", names), " (did you mean \"rank\"?)");
    EXPECT_EQ(did_you_mean("colour", names), "");
}

TEST(OptionText, DurationsInEverySpelling) {
    EXPECT_EQ(parse_duration("20 min"), 1200.0);
    EXPECT_EQ(parse_duration("20min"), 1200.0);
    EXPECT_EQ(parse_duration(" 1.5 h "), 5400.0);
    EXPECT_EQ(parse_duration("1 h 30 min 5 s"), 5405.0);
    EXPECT_EQ(parse_duration("2 d"), 172800.0);
    EXPECT_EQ(parse_duration("250 ms"), 0.25);
    EXPECT_EQ(parse_duration("0 s"), 0.0);
    EXPECT_EQ(parse_duration("01:50:00"), 6600.0);
    EXPECT_EQ(parse_duration("100:00:01"), 360001.0);
    EXPECT_EQ(parse_duration("2-12:00:00"), 216000.0);
}

TEST(OptionText, DurationsThatAreNone) {
    for (const char* text : {"",
                             " ",
                             "20",
                             "20 m",
                             "min",
                             "-5 s",
                             "-0 s",
                             "1e3 s",
                             "nan s",
                             "inf s",
                             "01:50",
                             "1:60:00",
                             "1:00:60",
                             "a:b:c",
                             "1::2",
                             "-01:00:00",
                             "20 min and a bit",
                             "1:2:3:4",
                             "9999999999:00:00",
                             "5 fortnights"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

TEST(OptionText, DurationsReadBackExactly) {
    EXPECT_EQ(format_duration(1200), "20 min");
    EXPECT_EQ(format_duration(7200), "2 h");
    EXPECT_EQ(format_duration(172800), "2 d");
    EXPECT_EQ(format_duration(90), "90 s");
    EXPECT_EQ(format_duration(0), "0 s");
    for (const double seconds : {0.0, 0.1, 1e-7, 1.0 / 3, 59.999, 86400.5, 1e12, 1e22, 1e300}) {
        EXPECT_EQ(parse_duration(format_duration(seconds)), seconds) << seconds;
    }
}

TEST(OptionText, WrapsAtTheWidth) {
    EXPECT_EQ(wrap_text("one two three", "# ", 10), "# one two\n# three\n");
    EXPECT_EQ(wrap_text("one\ntwo", "  ", 40), "  one\n  two\n");
    EXPECT_EQ(wrap_text("", "# "), "");
    EXPECT_EQ(wrap_text("averyveryverylongword", "# ", 5), "# averyveryverylongword\n");
}

}  // namespace
}  // namespace tessera
