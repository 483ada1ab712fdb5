#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "../../src/io/natural_order.hpp"

namespace tessera {
namespace {

TEST(NaturalOrderOneRank, CountsAsAPersonDoes) {
    const std::vector<std::string> expected = {
        "img1.png", "img2.png",  "img02.png", "img10.png", "img100.png", "s1/1.pgm",
        "s1/9.pgm", "s1/10.pgm", "s1b/1.pgm", "s2/1.pgm",  "s10/1.pgm",  "s10/1.pgm.bak"};
    std::vector<std::string> names = expected;
    std::reverse(names.begin(), names.end());
    std::sort(names.begin(), names.end(), natural_less);
    // Of equal numbers the one with zeros in front comes first, as text has it.
    std::vector<std::string> wanted = expected;
    std::swap(wanted[1], wanted[2]);
    EXPECT_EQ(names, wanted);
}

TEST(NaturalOrderOneRank, IsAnOrder) {
    const std::vector<std::string> names = {"",     "a",    "a0",  "a00",  "a1",   "a01", "a/1",
                                            "a/10", "a/2",  "ab",  "a.b",  "10",   "9",   "09",
                                            "9a",   "a1b2", "a1b", "a1/2", "a10b", "b"};
    for (const std::string& a : names) {
        EXPECT_FALSE(natural_less(a, a)) << a;
        for (const std::string& b : names) {
            EXPECT_TRUE(a == b || natural_less(a, b) != natural_less(b, a)) << a << " " << b;
            for (const std::string& c : names) {
                EXPECT_FALSE(natural_less(a, b) && natural_less(b, c) && !natural_less(a, c))
                    << a << " " << b << " " << c;
            }
        }
    }
}

}  // namespace
}  // namespace tessera
