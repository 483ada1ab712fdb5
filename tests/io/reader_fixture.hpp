#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "all_ranks.hpp"
#include "failure.hpp"
#include "tessera/io/read_tensor.hpp"
#include "test_data.hpp"

namespace tessera::test_support {

/// A file that make_goldens.py wrote.
[[nodiscard]] inline std::string golden(const std::string& name) {
    const char* source = std::getenv("TESSERA_SOURCE");
    const std::filesystem::path folder = source == nullptr
                                             ? std::filesystem::path(__FILE__).parent_path()
                                             : std::filesystem::path(source) / "tests" / "io";
    return (folder / "goldens" / name).string();
}

/// What make_goldens.py puts at a position: see there.
[[nodiscard]] inline Index golden_number(const Extents& position) {
    constexpr std::array<Index, 6> primes = {31, 7, 3, 2, 13, 17};
    Index number = 1;
    for (int mode = 0; mode < position.order(); ++mode) {
        number += primes[static_cast<std::size_t>(mode)] * position[mode];
    }
    return number;
}

/// The same in the type with that NumPy code, "f8".
[[nodiscard]] inline double golden_value(const std::string& code, const Extents& position) {
    const auto number = static_cast<double>(golden_number(position));
    if (code == "b1") {
        return static_cast<double>(golden_number(position) % 2);
    }
    struct Scale {
        const char* code;
        double scale;
        double shift;
    };
    for (const Scale& s :
         {Scale{"u1", 1, 0}, Scale{"i1", 1, -64}, Scale{"u2", 300, 0}, Scale{"i2", 200, -12000},
          Scale{"u4", 3e7, 0}, Scale{"i4", -1.5e7, 1e9}, Scale{"u8", 1e12, 0},
          Scale{"i8", -1e12, 5}, Scale{"f4", 0.375, 0}, Scale{"f8", 0.1, 0}}) {
        if (code == s.code) {
            return s.scale * number + s.shift;
        }
    }
    throw std::logic_error("no golden of type " + code);
}

using Value = std::function<double(const Extents&)>;

/// Process grids for a tensor of that order: split in all modes, in the first, in the last.
[[nodiscard]] inline std::vector<ProcessGrid> grids_for(const Extents& shape) {
    const Communicator& world = Communicator::world();
    std::vector<ProcessGrid> grids = {ProcessGrid::automatic(
        world, shape, std::vector<bool>(static_cast<std::size_t>(shape.order()), true))};
    for (const int mode : {0, shape.order() - 1}) {
        Extents dims = Extents::filled(shape.order(), 1);
        dims[mode] = world.size();
        grids.emplace_back(world, dims);
    }
    return grids;
}

/// Entries of this rank's block that are not `value(position)`.
template <typename T>
[[nodiscard]] Index wrong_entries(const DenseTensor<T>& tensor, const Value& value) {
    const auto block = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, tensor.block());
    const Extents shape = tensor.block_shape();
    Index wrong = 0;
    for (Index i = 0; i < shape.product(); ++i) {
        Extents position = row_major_position(i, shape);
        for (int mode = 0; mode < shape.order(); ++mode) {
            position[mode] += tensor.box().begin[mode];
        }
        wrong += block(static_cast<std::size_t>(i)) == static_cast<T>(value(position)) ? 0 : 1;
    }
    return wrong;
}

/// Reads on several grids, each in pieces of another size; the entries must be exactly those
/// expected.
template <typename T = double>
void expect_tensor(TensorReader& reader, const AxesRequest& request, const Extents& shape,
                   const Value& value) {
    SCOPED_TRACE(reader.info().short_name());
    const ReadPlan plan = plan_read(reader.info(), request);
    ASSERT_EQ(plan.shape.to_string(), shape.to_string());
    Index piece_bytes = 40;
    for (const ProcessGrid& grid : grids_for(plan.shape)) {
        reader.set_piece_bytes(piece_bytes);
        const auto tensor = read_tensor<T>(reader, plan, "test", Partition(plan.shape, grid));
        EXPECT_ALL_RANKS(wrong_entries(tensor, value) == 0);
        piece_bytes *= 10;
    }
}

/// Reads a golden as it is.
template <typename T = double>
void expect_golden(const std::string& name, const std::vector<Index>& shape,
                   const std::string& code) {
    const auto reader = TensorReader::open(golden(name), Communicator::world());
    expect_tensor<T>(*reader, {}, Extents(shape),
                     [&](const Extents& position) { return golden_value(code, position); });
}

[[nodiscard]] inline std::string file_bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Writes on rank 0, waits for it on the others (collective).
inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
    if (own_rank() == 0) {
        std::ofstream(path, std::ios::binary) << bytes;
    }
    Communicator::world().barrier();
}

/// What opening a dataset ends with, "3 x.npy: ...": the same on all ranks (collective).
[[nodiscard]] inline std::string open_failure(const std::string& location) {
    return failure_of([&] { (void)TensorReader::open(location, Communicator::world()); });
}

/// Numbers 0, 1, 2, ... of a simple generator, the same everywhere.
class ByteFlips {
  public:
    explicit ByteFlips(std::string original) : original_(std::move(original)) {}

    /// The original with 1 to 3 bytes changed, among the first `reach`.
    [[nodiscard]] std::string next(std::size_t reach) {
        std::string changed = original_;
        for (std::uint64_t flips = 1 + number() % 3; flips > 0; --flips) {
            changed[number() % std::min(reach, changed.size())] = static_cast<char>(number());
        }
        return changed;
    }

  private:
    std::uint64_t number() {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return state_ >> 33;
    }

    std::string original_;
    std::uint64_t state_ = 20240607;
};

/// Lists a file whatever it holds, and reads the first arrays; only an Error may come of it. Local:
/// on one rank.
inline void survive(const std::string& path, const Communicator& self) {
    constexpr double most_entries = 1e6;
    int arrays = 3;
    std::vector<DatasetInfo> infos;
    (void)failure_of([&] { infos = list_datasets(path); });
    for (const DatasetInfo& info : infos) {
        double entries = 1;
        for (const Index extent : info.shape) {
            entries *= static_cast<double>(extent);
        }
        if (!info.readable() || entries > most_entries || arrays == 0) {
            continue;
        }
        --arrays;
        (void)failure_of([&] {
            const auto reader =
                TensorReader::open(info.dataset.empty() ? path : path + ":" + info.dataset);
            const Extents shape = reader->shape();
            const HostView<double> values("values", static_cast<std::size_t>(shape.product()));
            reader->read<double>({Extents::filled(shape.order(), 0), shape}, values, self);
        });
    }
}

/// Damages a file in `rounds` ways, on rank 0, and reads each; a crash or a hang ends the test.
inline void expect_survives_flips(
    const std::string& original_path, const std::string& name, std::size_t reach, int rounds,
    const std::function<void(const std::filesystem::path&)>& prepare =
        [](const std::filesystem::path&) {}) {
    const auto folder = scratch_folder();
    const Communicator self = Communicator::world().split(own_rank(), 0);
    if (own_rank() == 0) {
        prepare(folder);
        ByteFlips flips(file_bytes(original_path));
        for (int round = 0; round < rounds; ++round) {
            const auto path = folder / name;
            std::ofstream(path, std::ios::binary) << flips.next(reach);
            survive(path.string(), self);
        }
    }
    EXPECT_ALL_RANKS(true);
}

}  // namespace tessera::test_support
