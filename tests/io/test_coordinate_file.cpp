#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "all_ranks.hpp"
#include "failure.hpp"
#include "tessera/io/coordinate_file.hpp"
#include "test_data.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

const Communicator& world() { return Communicator::world(); }

/// A file that all ranks see.
std::string file_of(const std::string& text, const std::string& name = "entries.tns") {
    const std::string path = (scratch_folder() / name).string();
    world().barrier();
    if (world().rank() == 0) {
        std::ofstream(path, std::ios::binary) << text;
    }
    world().barrier();
    return path;
}

template <typename T = double>
CoordinateEntries<T> read_file(const std::string& path, const CoordinateOptions& options = {}) {
    return read_coordinates<T>(inspect_coordinates(path), options, world());
}

using EntryMap = std::map<std::vector<Index>, double>;

/// The entries of all ranks, on every rank.
template <typename T>
EntryMap all_entries(const CoordinateEntries<T>& read) {
    // Few enough: each rank's turn is a broadcast of its rows.
    EntryMap result;
    for (int rank = 0; rank < world().size(); ++rank) {
        std::vector<double> rows;
        for (std::size_t e = 0; rank == world().rank() && e < read.entries.values.size(); ++e) {
            for (const auto& positions : read.entries.positions) {
                rows.push_back(positions[e]);
            }
            rows.push_back(static_cast<double>(read.entries.values[e]));
        }
        auto count = static_cast<Index>(rows.size());
        world().broadcast(&count, 1, rank);
        rows.resize(static_cast<std::size_t>(count));
        world().broadcast(rows.data(), count, rank);
        const auto width = static_cast<std::size_t>(read.shape.order() + 1);
        for (std::size_t begin = 0; begin < rows.size(); begin += width) {
            std::vector<Index> position;
            for (std::size_t mode = 0; mode + 1 < width; ++mode) {
                position.push_back(static_cast<Index>(rows[begin + mode]));
            }
            result[position] += rows[begin + width - 1];
        }
    }
    return result;
}

TEST(CoordinateFile, ReadsFrosttText) {
    const std::string path =
        file_of("# a comment\n\n1 2 1 0.5\n3 1 2 -1e3\r\n  2\t2 2   +7.25\n3 2 1 0");
    const CoordinateFile file = inspect_coordinates(path);
    EXPECT_ALL_RANKS(file.format == "FROSTT text" && file.columns == 4);
    const auto read = read_file(path);
    EXPECT_ALL_RANKS(read.shape == Extents({3, 2, 2}));
    EXPECT_ALL_RANKS(read.index_base == std::vector<Index>({1, 1, 1}));
    const EntryMap expected = {
        {{0, 1, 0}, 0.5}, {{2, 0, 1}, -1000.0}, {{1, 1, 1}, 7.25}, {{2, 1, 0}, 0.0}};
    const EntryMap found = all_entries(read);
    EXPECT_ALL_RANKS(found == expected);
    EXPECT_ALL_RANKS(read.remarks.size() == 2);  // the base, and no line end at the end
    EXPECT_ALL_RANKS(read.remarks[0].find("begin at 1") != std::string::npos);
    EXPECT_ALL_RANKS(read.remarks[1].find("truncated") != std::string::npos);
}

TEST(CoordinateFile, ReadsGenTenText) {
    const std::string path = file_of("sptensor\n3\n2 3 4\n2\n0 0 0 1.5\n1 2 3 2.5\n");
    const auto read = read_file(path);
    EXPECT_ALL_RANKS(read.shape == Extents({2, 3, 4}) && read.remarks.empty());
    const EntryMap found = all_entries(read);
    EXPECT_ALL_RANKS(found == (EntryMap{{{0, 0, 0}, 1.5}, {{1, 2, 3}, 2.5}}));
}

TEST(CoordinateFile, ReadsCsvWithNamesAndChosenColumns) {
    const std::string path =
        file_of("user;item; day ;rating;weight\n1;10;3; 4.5 ;9\n2;11;1;3.0;9\n", "ratings.csv");
    const CoordinateFile file = inspect_coordinates(path);
    EXPECT_ALL_RANKS(file.format == "CSV" && file.separator == ';');
    EXPECT_ALL_RANKS(file.column_names[2] == "day" && file.body_line == 2);
    CoordinateOptions options;
    options.columns = {3, 1, 4};
    options.index_base = {1};
    options.shape = {5, 2};
    const auto read = read_file(path, options);
    EXPECT_ALL_RANKS(read.shape == Extents({5, 2}) && read.remarks.empty());
    const EntryMap found = all_entries(read);
    EXPECT_ALL_RANKS(found == (EntryMap{{{2, 0}, 4.5}, {{0, 1}, 3.0}}));
}

TEST(CoordinateFile, ManyRanksReadEveryLineOnce) {
    // Lines of very different lengths: shares of bytes end anywhere in them.
    std::string text;
    EntryMap expected;
    for (Index i = 1; i <= 500; ++i) {
        text += std::to_string(i) + (i % 7 == 0 ? std::string(80, ' ') : " ") +
                std::to_string(1 + i % 3) + " " + std::to_string(i) + ".25\n";
        text += i % 11 == 0 ? "# " + std::string(static_cast<std::size_t>(i), 'x') + "\n" : "";
        expected[{i - 1, i % 3}] = static_cast<double>(i) + 0.25;
    }
    const auto read = read_file<float>(file_of(text));
    const EntryMap found = all_entries(read);
    EXPECT_ALL_RANKS(found == expected);
    EXPECT_ALL_RANKS(read.entry_count == 500);
}

TEST(CoordinateFile, DetectsAndSaysTheFirstPosition) {
    // Zeros only in the last mode: no entry moves, and what that means is said.
    const auto some = read_file(file_of("1 1 0 2\n2 1 2 3\n"));
    EXPECT_ALL_RANKS(some.index_base == std::vector<Index>({0, 0, 0}));
    EXPECT_ALL_RANKS(some.shape == Extents({3, 2, 3}));
    EXPECT_ALL_RANKS(some.remarks.at(0).find("only in mode 3") != std::string::npos);
    CoordinateOptions stated;
    stated.index_base = {1, 1, 0};
    const auto as_stated = read_file(file_of("1 1 0 2\n2 1 2 3\n"), stated);
    EXPECT_ALL_RANKS(as_stated.shape == Extents({2, 1, 3}) && as_stated.remarks.empty());
}

TEST(CoordinateFile, RefusesBadLinesWithTheirNumber) {
    std::string lines;
    for (int i = 1; i < 40; ++i) {
        lines += "1 2 3.5\n";
    }
    const auto failure = [&](const std::string& bad, const CoordinateOptions& options = {}) {
        const std::string path = file_of(lines + bad + "\n" + lines);
        return failure_of([&] { (void)read_file<float>(path, options); });
    };
    const auto starts = [](const std::string& text) {
        return text.rfind("3 ", 0) == 0 && text.find("entries.tns, line 40: ") != std::string::npos;
    };
    CoordinateOptions from_one;
    from_one.index_base = {1};
    CoordinateOptions small;
    small.shape = {4, 3};
    const std::pair<std::string, std::string> cases[] = {
        {failure("garbage"), "1 columns"},
        {failure("1 2"), "2 columns, but the first entry has 3"},
        {failure("1 2 3 4"), "4 columns"},
        {failure("1 two 3"), "\"two\" in mode 2 is no whole number"},
        {failure("1 2.5 3"), "no whole number"},
        {failure("1 2 x"), "value \"x\" is no number"},
        {failure("1 2 nan"), "not finite"},
        {failure("1 2 -inf"), "not finite"},
        {failure("1 2 1e39"), "not finite in single precision"},
        {failure("-1 2 3"), "-1 in mode 1 is below 0"},
        {failure("0 2 3", from_one), "0 in mode 1 is below 1"},
        {failure("1 99999999999 3"), "beyond 2^32"},
        {failure("1 4 3", small), "4 in mode 2 is beyond the extent 3"},
    };
    for (const auto& [text, expected] : cases) {
        EXPECT_ALL_RANKS(starts(text)) << text;
        EXPECT_ALL_RANKS(text.find(expected) != std::string::npos) << text;
    }
}

TEST(CoordinateFile, RefusesDamagedFiles) {
    const auto failure = [&](const std::string& text) {
        const std::string path = file_of(text);
        return failure_of([&] { (void)read_file(path); });
    };
    const auto says = [](const std::string& text, const std::string& expected) {
        return text.rfind("3 ", 0) == 0 && text.find(expected) != std::string::npos;
    };
    const std::string none = failure("# nothing\n");
    EXPECT_ALL_RANKS(says(none, "holds no entries"));
    const std::string cut = failure("sptensor\n2\n5 5\n3\n0 0 1\n1 1 2\n");
    EXPECT_ALL_RANKS(says(cut, "states 3 entries, but there are 2"));
    const std::string beyond = failure("sptensor\n2\n5 5\n2\n0 0 1\n1 5 2\n");
    EXPECT_ALL_RANKS(says(beyond, "line 6: the position 5 in mode 2 is beyond the extent 5"));
    const std::string extents = failure("sptensor\n3\n5 5\n2\n0 0 1\n");
    EXPECT_ALL_RANKS(says(extents, "line 3: there are 2 extents"));
    const std::string header = failure("sptensor\n3\n");
    EXPECT_ALL_RANKS(says(header, "file ends before them"));
    const std::string prose = failure("It was a dark night\n");
    EXPECT_ALL_RANKS(says(prose, "line 1: expected the position"));
}

TEST(CoordinateFile, RefusesOptionsThatDoNotFit) {
    const std::string path = file_of("1 1 2\n");
    CoordinateOptions options;
    options.columns = {1, 4};
    const std::string column = failure_of([&] { (void)read_file(path, options); });
    EXPECT_ALL_RANKS(column.rfind("2 data.columns names column 4", 0) == 0) << column;
    options.columns = {};
    options.shape = {3, 3, 3};
    const std::string shape = failure_of([&] { (void)read_file(path, options); });
    EXPECT_ALL_RANKS(shape.rfind("2 ", 0) == 0 && shape.find("data.shape") != std::string::npos)
        << shape;
}

TEST(CoordinateFile, ReadsTheFilesOfOthers) {
    TESSERA_REQUIRE_DATA("sparse/med.tns");
    struct Expected {
        const char* path;
        Extents shape;
        Index entries;
        double least;
        double largest;
    };
    // From the data's PROVENANCE.md (extents: largest position, from 1 or 0 as it states).
    const Expected files[] = {
        {"sparse/med.tns", {2425, 10816, 29567}, 100000, 1.0, 5.0},
        {"sparse/small.tns", {2, 3, 2}, 6, 1.0, 6.0},
        {"sparse/small4_zeroidx.tns", {3, 3, 4, 3}, 8, 1.0, 5.0},
        {"sparse/aminoacid_data.txt", {5, 201, 61}, 61305, -6.204, 938.499},
        {"continuous_time/server_room_fold0_train.tns", {3, 3, 34, 1001}, 8000, -4.74172, 3.30146},
    };
    for (const Expected& expected : files) {
        const auto read = read_file(test_data(expected.path).string());
        EXPECT_ALL_RANKS(read.shape == expected.shape) << expected.path;
        EXPECT_ALL_RANKS(read.entry_count == expected.entries) << expected.path;
        double least = 1e300;
        double largest = -1e300;
        for (const double value : read.entries.values) {
            least = std::min(least, value);
            largest = std::max(largest, value);
        }
        EXPECT_NEAR_ALL_RANKS(world().min(least), expected.least, 1e-5);
        EXPECT_NEAR_ALL_RANKS(world().max(largest), expected.largest, 1e-5);
    }
}

}  // namespace
