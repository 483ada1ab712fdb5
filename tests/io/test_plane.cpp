#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "all_ranks.hpp"
#include "tessera/io/plane.hpp"

namespace tessera {
namespace {

const Communicator& world() { return Communicator::world(); }

template <typename T>
DenseTensor<T> make(const Extents& shape, const Extents& grid,
                    const std::function<double(const Extents&)>& value) {
    const DenseTensor<T> tensor("test", Partition(shape, ProcessGrid(world(), grid)));
    const auto host = Kokkos::create_mirror_view(tensor.block());
    const GlobalIndex global = global_index(tensor);
    for (Index local = 0; local < tensor.box().size(); ++local) {
        host(local) = static_cast<T>(value(row_major_position(global(local), shape)));
    }
    Kokkos::deep_copy(tensor.block(), host);
    return tensor;
}

double value_of(const Extents& at) {
    return static_cast<double>(at[0]) + 10.0 * static_cast<double>(at[1]) +
           100.0 * static_cast<double>(at[2]);
}

std::vector<Extents> grids() {
    const int n = world().size();
    return {{n, 1, 1}, {1, n, 1}, {1, 1, n}, n % 2 == 0 ? Extents{2, n / 2, 1} : Extents{1, n, 1}};
}

TEST(Plane, IsTheCutWhateverTheGrid) {
    for (const Extents& grid : grids()) {
        const auto tensor = make<double>({5, 4, 3}, grid, value_of);
        for (const auto& [row_mode, column_mode] : {std::pair{0, 1}, {1, 0}, {0, 2}, {2, 1}}) {
            const Plane plane = gather_plane(tensor, {row_mode, column_mode, Extents{2, 3, 1}});
            const bool here = world().rank() == 0;
            EXPECT_ALL_RANKS(plane.rows == tensor.shape()[row_mode] &&
                             plane.columns == tensor.shape()[column_mode] && plane.reduction == 1);
            bool right =
                static_cast<Index>(plane.values.size()) == (here ? plane.rows * plane.columns : 0);
            for (Index i = 0; here && right && i < plane.rows * plane.columns; ++i) {
                Extents at{2, 3, 1};
                at[row_mode] = i / plane.columns;
                at[column_mode] = i % plane.columns;
                right =
                    plane.values[static_cast<std::size_t>(i)] == static_cast<float>(value_of(at));
            }
            EXPECT_ALL_RANKS(right) << row_mode << column_mode << " on " << grid.to_string();
        }
    }
}

TEST(Plane, ShowsErrorsAndTheirMeanOverAMode) {
    const auto other = [](const Extents& at) {
        return value_of(at) + (at[0] % 2 == 0 ? 1.0 : -1.0) * static_cast<double>(at[2] + 1);
    };
    for (const Extents& grid : grids()) {
        const auto a = make<float>({5, 4, 3}, grid, value_of);
        const auto b = make<float>({5, 4, 3}, grid, other);
        const PlaneChoice choice{0, 1, {0, 0, 2}};
        const Plane error = gather_error_plane(a, b, choice);
        const Plane mean = gather_mean_error_plane(a, b, choice, 2);
        bool right = true;
        for (std::size_t i = 0; world().rank() == 0 && i < 20; ++i) {
            // At band 2 it is 3 everywhere; over the bands the mean of 1, 2, 3.
            right = right && error.values[i] == 3.0F && mean.values[i] == 2.0F;
        }
        EXPECT_ALL_RANKS(right && (world().rank() != 0 || mean.values.size() == 20))
            << grid.to_string();
    }
}

TEST(Plane, AveragesWhatIsTooLargeForAPicture) {
    // 2500 needs squares of 3; the last row and column of squares are cut.
    const Extents shape{2500, 1, 7};
    for (const Extents& grid : grids()) {
        const auto tensor = make<double>(shape, grid, [](const Extents& at) {
            return static_cast<double>(at[0] * at[0] + 5 * at[2]);
        });
        const Plane plane = gather_plane(tensor, {0, 2, {0, 0, 0}});
        EXPECT_ALL_RANKS(plane.reduction == 3 && plane.rows == 834 && plane.columns == 3);
        bool right = true;
        for (Index i = 0; world().rank() == 0 && i < 834 * 3; ++i) {
            double sum = 0.0;
            int count = 0;
            for (Index r = i / 3 * 3; r < std::min<Index>(2500, i / 3 * 3 + 3); ++r) {
                for (Index c = i % 3 * 3; c < std::min<Index>(7, i % 3 * 3 + 3); ++c, ++count) {
                    sum += static_cast<double>(r * r + 5 * c);
                }
            }
            right = right &&
                    plane.values[static_cast<std::size_t>(i)] == static_cast<float>(sum / count);
        }
        EXPECT_ALL_RANKS(right) << grid.to_string();
    }
}

TEST(Plane, KeepsMissingEntriesMissing) {
    const auto tensor = make<float>({3, 3, 2}, {world().size(), 1, 1}, [](const Extents& at) {
        return at == Extents{1, 2, 0} ? std::nan("") : 1.0;
    });
    const Plane plane = gather_plane(tensor, {0, 1, {0, 0, 0}});
    EXPECT_ALL_RANKS(world().rank() != 0 ||
                     (std::isnan(plane.values[5]) && plane.values[4] == 1.0F));
}

TEST(Plane, IsARowForOrderOne) {
    const DenseTensor<double> tensor("test",
                                     Partition({9}, ProcessGrid(world(), {world().size()})));
    Kokkos::deep_copy(tensor.block(), 4.0);
    const Plane plane = gather_plane(tensor, {-1, 0, {0}});
    EXPECT_ALL_RANKS(plane.rows == 1 && plane.columns == 9 &&
                     (world().rank() != 0 || plane.values == std::vector<float>(9, 4.0F)));
}

}  // namespace
}  // namespace tessera
