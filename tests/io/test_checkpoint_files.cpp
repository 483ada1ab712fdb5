#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "all_ranks.hpp"
#include "failure.hpp"
#include "small_disk.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/io/checkpoint_files.hpp"
#include "tessera/parallel/partition.hpp"
#include "test_data.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using test_support::failure_of;
using test_support::scratch_folder;

const Communicator& world() { return Communicator::world(); }

/// A state that is recognised: a distributed array whose entries all equal the step.
struct State {
    explicit State(Index entries = 1000)
        : place{{entries}, Partition({entries}, ProcessGrid(world(), {world().size()})).box()},
          values(static_cast<std::size_t>(place.box.size())) {}
    void serialise(Archive& archive) {
        archive.value("step", step);
        archive.block("values", place, values.data());
    }
    void set(Index to) {
        step = to;
        values.assign(values.size(), static_cast<double>(to));
    }
    [[nodiscard]] bool is(Index expected) const {
        State other(place.shape[0]);
        other.set(expected);
        return step == expected && values == other.values;
    }

    std::int64_t step = 0;
    BlockPlace place;
    std::vector<double> values;
};

void save(CheckpointFiles& files, Index step) {
    State state;
    state.set(step);
    files.save({step, "deck", "", 0}, [&](Archive& archive) { state.serialise(archive); });
}

State load(const FoundCheckpoint& found) {
    State state;
    CheckpointReader reader(world(), found.path);
    state.serialise(reader);
    return state;
}

/// Rank 0 changes one byte of the array: found by searching for the last entry's bits.
void damage(const std::string& path, Index step) {
    if (world().rank() == 0) {
        std::string bytes = read_text(path);
        const auto value = static_cast<double>(step);
        const std::string wanted(reinterpret_cast<const char*>(&value), sizeof value);
        const std::size_t place = bytes.rfind(wanted + wanted);
        ASSERT_NE(place, std::string::npos);
        bytes[place] = static_cast<char>(bytes[place] ^ 1);
        std::ofstream(path, std::ios::binary) << bytes;
    }
    world().barrier();
}

TEST(CheckpointFiles, AlternatesAndFindsTheNewest) {
    const fs::path folder = scratch_folder() / "checkpoint";
    CheckpointFiles files(world(), folder.string());
    for (Index step = 1; step <= 3; ++step) {
        save(files, 10 * step);
        const FoundCheckpoint found = CheckpointFiles(world(), folder.string()).find_newest_valid();
        EXPECT_ALL_RANKS(found.header.step == 10 * step && found.remarks.empty());
        EXPECT_ALL_RANKS(load(found).is(10 * step));
        EXPECT_ALL_RANKS(found.path == (folder / (step == 2 ? "b.h5" : "a.h5")).string());
    }
    // Step 20 is still there; the next save after a resume must go over it, not over step 30.
    CheckpointFiles resumed(world(), folder.string());
    (void)resumed.find_newest_valid();
    save(resumed, 40);
    damage((folder / "b.h5").string(), 40);
    const FoundCheckpoint found = resumed.find_newest_valid();
    EXPECT_ALL_RANKS(found.header.step == 30 && load(found).is(30));
}

TEST(CheckpointFiles, FallsBackFromADamagedNewestOneAndSaysSo) {
    const fs::path folder = scratch_folder() / "checkpoint";
    CheckpointFiles files(world(), folder.string());
    save(files, 10);
    save(files, 20);
    damage((folder / "b.h5").string(), 20);
    const FoundCheckpoint found = files.find_newest_valid();
    EXPECT_ALL_RANKS(load(found).is(10));
    ASSERT_ALL_RANKS(found.remarks.size() == 1);
    EXPECT_ALL_RANKS(found.remarks[0] == (folder / "b.h5").string() +
                                             ", member /state/values is damaged: its checksum does "
                                             "not match; going on from " +
                                             (folder / "a.h5").string() + ", step 10");
}

TEST(CheckpointFiles, FallsBackFromATruncatedNewestOne) {
    const fs::path folder = scratch_folder() / "checkpoint";
    CheckpointFiles files(world(), folder.string());
    save(files, 10);
    save(files, 20);
    if (world().rank() == 0) {
        fs::resize_file(folder / "b.h5", fs::file_size(folder / "b.h5") / 2);
    }
    world().barrier();
    const FoundCheckpoint found = files.find_newest_valid();
    EXPECT_ALL_RANKS(load(found).is(10));
    EXPECT_ALL_RANKS(found.remarks.size() == 1 &&
                     found.remarks[0].find("truncated file") != std::string::npos);
}

TEST(CheckpointFiles, SaysWhenNoneIsValid) {
    const fs::path folder = scratch_folder() / "checkpoint";
    CheckpointFiles files(world(), folder.string());
    const std::string none = failure_of([&] { (void)files.find_newest_valid(); });
    EXPECT_ALL_RANKS(none ==
                     "3 " + folder.string() + ": there is no valid checkpoint to go on from");
    save(files, 10);
    damage((folder / "a.h5").string(), 10);
    const std::string damaged = failure_of([&] { (void)files.find_newest_valid(); });
    EXPECT_ALL_RANKS(damaged.starts_with(none + "; ") && damaged.ends_with("does not match"));
}

TEST(CheckpointFiles, ForgetsAnOldRun) {
    const fs::path folder = scratch_folder() / "checkpoint";
    {
        CheckpointFiles old(world(), folder.string());
        save(old, 100);
        save(old, 200);
    }
    CheckpointFiles files(world(), folder.string());
    files.remove_all();
    save(files, 1);
    EXPECT_ALL_RANKS(files.find_newest_valid().header.step == 1);
}

TEST(CheckpointFiles, KeepsTheNewestWhenTheDiskFillsUp) {
    // Room for one checkpoint of 512 KiB, not for two.
    const test_support::SmallDisk disk(scratch_folder() / "disk", 900 * 1024);
    if (!disk.available()) {
        GTEST_SKIP() << "needs the right to mount a tmpfs";
    }
    CheckpointFiles files(world(), (disk.folder() / "checkpoint").string());
    State state(64 * 1024);
    const auto save_large = [&](Index step) {
        state.set(step);
        files.save({step, "deck", "", 0}, [&](Archive& archive) { state.serialise(archive); });
    };
    save_large(1);
    const std::string failure = failure_of([&] { save_large(2); });
    EXPECT_ALL_RANKS(failure.find("no space left for member /state/values") != std::string::npos);
    EXPECT_ALL_RANKS(files.find_newest_valid().header.step == 1);
}

}  // namespace
}  // namespace tessera
