#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "failure.hpp"
#include "small_disk.hpp"
#include "tessera/io/atomic_file.hpp"
#include "test_data.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using test_support::failure_of;
using test_support::scratch_folder;

TEST(AtomicFileOneRank, ReplacesTheWholeTextAndLeavesNothingBeside) {
    const fs::path folder = scratch_folder();
    const std::string path = (folder / "manifest.json").string();
    const std::string binary("a\0b\xff\n", 5);
    write_text_atomically(path, "a longer text that was there before");
    write_text_atomically(path, binary);
    EXPECT_EQ(read_text(path), binary);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator{}), 1);
}

TEST(AtomicFileOneRank, NamesAPlaceThatCannotBeWritten) {
    const fs::path folder = scratch_folder();
    std::ofstream(folder / "file") << "in the way";
    const std::string below = (folder / "file" / "x").string();
    const std::string missing = (folder / "no" / "such" / "x").string();
    EXPECT_EQ(failure_of([&] { write_text_atomically(below, "x"); }),
              "3 " + below + ": cannot write: Not a directory");
    EXPECT_EQ(failure_of([&] { write_text_atomically(missing, "x"); }),
              "3 " + missing + ": cannot write: No such file or directory");
    EXPECT_NE(failure_of([&] { (void)read_text(missing); }).find("No such file"),
              std::string::npos);
}

TEST(AtomicFileOneRank, KeepsTheOldFileWhenTheDiskIsFull) {
    const test_support::SmallDisk disk(scratch_folder() / "disk", 128 * 1024);
    if (!disk.available()) {
        GTEST_SKIP() << "needs the right to mount a tmpfs";
    }
    const std::string path = (disk.folder() / "summary.json").string();
    write_text_atomically(path, "old");
    const std::string message =
        failure_of([&] { write_text_atomically(path, std::string(1 << 20, 'x')); });
    EXPECT_NE(message.find("No space left on device; free some space"), std::string::npos)
        << message;
    EXPECT_EQ(read_text(path), "old");
    EXPECT_FALSE(fs::exists(partial_name(path)));

    EXPECT_NE(failure_of([&] {
                  require_free_space(path, 1e6, "estimate");
              }).find("no space left for estimate: it needs 976.6 KiB and 124.0 KiB are free"),
              std::string::npos)
        << failure_of([&] { require_free_space(path, 1e6, "estimate"); });
}

TEST(AtomicFileOneRank, NamesAReadOnlyDisk) {
    const test_support::SmallDisk disk(scratch_folder() / "disk", 128 * 1024, true);
    if (!disk.available()) {
        GTEST_SKIP() << "needs the right to mount a tmpfs";
    }
    const std::string path = (disk.folder() / "summary.json").string();
    EXPECT_EQ(
        failure_of([&] { write_text_atomically(path, "x"); }),
        "3 " + path + ": cannot write: Read-only file system; choose another place for the output");
}

}  // namespace
}  // namespace tessera
