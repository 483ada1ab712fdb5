#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "all_ranks.hpp"
#include "failure.hpp"
#include "small_disk.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/io/json_lines.hpp"
#include "test_data.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using test_support::failure_of;
using test_support::scratch_folder;

const Communicator& world() { return Communicator::world(); }

TEST(JsonLines, KeepsOrderAndEveryBit) {
    const std::string path = (scratch_folder() / "metrics.jsonl").string();
    const double third = 1.0 / 3.0;
    const double tiny = 4.9406564584124654e-324;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    {
        JsonLines file(world(), path);
        file.append({1, {{"objective", third}, {"change", tiny}}});
        file.append({2, {{"objective", -0.0}, {"a \"name\"\n", nan}}});
    }
    world().barrier();
    const std::vector<MetricsLine> lines = read_json_lines(path);
    ASSERT_ALL_RANKS(lines.size() == 2 && lines[0].values.size() == 2);
    EXPECT_ALL_RANKS(lines[0].step == 1 && lines[1].step == 2);
    EXPECT_ALL_RANKS(lines[0].values[0].first == "objective" && lines[0].values[0].second == third);
    EXPECT_ALL_RANKS(lines[0].values[1].second == tiny);
    EXPECT_ALL_RANKS(std::signbit(lines[1].values[0].second));
    EXPECT_ALL_RANKS(lines[1].values[1].first == "a \"name\"\n" &&
                     std::isnan(lines[1].values[1].second));
}

TEST(JsonLines, IsReadableBeforeTheRunEnds) {
    const std::string path = (scratch_folder() / "metrics.jsonl").string();
    JsonLines file(world(), path);
    file.append({7, {{"objective", 0.5}}});
    world().barrier();
    EXPECT_ALL_RANKS(read_text(path) == "{\"step\":7,\"objective\":0.5}\n");
    world().barrier();
}

TEST(JsonLines, ResumesAtTheStepOfTheCheckpoint) {
    const std::string path = (scratch_folder() / "metrics.jsonl").string();
    if (world().rank() == 0) {
        // As a killed run leaves it: two steps beyond the checkpoint, the last line cut off.
        write_text_atomically(path,
                              "{\"step\": 1, \"note\": \"text stays\"}\n{\"step\":2}\n"
                              "{\"step\":3}\n{\"step\":4}\n{\"ste");
    }
    world().barrier();
    JsonLines file(world(), path, 2);
    file.append({3, {}});
    world().barrier();
    EXPECT_ALL_RANKS(read_text(path) ==
                     "{\"step\": 1, \"note\": \"text stays\"}\n{\"step\":2}\n{\"step\":3}\n");
    world().barrier();
}

TEST(JsonLines, NamesALineThatIsNotItsOwn) {
    const std::string path = (scratch_folder() / "metrics.jsonl").string();
    if (world().rank() == 0) {
        write_text_atomically(path, "{\"step\":1}\n[1, 2]\n");
    }
    world().barrier();
    const std::string failure = failure_of([&] { JsonLines(world(), path, 5); });
    EXPECT_ALL_RANKS(failure ==
                     "3 " + path + ":2: this line is no JSON object with a number \"step\"");
}

TEST(JsonLines, TellsAllRanksWhenTheDiskIsFull) {
    const test_support::SmallDisk disk(scratch_folder() / "disk", 4096 * 4);
    if (!disk.available()) {
        GTEST_SKIP() << "needs the right to mount a tmpfs";
    }
    const std::string path = (disk.folder() / "metrics.jsonl").string();
    JsonLines file(world(), path);
    const std::string failure = failure_of([&] {
        for (Index step = 0; step < 2000; ++step) {
            file.append({step, {{"objective", 0.1}}});
        }
    });
    EXPECT_ALL_RANKS(failure.starts_with("3 " + path + ": cannot write: No space left on device"));
}

}  // namespace
}  // namespace tessera
