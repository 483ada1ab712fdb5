#include <gtest/gtest.h>
#include <hdf5.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "all_ranks.hpp"
#include "failure.hpp"
#include "small_disk.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/io/json_lines.hpp"
#include "tessera/io/result_store.hpp"
#include "tessera/io/run_folder.hpp"
#include "test_data.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using test_support::failure_of;
using test_support::scratch_folder;

const Communicator& world() { return Communicator::world(); }

/// The tensor whose entry at a global row-major index is that index times `factor`.
template <typename T>
DenseTensor<T> numbered(const Extents& shape, const Extents& grid, double factor = 1.0) {
    const DenseTensor<T> tensor("numbered", Partition(shape, ProcessGrid(world(), grid)));
    const auto host = Kokkos::create_mirror_view(tensor.block());
    const GlobalIndex global = global_index(tensor);
    for (Index local = 0; local < tensor.box().size(); ++local) {
        host(local) = static_cast<T>(factor * static_cast<double>(global(local)));
    }
    Kokkos::deep_copy(tensor.block(), host);
    return tensor;
}

struct Stored {
    std::vector<hsize_t> dims;
    std::vector<double> values;
};

/// The dataset as HDF5 has it, read without any of our code.
Stored read_dataset(const std::string& path, const std::string& name) {
    Stored stored;
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t dataset = H5Dopen2(file, name.c_str(), H5P_DEFAULT);
    const hid_t space = H5Dget_space(dataset);
    stored.dims.resize(static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(space))));
    H5Sget_simple_extent_dims(space, stored.dims.data(), nullptr);
    stored.values.resize(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
    H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, stored.values.data());
    H5Sclose(space);
    H5Dclose(dataset);
    H5Fclose(file);
    return stored;
}

/// A grid for all ranks that cuts modes `first` and `second`.
Extents grid_along(int order, int first, int second) {
    Extents grid = Extents::filled(order, 1);
    const int ranks = world().size();
    if (ranks % 2 == 0 && first != second) {
        grid[first] = 2;
        grid[second] = ranks / 2;
    } else {
        grid[first] = ranks;
    }
    return grid;
}

struct OrderCase {
    Extents shape;
    std::vector<std::string> axes;
    std::vector<hsize_t> dims;  ///< expected of the dataset
    /// Global row-major index in the tensor of the dataset's entry (z, y, x), by hand.
    std::function<Index(Index, Index, Index)> index;
};

std::vector<OrderCase> order_cases() {
    return {
        {{6}, {"time"}, {1, 1, 6}, [](Index, Index, Index x) { return x; }},
        {{4, 5}, {"rows", "cols"}, {1, 4, 5}, [](Index, Index y, Index x) { return y * 5 + x; }},
        {{4, 5}, {"pixels", "bands"}, {1, 4, 5}, [](Index, Index y, Index x) { return y * 5 + x; }},
        {{3, 4, 5},
         {"z", "y", "x"},
         {3, 4, 5},
         [](Index z, Index y, Index x) { return (z * 4 + y) * 5 + x; }},
        // Bands last: the band becomes z.
        {{5, 4, 3},
         {"rows", "cols", "bands"},
         {3, 5, 4},
         [](Index z, Index y, Index x) { return (y * 4 + x) * 3 + z; }},
        {{5, 3, 4},
         {"rows", "Band", "cols"},
         {3, 5, 4},
         [](Index z, Index y, Index x) { return (y * 3 + z) * 4 + x; }},
        {{3, 5, 4},
         {"bands", "rows", "cols"},
         {3, 5, 4},
         [](Index z, Index y, Index x) { return (z * 5 + y) * 4 + x; }},
        // Video in colour: frames of three bands, one after the other along z.
        {{2, 4, 5, 3},
         {"time", "rows", "cols", "bands"},
         {6, 4, 5},
         [](Index z, Index y, Index x) { return ((z / 3 * 4 + y) * 5 + x) * 3 + z % 3; }},
        {{2, 3, 2, 3, 4},
         {"a", "b", "c", "d", "e"},
         {12, 3, 4},
         [](Index z, Index y, Index x) { return (z * 3 + y) * 4 + x; }},
        {{2, 1, 3, 2, 3, 2},
         {"a", "b", "c", "d", "e", "f"},
         {12, 3, 2},
         [](Index z, Index y, Index x) { return (z * 3 + y) * 2 + x; }},
    };
}

TEST(ResultStore, StoresEveryOrderAsAViewerWantsIt) {
    const fs::path folder = scratch_folder();
    int number = 0;
    for (const OrderCase& wanted : order_cases()) {
        const int order = wanted.shape.order();
        for (const Extents& grid :
             {grid_along(order, 0, order - 1), grid_along(order, order - 1, order / 2)}) {
            const std::string path = (folder / (std::to_string(number++) + ".h5")).string();
            ResultStore store(world(), path, {wanted.axes, {}, {}, {}});
            store.write("estimate", numbered<double>(wanted.shape, grid));
            store.close();

            const Stored stored = read_dataset(path, "/VTKHDF/PointData/estimate");
            ASSERT_ALL_RANKS(stored.dims == wanted.dims) << wanted.shape.to_string();
            bool right = true;
            std::size_t entry = 0;
            const auto dim = [&](std::size_t axis) {
                return static_cast<Index>(wanted.dims[axis]);
            };
            for (Index z = 0; z < dim(0); ++z) {
                for (Index y = 0; y < dim(1); ++y) {
                    for (Index x = 0; x < dim(2); ++x, ++entry) {
                        right = right &&
                                stored.values[entry] == static_cast<double>(wanted.index(z, y, x));
                    }
                }
            }
            EXPECT_ALL_RANKS(right) << wanted.shape.to_string() << " on " << grid.to_string();
        }
    }
}

TEST(ResultStore, CutsLargeBlocksAndChunks) {
    // 3.6 MB per array: several chunks, whose borders are not those of the blocks.
    const Extents shape{61, 75, 99};
    const std::string path = (scratch_folder() / "result.h5").string();
    for (const int deflate : {0, 4}) {
        ResultStore store(world(), path, {{"rows", "cols", "bands"}, {}, {}, {}}, {false, deflate});
        store.write("estimate", numbered<double>(shape, grid_along(3, 0, 2)));
        store.write("single", numbered<float>(shape, grid_along(3, 1, 1)));
        store.close();
        for (const char* name : {"/result/estimate", "/result/single"}) {
            const Stored stored = read_dataset(path, name);
            bool right = stored.dims == std::vector<hsize_t>{99, 61, 75};
            for (std::size_t entry = 0; right && entry < stored.values.size(); ++entry) {
                const std::size_t pixel = entry % (61 * 75);
                right = stored.values[entry] == static_cast<double>(pixel * 99 + entry / (61 * 75));
            }
            EXPECT_ALL_RANKS(right) << name << ", deflate " << deflate;
        }
        world().barrier();
    }
}

TEST(ResultStore, RoundsToSinglePrecisionWhenAsked) {
    const std::string path = (scratch_folder() / "result.h5").string();
    ResultStore store(world(), path, {{"z", "y", "x"}, {}, {}, {}}, {true, 0});
    store.write("estimate", numbered<double>({2, 3, 4}, grid_along(3, 0, 1), 0.1));
    store.close();
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t dataset = H5Dopen2(file, "/result/estimate", H5P_DEFAULT);
    const hid_t type = H5Dget_type(dataset);
    const std::size_t bytes = H5Tget_size(type);
    H5Tclose(type);
    H5Dclose(dataset);
    H5Fclose(file);
    EXPECT_ALL_RANKS(bytes == sizeof(float));
    EXPECT_ALL_RANKS(read_dataset(path, "/result/estimate").values[7] ==
                     static_cast<double>(static_cast<float>(0.1 * 7.0)));
}

TEST(ResultStore, FormsTheResidualOfObservedEntries) {
    const Extents shape{4, 3, 5};
    const Extents grid = grid_along(3, 0, 2);
    const auto observation = numbered<float>(shape, grid, 3.0);
    const auto estimate = numbered<float>(shape, grid, 1.0);
    const auto mask = numbered<std::uint8_t>(shape, grid, 1.0);  // only entry 0 is missing ...
    const auto host = Kokkos::create_mirror_view(mask.block());
    const GlobalIndex global = global_index(mask);
    for (Index local = 0; local < mask.box().size(); ++local) {
        host(local) = global(local) % 3 == 0 ? 0 : 1;  // ... and every third
    }
    Kokkos::deep_copy(mask.block(), host);

    const std::string path = (scratch_folder() / "result.h5").string();
    ResultStore store(world(), path, {{"z", "y", "x"}, {}, {}, {}});
    store.write_residual<float>("residual", observation, estimate, nullptr);
    store.write_residual("observed_residual", observation, estimate, &mask);
    store.write("mask", mask);
    store.close();
    const Stored all = read_dataset(path, "/result/residual");
    const Stored observed = read_dataset(path, "/result/observed_residual");
    const Stored stored_mask = read_dataset(path, "/result/mask");
    bool right = true;
    for (std::size_t i = 0; i < 60; ++i) {
        const double residual = 2.0 * static_cast<double>(i);
        right = right && all.values[i] == residual &&
                observed.values[i] == (i % 3 == 0 ? 0.0 : residual) &&
                stored_mask.values[i] == (i % 3 == 0 ? 0.0 : 1.0);
    }
    EXPECT_ALL_RANKS(right);
}

TEST(ResultStore, KeepsFactorsThatAreSpreadOrOnRankZero) {
    const std::string path = (scratch_folder() / "result.h5").string();
    const auto rows = numbered<double>({7, 2}, grid_along(2, 0, 0));
    const std::vector<double> block(rows.block().data(), rows.block().data() + rows.box().size());
    const Box all{{0}, {3}};
    const Box none{{0}, {0}};
    const bool holds = world().rank() == 0;
    ResultStore store(world(), path, {{"z", "y", "x"}, {}, {}, {}});
    store.write_factor("left", {{7, 2}, rows.box()}, block);
    store.write_factor("singular_values", {{3}, holds ? all : none},
                       holds ? std::vector<double>{3, 2, 1} : std::vector<double>{});
    store.close();
    const Stored left = read_dataset(path, "/factors/left");
    EXPECT_ALL_RANKS(left.dims == std::vector<hsize_t>{7, 2} && left.values[13] == 13.0 &&
                     left.values[1] == 1.0);
    EXPECT_ALL_RANKS(read_dataset(path, "/factors/singular_values").values ==
                     std::vector<double>{3, 2, 1});
}

TEST(ResultStore, HasItsNameOnlyWhenClosed) {
    const std::string path = (scratch_folder() / "result.h5").string();
    {
        ResultStore store(world(), path, {{"z", "y", "x"}, {}, {}, {}});
        store.write("estimate", numbered<double>({2, 3, 4}, grid_along(3, 0, 1)));
        EXPECT_ALL_RANKS(!fs::exists(path) && fs::exists(partial_name(path)));
    }
    EXPECT_ALL_RANKS(!fs::exists(path) && !fs::exists(partial_name(path)));
}

TEST(ResultStore, TellsAllRanksWhenThePlaceCannotBeWritten) {
    const fs::path folder = scratch_folder();
    const test_support::SmallDisk disk(folder / "disk", 64 * 1024, true);
    const std::string missing = (folder / "no" / "result.h5").string();
    EXPECT_ALL_RANKS(failure_of([&] {
                         ResultStore(world(), missing, {{"x"}, {}, {}, {}});
                     }) == "3 " + missing + ": cannot write: No such file or directory");
    if (disk.available()) {
        const std::string path = (disk.folder() / "result.h5").string();
        EXPECT_ALL_RANKS(
            failure_of([&] {
                ResultStore(world(), path, {{"x"}, {}, {}, {}});
            }) == "3 " + path +
                      ": cannot write: Read-only file system; choose another place for the output");
    }
}

TEST(ResultStore, SaysBeforehandThatTheDiskIsTooSmall) {
    const test_support::SmallDisk disk(scratch_folder() / "disk", 1 << 20);
    if (!disk.available()) {
        GTEST_SKIP() << "needs the right to mount a tmpfs";
    }
    const std::string path = (disk.folder() / "result.h5").string();
    const auto large = numbered<double>({64, 64, 64}, grid_along(3, 0, 1));
    const std::string failure = failure_of([&] {
        ResultStore store(world(), path, {{"z", "y", "x"}, {}, {}, {}});
        store.write("estimate", large);
        store.close();
    });
    EXPECT_ALL_RANKS(
        failure.starts_with("3 " + path + ": no space left for estimate: it needs 2."));
    EXPECT_ALL_RANKS(fs::is_empty(disk.folder()));
}

/// The disk fills up between the check and the writing, as when another job writes there too: at
/// different moments, from the first array's first byte to the last book-keeping.
TEST(ResultStore, SurvivesADiskThatFillsUpMeanwhile) {
    const test_support::SmallDisk disk(scratch_folder() / "disk", 4 << 20);
    if (!disk.available()) {
        GTEST_SKIP() << "needs the right to mount a tmpfs";
    }
    const std::string path = (disk.folder() / "result.h5").string();
    const std::string other = (disk.folder() / "of another job").string();
    const auto cube = numbered<double>({32, 32, 64}, grid_along(3, 0, 1));
    const auto fill_disk = [&](std::uintmax_t leave) {
        world().barrier();
        if (world().rank() == 0) {
            std::error_code ignored;
            const auto free_bytes = fs::space(disk.folder()).available;
            std::ofstream(other, std::ios::binary)
                << std::string(free_bytes > leave ? free_bytes - leave : 0, 'x');
        }
        world().barrier();
    };
    for (const int moment : {0, 1, 2}) {
        const std::string failure = failure_of([&] {
            ResultStore store(world(), path, {{"z", "y", "x"}, {}, {}, {}});
            if (moment == 0) {
                fill_disk(100 * 1024);
                // Passes the check on its own size only when that is small: a factor.
                store.write_factor("many", {{4096}, {{0}, {world().rank() == 0 ? 4096 : 0}}},
                                   std::vector<double>(world().rank() == 0 ? 4096U : 0U, 1.0));
            }
            store.write("estimate", cube);
            if (moment == 1) {
                fill_disk(0);
            }
            store.set_manifest(std::string(200 * 1024, 'm'));
            if (moment == 2) {
                fill_disk(0);
            }
            store.close();
        });
        // The space that the last book-keeping needs was reserved: there it may well succeed.
        EXPECT_ALL_RANKS(failure.starts_with("3 ") || (moment == 2 && failure == "no error"))
            << moment << ": " << failure;
        EXPECT_ALL_RANKS(fs::exists(path) == (failure == "no error"));
        EXPECT_ALL_RANKS(!fs::exists(partial_name(path)));
        EXPECT_ALL_RANKS(failure != "no error" ||
                         read_dataset(path, "/result/estimate").values[65535] == 65535.0);
        world().barrier();
        if (world().rank() == 0) {
            fs::remove(other);
            fs::remove(path);
        }
        world().barrier();
    }
    // HDF5 is none the worse for it.
    ResultStore store(world(), path, {{"z", "y", "x"}, {}, {}, {}});
    store.write("estimate", cube);
    store.close();
    EXPECT_ALL_RANKS(read_dataset(path, "/result/estimate").values[65535] == 65535.0);
}

/// VTK and h5py, programs of other people, open what is written here: see check_vtkhdf.py for what
/// they must find.
TEST(ResultStore, OpensInVtkAndNumpy) {
    const char* source = std::getenv("TESSERA_SOURCE");
    const char* python = std::getenv("TESSERA_PYTHON");
    if (source == nullptr || python == nullptr) {
        GTEST_SKIP() << "needs TESSERA_SOURCE and TESSERA_PYTHON in the environment";
    }
    const fs::path folder = scratch_folder();
    const ImageGeometry geometry{
        {"rows", "cols", "bands"}, {10.0, 20.0, 400.0}, {0.5, 0.25, 5.0}, {"mm", "mm", "nm"}};
    for (const int deflate : {0, 6}) {
        ResultStore store(world(), (folder / "result.h5").string(), geometry, {false, deflate});
        store.write("estimate", numbered<double>({5, 4, 3}, grid_along(3, 0, 1)), "reflectance");
        store.write("input", numbered<float>({5, 4, 3}, grid_along(3, 1, 2), 2.0));
        store.write("mask", numbered<std::uint8_t>({5, 4, 3}, grid_along(3, 1, 2)));
        store.write_factor(
            "left", {{2, 2}, {{0, 0}, {world().rank() == 0 ? 2 : 0, 2}}},
            world().rank() == 0 ? std::vector<double>{1, 2, 3, 4} : std::vector<double>{});
        // Larger than an attribute of the old format may be.
        store.set_manifest("{\"deck\": \"" + std::string(100000, 'd') + "\"}");
        store.close();
        JsonLines metrics(world(), (folder / "metrics.jsonl").string());
        metrics.append({1, {{"objective", 0.5}}});
        metrics.append({2, {{"objective", 0.25}, {"psnr", 30.0}}});

        int status = 0;
        if (world().rank() == 0) {
            status = std::system((std::string(python) + " " + source +
                                  "/tests/io/check_vtkhdf.py " + folder.string())
                                     .c_str());
        }
        world().broadcast(&status, 1);
        if (WEXITSTATUS(status) == 77) {
            GTEST_SKIP() << "needs VTK, h5py and numpy in " << python;
        }
        EXPECT_ALL_RANKS(status == 0);
    }
}

}  // namespace
}  // namespace tessera
