#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "../../src/io/slab_stream.hpp"
#include "reader_fixture.hpp"
#include "tessera/io/write_tensor.hpp"

namespace tessera {
namespace {

using namespace test_support;

/// Its own global row-major index in each entry.
template <typename T>
DenseTensor<T> counted(const Extents& shape, const ProcessGrid& grid) {
    const DenseTensor<T> tensor("counted", Partition(shape, grid));
    const auto values = Kokkos::create_mirror_view(tensor.block());
    const GlobalIndex index = global_index(tensor);
    for (Index i = 0; i < tensor.box().size(); ++i) {
        values(static_cast<std::size_t>(i)) = static_cast<T>(index(i));
    }
    Kokkos::deep_copy(tensor.block(), values);
    return tensor;
}

/// Every entry of the file once, in the file's order, whoever gets it.
TEST(SlabStream, DealsOutTheTensorInTheOrderOfTheFile) {
    const Extents shape{3, 4, 5};
    const Communicator& world = Communicator::world();
    for (const std::vector<int>& modes :
         {std::vector<int>{0, 1, 2}, std::vector<int>{2, 1, 0}, std::vector<int>{2, 0, 1}}) {
        for (const ProcessGrid& grid : grids_for(shape)) {
            for (const Index slab_entries : {1, 7, 12, 1000}) {
                for (const bool one_writer : {false, true}) {
                    const auto tensor = counted<float>(shape, grid);
                    SlabStream<float> slabs(tensor, modes, NumberType::uint16, one_writer,
                                            slab_entries);
                    std::vector<int> seen(60, 0);
                    Index wrong = 0;
                    for (Index round = slabs.rounds(); round > 0; --round) {
                        const Slab slab = slabs.next();
                        wrong += slab.entries > slab_entries ? 1 : 0;
                        wrong += one_writer && world.rank() > 0 && slab.entries > 0 ? 1 : 0;
                        const auto* values = reinterpret_cast<const std::uint16_t*>(slab.values);
                        for (Index i = 0; i < slab.entries; ++i) {
                            Index rest = slab.first + i;
                            Index position[3] = {};
                            for (int place = 2; place >= 0; --place) {
                                const int mode = modes[static_cast<std::size_t>(place)];
                                position[mode] = rest % shape[mode];
                                rest /= shape[mode];
                            }
                            const Index expected =
                                (position[0] * 4 + position[1]) * 5 + position[2];
                            wrong += values[i] == expected ? 0 : 1;
                            ++seen[static_cast<std::size_t>(slab.first + i)];
                        }
                    }
                    world.sum_in_place(seen.data(), 60);
                    EXPECT_ALL_RANKS(wrong == 0);
                    EXPECT_ALL_RANKS(seen == std::vector<int>(60, 1));
                }
            }
        }
    }
}

TEST(TypeFit, CountsWhatATypeCannotHold) {
    const Extents shape{2, 3, 2};
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> entries = {-0.5, 255.5, 255.51, 1.25, 7.0, nan,
                                         -3.0, 1e300, 0.1,    3.5,  2.0, 1.0};
    for (const ProcessGrid& grid : grids_for(shape)) {
        const DenseTensor<double> tensor("values", Partition(shape, grid));
        const auto values = Kokkos::create_mirror_view(tensor.block());
        const GlobalIndex index = global_index(tensor);
        for (Index i = 0; i < tensor.box().size(); ++i) {
            values(static_cast<std::size_t>(i)) = entries[static_cast<std::size_t>(index(i))];
        }
        Kokkos::deep_copy(tensor.block(), values);
        const TypeFit bytes = fit_of(tensor, NumberType::uint8, false);
        EXPECT_ALL_RANKS(bytes.outside == 4);  // 255.51, NaN, -3 and 1e300
        EXPECT_ALL_RANKS(bytes.first_outside == 2);
        EXPECT_ALL_RANKS(bytes.rounded == 5);
        EXPECT_ALL_RANKS(bytes.most_rounding == 0.5);
        EXPECT_ALL_RANKS(fit_of(tensor, NumberType::uint8, true).outside == 3);
        const TypeFit single = fit_of(tensor, NumberType::float32, false);
        EXPECT_ALL_RANKS(single.outside == 1 && single.first_outside == 7);
        EXPECT_ALL_RANKS(single.rounded == 2 && single.missing == 1);  // 255.51 and 0.1
        EXPECT_ALL_RANKS(fit_of(tensor, NumberType::float64, false).rounded == 0);
    }
}

}  // namespace
}  // namespace tessera
