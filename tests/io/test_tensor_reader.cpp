#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "../../src/io/box_pieces.hpp"
#include "reader_fixture.hpp"
#include "real_data_checks.hpp"
#include "tessera/io/tensor_reader.hpp"

namespace tessera {
namespace {

using namespace test_support;

std::string location_of(const real_data::Check& check) {
    const std::string path = test_data(check.path).string();
    return *check.dataset == '\0' ? path : path + ":" + check.dataset;
}

struct Summary {
    double minimum = std::numeric_limits<double>::infinity();
    double maximum = -std::numeric_limits<double>::infinity();
    std::uint64_t checksum = 0;
};

/// Over the whole tensor, the same on every rank.
Summary summarise(const DenseTensor<double>& tensor) {
    Summary summary;
    const auto block = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, tensor.block());
    const GlobalIndex index = global_index(tensor);
    for (Index i = 0; i < tensor.block_shape().product(); ++i) {
        const double value = block(static_cast<std::size_t>(i));
        summary.minimum = std::min(summary.minimum, value);
        summary.maximum = std::max(summary.maximum, value);
        summary.checksum +=
            std::bit_cast<std::uint64_t>(value) * (2 * static_cast<std::uint64_t>(index(i)) + 1);
    }
    const Communicator& communicator = tensor.communicator();
    summary.minimum = communicator.min(summary.minimum);
    summary.maximum = communicator.max(summary.maximum);
    summary.checksum = communicator.sum(summary.checksum);
    return summary;
}

/// Against SciPy, h5py and NumPy: to the last bit and in the right places, on every grid.
TEST(TensorReader, AgreesWithOtherReadersOnRealData) {
    for (const real_data::Check& check : real_data::checks) {
        TESSERA_REQUIRE_DATA(check.path);
        SCOPED_TRACE(location_of(check));
        const auto reader = TensorReader::open(location_of(check), Communicator::world());
        ASSERT_EQ(reader->info().shape, std::vector<Index>(check.shape.begin(), check.shape.end()));
        const std::string type = to_string(*reader->info().type);
        EXPECT_EQ(type == "logical" ? "uint8" : type, check.type);
        const ReadPlan plan = plan_read(reader->info(), AxesRequest{});
        for (const ProcessGrid& grid : grids_for(plan.shape)) {
            const auto tensor =
                read_tensor<double>(*reader, plan, "real", Partition(plan.shape, grid));
            const Summary summary = summarise(tensor);
            EXPECT_EQ(summary.minimum, check.minimum);
            EXPECT_EQ(summary.maximum, check.maximum);
            EXPECT_EQ(summary.checksum, check.checksum);
        }
    }
}

TEST(TensorReader, ReadsSingleEntriesOfRealData) {
    for (const real_data::Check& check : real_data::checks) {
        TESSERA_REQUIRE_DATA(check.path);
        const auto reader = TensorReader::open(location_of(check), Communicator::world());
        for (const real_data::Spot& spot : check.spots) {
            const Extents begin(std::vector<Index>(spot.position.begin(), spot.position.end()));
            Box box{begin, begin};
            for (int mode = 0; mode < begin.order(); ++mode) {
                box.end[mode] = begin[mode] + 1;
            }
            const HostView<double> value("value", 1);
            reader->read<double>(box, value, Communicator::world());
            EXPECT_EQ(value(0), spot.value) << location_of(check);
        }
    }
}

TEST(TensorReader, ReadsOverlappingUnequalAndEmptyBoxes) {
    const Communicator& world = Communicator::world();
    for (const std::string name : {"plain.h5:/packed", "type_u2.npy", "fortran_u2.npy",
                                   "bsq_u2_0.hdr", "bil_u2_1.hdr", "packed.mat:type_u2"}) {
        const auto reader = TensorReader::open(golden(name), world);
        reader->set_piece_bytes(30);
        for (int shift = 0; shift < 4; ++shift) {
            // Rank 0 reads all, the next a bar, the next nothing, the last a plane.
            Box box{{0, 0, 0}, {4, 5, 6}};
            switch ((world.rank() + shift) % 4) {
                case 1:
                    box = {{1, 2, 1}, {4, 3, 5}};
                    break;
                case 2:
                    box = {{1, 2, 1}, {1, 2, 1}};
                    break;
                case 3:
                    box = {{0, 0, 3}, {4, 5, 4}};
                    break;
                default:
                    break;
            }
            const HostView<float> values("values", static_cast<std::size_t>(box.size()));
            reader->read<float>(box, values, world);
            Index wrong = 0;
            for (Index i = 0; i < box.size(); ++i) {
                Extents position = row_major_position(i, box.shape());
                for (int mode = 0; mode < 3; ++mode) {
                    position[mode] += box.begin[mode];
                }
                const double expected = golden_value("u2", position);
                wrong +=
                    values(static_cast<std::size_t>(i)) == static_cast<float>(expected) ? 0 : 1;
            }
            EXPECT_ALL_RANKS(wrong == 0);
        }
    }
}

TEST(TensorReader, TellsFormatsByTheirContent) {
    const auto folder = scratch_folder();
    write_bytes(folder / "cube.bin", file_bytes(golden("order3.npy")));
    EXPECT_EQ(list_datasets((folder / "cube.bin").string()).at(0).format, "NPY");
    write_bytes(folder / "cube.h5", file_bytes(golden("one_cube.mat")));
    EXPECT_EQ(list_datasets((folder / "cube.h5").string()).at(0).format, "MATLAB v5");
    write_bytes(folder / "cube.npy", file_bytes(golden("version73.mat")));
    EXPECT_EQ(list_datasets((folder / "cube.npy").string()).at(0).format, "MATLAB v7.3");
    write_bytes(folder / "text.txt", "hello");
    const std::string sentence = "3 " + (folder / "text.txt").string() +
                                 " is in no format that can be read, expected HDF5, MATLAB v5 or";
    EXPECT_EQ(open_failure((folder / "text.txt").string()).substr(0, sentence.size()), sentence);
}

TEST(TensorReader, SplitsLocationsAtTheLastColon) {
    const auto folder = scratch_folder();
    EXPECT_EQ(split_location("a.h5:/x/y").path, "a.h5");
    EXPECT_EQ(split_location("a.h5:/x/y").dataset, "/x/y");
    EXPECT_EQ(split_location("a.npy").dataset, "");
    write_bytes(folder / "odd:name.npy", file_bytes(golden("order3.npy")));
    const std::string odd = (folder / "odd:name.npy").string();
    EXPECT_EQ(split_location(odd).path, odd);
    EXPECT_EQ(TensorReader::open(odd, Communicator::world())->info().shape_text(), "4 x 5 x 6");
}

TEST(TensorReader, AllRanksHearOfAFailureOnOne) {
    const auto folder = scratch_folder();
    const std::string path = (folder / "x.npy").string();
    write_bytes(path, file_bytes(golden("order3.npy")));
    const Communicator& world = Communicator::world();
    const bool odd_one = world.rank() == world.size() - 1;
    const std::string failure =
        failure_of([&] { (void)TensorReader::open(odd_one ? path + ".gone" : path, world); });
    EXPECT_EQ(failure, "3 cannot read " + path + ".gone: No such file or directory");
}

/// Every entry of the box is in exactly one piece, in order where there is no grain.
void expect_pieces_cover(const Box& box, Index limit, const Extents& grain, bool in_order) {
    const BoxPieces pieces(box, limit, grain);
    const Extents shape = box.shape();
    std::vector<int> covered(static_cast<std::size_t>(shape.product()), 0);
    Index next = 0;
    for (Index number = 0; number < pieces.count(); ++number) {
        const Box piece = pieces.piece(number);
        ASSERT_GT(piece.size(), 0);
        for (Index i = 0; i < piece.size(); ++i) {
            Extents position = row_major_position(i, piece.shape());
            for (int mode = 0; mode < shape.order(); ++mode) {
                position[mode] += piece.begin[mode] - box.begin[mode];
            }
            const Index place = row_major_offset(position, shape);
            ASSERT_EQ(covered[static_cast<std::size_t>(place)]++, 0);
            ASSERT_TRUE(!in_order || place == next);
            ++next;
        }
        ASSERT_LE(piece.size(), std::max(limit, grain.product()));
    }
    EXPECT_EQ(next, shape.product());
    EXPECT_EQ(pieces.piece(pieces.count()).size(), 0);
}

TEST(BoxPieces, CoverTheBoxOnce) {
    const Box box{{3, 0, 5, 2}, {7, 5, 8, 9}};
    for (Index limit = 1; limit < 450; ++limit) {
        expect_pieces_cover(box, limit, {1, 1, 1, 1}, true);
        expect_pieces_cover(box, limit, {2, 3, 1, 4}, false);
    }
    EXPECT_EQ(BoxPieces(box, 420).count(), 1);
    EXPECT_EQ(BoxPieces(box, 105).count(), 4);
    EXPECT_EQ(BoxPieces({{1, 1}, {1, 4}}, 10).count(), 0);
    // A chunk of 4 x 4 from 0 on: the box begins within one and is cut at multiples of 4.
    const BoxPieces aligned({{1, 0}, {9, 8}}, 16, {4, 4});
    EXPECT_EQ(aligned.count(), 6);
    EXPECT_EQ(aligned.piece(0).end, (Extents{4, 4}));
    EXPECT_EQ(aligned.piece(2).begin, (Extents{4, 0}));
}

}  // namespace
}  // namespace tessera
