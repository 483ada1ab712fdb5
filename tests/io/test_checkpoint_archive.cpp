#include <gtest/gtest.h>
#include <hdf5.h>

#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>

#include "all_ranks.hpp"
#include "failure.hpp"
#include "small_disk.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/io/checkpoint_archive.hpp"
#include "tessera/parallel/partition.hpp"
#include "test_data.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using test_support::failure_of;
using test_support::scratch_folder;

const Communicator& world() { return Communicator::world(); }

/// Bits of entry `i` of an array, every one of them a case that a text form or a conversion loses:
/// quiet and signalling NaN with payload, both zeros, denormals, infinities, and ordinary patterns.
std::uint64_t awkward_bits(Index i) {
    constexpr std::uint64_t patterns[] = {
        0x7FF8000000000123ULL, 0x7FF0000000000ABCULL, 0xFFF8DEADBEEF0001ULL, 0x8000000000000000ULL,
        0x0000000000000001ULL, 0x800FFFFFFFFFFFFFULL, 0x7FF0000000000000ULL, 0xFFF0000000000000ULL};
    const auto n = static_cast<std::uint64_t>(i);
    return n % 3 == 0 ? patterns[(n / 3) % 8] : (n + 1) * 0x9E3779B97F4A7C15ULL;
}
template <typename T>
T awkward(Index i);
template <>
double awkward<double>(Index i) {
    return std::bit_cast<double>(awkward_bits(i));
}
template <>
float awkward<float>(Index i) {
    // The high half: float and double share the layout of sign and the first exponent bits, so NaN,
    // infinities and zeros stay what they are called.
    return std::bit_cast<float>(static_cast<std::uint32_t>(
        i % 5 == 0 ? 0x7F800001U + static_cast<std::uint32_t>(i) : awkward_bits(i) >> 32U));
}

/// A state as a method has it: scalars, text, vectors, a group, blocks in both precisions.
struct State {
    std::int64_t step = 0;
    double objective = 0.0;
    bool converged = false;
    std::string rule;
    std::string empty_text = "x";
    std::vector<double> history;
    std::vector<std::int64_t> ranks;
    std::vector<double> nothing = {1.0};
    BlockPlace cube;
    std::vector<float> cube_values;
    BlockPlace factor;
    std::vector<double> factor_values;

    void serialise(Archive& archive) {
        archive.value("step", step);
        archive.value("objective", objective);
        const ArchiveGroup group(archive, "solver");
        archive.value("converged", converged);
        archive.value("rule", rule);
        archive.value("empty_text", empty_text);
        archive.value("history", history);
        archive.value("ranks", ranks);
        {
            const ArchiveGroup inner(archive, "blocks");
            archive.block("cube", cube, cube_values.data());
            archive.block("factor", factor, factor_values.data());
        }
        archive.value("nothing", nothing);
    }
};

/// Places on so many ranks: the cube cut along two modes, the factor along the first (with more
/// ranks than rows at the end, so that some own nothing).
State empty_state(const Communicator& communicator) {
    State state;
    const Extents cube{5, 4, 7};
    const Extents grid = communicator.size() % 2 == 0 ? Extents{2, communicator.size() / 2, 1}
                                                      : Extents{1, 1, communicator.size()};
    state.cube = {cube, Partition(cube, ProcessGrid(communicator, grid)).box()};
    const Extents factor{3, 2};
    state.factor = {factor,
                    Partition(factor, ProcessGrid(communicator, {communicator.size(), 1})).box()};
    state.cube_values.resize(static_cast<std::size_t>(state.cube.box.size()));
    state.factor_values.resize(static_cast<std::size_t>(state.factor.box.size()));
    return state;
}

template <typename T, typename Visit>
void for_each_entry(const BlockPlace& place, std::vector<T>& values, const Visit& visit) {
    const Extents block = place.box.shape();
    for (Index local = 0; local < block.product(); ++local) {
        Extents position = row_major_position(local, block);
        for (int mode = 0; mode < block.order(); ++mode) {
            position[mode] += place.box.begin[mode];
        }
        visit(row_major_offset(position, place.shape), values[static_cast<std::size_t>(local)]);
    }
}

State full_state(const Communicator& communicator) {
    State state = empty_state(communicator);
    state.step = 12345678901LL;
    state.objective = awkward<double>(0);
    state.converged = true;
    state.rule = "Gavish-Donoho, \xcf\x83 known";
    state.empty_text = "";
    state.history = {awkward<double>(3), -0.0, 1.0 / 3.0};
    state.ranks = {std::numeric_limits<std::int64_t>::min(), 0, 198};
    state.nothing.clear();
    for_each_entry(state.cube, state.cube_values, [](Index i, float& x) { x = awkward<float>(i); });
    for_each_entry(state.factor, state.factor_values,
                   [](Index i, double& x) { x = awkward<double>(i); });
    return state;
}

/// memcpy-free comparison would call NaN different from itself; bits are what counts.
template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() &&
           (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

bool same(const State& a, const State& b) {
    return a.step == b.step &&
           std::bit_cast<std::uint64_t>(a.objective) == std::bit_cast<std::uint64_t>(b.objective) &&
           a.converged == b.converged && a.rule == b.rule && a.empty_text == b.empty_text &&
           same_bits(a.history, b.history) && same_bits(a.ranks, b.ranks) &&
           same_bits(a.nothing, b.nothing) && same_bits(a.cube_values, b.cube_values) &&
           same_bits(a.factor_values, b.factor_values);
}

void save(const Communicator& communicator, const std::string& path) {
    State state = full_state(communicator);
    CheckpointWriter writer(communicator, path, {42, "run.seed = 1\n", "", 0});
    state.serialise(writer);
    writer.close();
}

TEST(CheckpointArchive, GivesBackEveryBit) {
    const std::string path = (scratch_folder() / "a.h5").string();
    save(world(), path);
    CheckpointReader reader(world(), path);
    EXPECT_ALL_RANKS(reader.header().step == 42 && reader.header().deck == "run.seed = 1\n");
    EXPECT_ALL_RANKS(reader.header().ranks == world().size());
    EXPECT_ALL_RANKS(!reader.header().program_version.empty());
    EXPECT_ALL_RANKS(failure_of([&] { reader.verify(); }) == "no error");
    State loaded = empty_state(world());
    loaded.serialise(reader);
    EXPECT_ALL_RANKS(same(loaded, full_state(world())));
}

TEST(CheckpointArchive, IsReadableAtAnotherNumberOfRanks) {
    if (world().size() < 4) {
        GTEST_SKIP() << "needs 4 ranks, to be split into fewer";
    }
    const fs::path folder = scratch_folder();
    for (const int writers : {1, 2, 3}) {
        const std::string path = (folder / ("by" + std::to_string(writers) + ".h5")).string();
        const bool writes = world().rank() < writers;
        const Communicator group = world().split(writes ? 0 : 1, world().rank());
        if (writes) {
            save(group, path);
        }
        world().barrier();
        for (const int readers : {1, 2, 3, 4}) {
            const bool reads = world().rank() < readers;
            const Communicator other = world().split(reads ? 0 : 1, world().rank());
            bool equal = true;
            if (reads) {
                CheckpointReader reader(other, path);
                reader.verify();
                State loaded = empty_state(other);
                loaded.serialise(reader);
                equal = same(loaded, full_state(other));
            }
            EXPECT_ALL_RANKS(equal) << writers << " ranks to " << readers;
        }
    }
}

TEST(CheckpointArchive, NamesTheMemberThatDoesNotFit) {
    const std::string path = (scratch_folder() / "a.h5").string();
    save(world(), path);
    CheckpointReader reader(world(), path);
    std::int64_t number = 0;
    double real = 0.0;
    EXPECT_ALL_RANKS(failure_of([&] {
                         reader.value("stage", number);
                     }).starts_with("3 " + path + ": the checkpoint has no member /state/stage"));
    EXPECT_ALL_RANKS(
        failure_of([&] {
            reader.value("step", real);
        }).starts_with("3 " + path + ", member /state/step is stored as integer where real is"));

    const ArchiveGroup group(reader, "solver");
    const ArchiveGroup inner(reader, "blocks");
    State state = empty_state(world());
    std::vector<double> wide(state.cube_values.size());
    EXPECT_ALL_RANKS(failure_of([&] {
                         reader.block("cube", state.cube, wide.data());
                     }).find("cube is stored as float32 block where float64 block is expected") !=
                     std::string::npos);
    BlockPlace larger = state.cube;
    larger.shape[2] = 8;
    EXPECT_ALL_RANKS(failure_of([&] {
                         reader.block("cube", larger, state.cube_values.data());
                     }).find("cube has the shape 5 x 4 x 7 where 5 x 4 x 8 is expected") !=
                     std::string::npos);
}

TEST(CheckpointArchive, HasItsNameOnlyWhenClosed) {
    const std::string path = (scratch_folder() / "a.h5").string();
    {
        State state = full_state(world());
        CheckpointWriter writer(world(), path, {});
        state.serialise(writer);
        EXPECT_ALL_RANKS(!fs::exists(path) && fs::exists(partial_name(path)));
        world().barrier();
    }
    EXPECT_ALL_RANKS(!fs::exists(path) && !fs::exists(partial_name(path)));
}

TEST(CheckpointArchive, TellsAllRanksWhenThePlaceCannotBeWritten) {
    const fs::path folder = scratch_folder();
    if (world().rank() == 0) {
        std::ofstream(folder / "file") << "in the way";
    }
    world().barrier();
    const std::string path = (folder / "file" / "a.h5").string();
    const std::string failure = failure_of([&] { save(world(), path); });
    EXPECT_ALL_RANKS(failure == "3 " + path + ": cannot write: Not a directory");
}

TEST(CheckpointArchive, TellsAllRanksWhenTheDiskIsFull) {
    const test_support::SmallDisk disk(scratch_folder() / "disk", 256 * 1024);
    if (!disk.available()) {
        GTEST_SKIP() << "needs the right to mount a tmpfs";
    }
    const std::string path = (disk.folder() / "a.h5").string();
    const Extents shape{64 * 1024};
    const BlockPlace place{shape, Partition(shape, ProcessGrid(world(), {world().size()})).box()};
    std::vector<double> values(static_cast<std::size_t>(place.box.size()), 1.0);
    const std::string failure = failure_of([&] {
        CheckpointWriter writer(world(), path, {});
        writer.block("cube", place, values.data());
        writer.close();
    });
    EXPECT_ALL_RANKS(failure.starts_with("3 " + path +
                                         ": no space left for member /state/cube: "
                                         "it needs 5"));
    EXPECT_ALL_RANKS(fs::is_empty(disk.folder()));
    // The disk is usable again, and so is HDF5.
    save(world(), path);
    EXPECT_ALL_RANKS(fs::exists(path));
}

/// Loads the file completely: "no error", the sentence that it ends with, or "wrong" when it was
/// accepted with other bits.
std::string verdict_on(const std::string& path) {
    bool equal = true;
    const std::string failure = failure_of([&] {
        CheckpointReader reader(world(), path);
        reader.verify();
        State loaded = empty_state(world());
        loaded.serialise(reader);
        equal = same(loaded, full_state(world())) && reader.header().step == 42 &&
                reader.header().deck == "run.seed = 1\n";
    });
    return equal ? failure : "wrong";
}

TEST(CheckpointArchiveOneRank, NeverAcceptsAFlippedByte) {
    const fs::path folder = scratch_folder();
    const std::string good = (folder / "good.h5").string();
    save(world(), good);
    const std::string bytes = read_text(good);
    ASSERT_EQ(verdict_on(good), "no error");
    int found = 0;
    int tried = 0;
    for (std::size_t place = 0; place < bytes.size(); place += 7, ++tried) {
        std::string damaged = bytes;
        damaged[place] = static_cast<char>(damaged[place] ^ (1 << (place % 8)));
        // A name of its own: HDF5 may fail to close a damaged file, and then knows it for ever.
        const std::string bad = (folder / std::to_string(place)).string();
        std::ofstream(bad, std::ios::binary) << damaged;
        const std::string verdict = verdict_on(bad);
        ASSERT_TRUE(verdict == "no error" || verdict.starts_with("3 "))
            << "byte " << place << " of " << bytes.size() << ": " << verdict;
        found += verdict == "no error" ? 0 : 1;
    }
    // The rest lies in space that HDF5 reserved and does not use.
    EXPECT_GT(found, tried / 4) << found << " of " << tried;
}

TEST(CheckpointArchiveOneRank, NeverAcceptsATruncatedFile) {
    const fs::path folder = scratch_folder();
    const std::string good = (folder / "good.h5").string();
    save(world(), good);
    const std::string bytes = read_text(good);
    for (std::size_t length = 0; length < bytes.size(); length += 101) {
        const std::string bad = (folder / std::to_string(length)).string();
        std::ofstream(bad, std::ios::binary) << bytes.substr(0, length);
        ASSERT_TRUE(verdict_on(bad).starts_with("3 ")) << length << " bytes of " << bytes.size();
    }
}

TEST(CheckpointArchiveOneRank, RefusesAnotherFormatVersionAndOtherFiles) {
    const fs::path folder = scratch_folder();
    const std::string path = (folder / "a.h5").string();
    save(world(), path);
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t version = H5Aopen(file, "format_version", H5P_DEFAULT);
    const std::int64_t next = 2;
    H5Awrite(version, H5T_NATIVE_INT64, &next);
    H5Aclose(version);
    H5Fclose(file);
    EXPECT_EQ(failure_of([&] { CheckpointReader(world(), path); }),
              "3 " + path +
                  ": this checkpoint has format version 2, this program reads version 1; "
                  "resume it with the version of the program that wrote it");

    const std::string other = (folder / "other.h5").string();
    H5Fclose(H5Fcreate(other.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    EXPECT_EQ(failure_of([&] { CheckpointReader(world(), other); }),
              "3 " + other + ": this is not a checkpoint of this program");
    std::ofstream(other) << "no HDF5 at all";
    EXPECT_TRUE(failure_of([&] {
                    CheckpointReader(world(), other);
                }).starts_with("3 cannot open " + other + ": "));
}

}  // namespace
}  // namespace tessera
