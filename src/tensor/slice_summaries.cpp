#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "moments.hpp"
#include "tessera/base/error.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/reductions.hpp"
#include "tessera/tensor/unfolding.hpp"
#include "tile_reduction.hpp"

namespace tessera {
namespace {

using detail::Items;
using detail::Moments;
using detail::runs_on_host;

/// So many work items keep all threads busy. A fixed number, so that the order of additions does
/// not depend on the number of threads.
constexpr Index wanted_items = runs_on_host ? 256 : Index{1} << 18;

constexpr Index ceiling(Index a, Index b) { return (a + b - 1) / b; }

/// Adds parts[group * stride + i] of all groups to results[i / width].
void add_up(const DeviceView<Moments>& parts, Index groups, Index width,
            std::vector<Moments>& results) {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, parts);
    const Index stride = width * static_cast<Index>(results.size());
    for (Index group = 0; group < groups; ++group) {
        for (Index i = 0; i < stride; ++i) {
            results[static_cast<std::size_t>(i / width)] += host(group * stride + i);
        }
    }
}

/// Slices that consist of long runs of neighbours: one team per slice and group of rows. `entries`
/// is `left` x `middle` x `right`; the runs are cut in pieces, and a group is some pieces.
template <typename T>
void summarise_runs(const T* entries, const Unfolding& block, std::vector<Moments>& results) {
    const Index middle = block.middle;
    const Index right = block.right;
    const Index piece = std::min(right, Index{1} << 14);
    const Index pieces_per_run = ceiling(right, piece);
    const Index pieces = block.left * pieces_per_run;
    const Index groups = std::min(pieces, ceiling(wanted_items, middle));
    const DeviceView<Moments> parts = allocate<Moments>("sums of slices", groups * middle);
    const auto policy = Kokkos::TeamPolicy<detail::ExecutionSpace, Kokkos::IndexType<Index>>(
        static_cast<int>(groups * middle), Kokkos::AUTO);
    using Team = typename decltype(policy)::member_type;
    Kokkos::parallel_for(
        "tessera::summarise_runs", policy, KOKKOS_LAMBDA(const Team& team) {
            const Index item = team.league_rank();
            const Index slice = item % middle;
            const Index group = item / middle;
            Moments sum;
            for (Index p = pieces * group / groups; p < pieces * (group + 1) / groups; ++p) {
                const Index run = (p / pieces_per_run * middle + slice) * right;
                const Index begin = p % pieces_per_run * piece;
                const Index end = Kokkos::min(begin + piece, right);
                const Index tiles = ceiling(end - begin, detail::tile_entries);
                Moments of_piece;
                Kokkos::parallel_reduce(
                    Kokkos::TeamVectorRange(team, tiles),
                    [&](const Index tile, Moments& partial) {
                        const Index first = begin + tile * detail::tile_entries;
                        const Index last = Kokkos::min(first + detail::tile_entries, end);
                        partial += detail::moments_of(entries, run + first, run + last);
                    },
                    Kokkos::Sum<Moments>(of_piece));
                sum += of_piece;
            }
            Kokkos::single(Kokkos::PerTeam(team), [&] { parts(item) = sum; });
        });
    add_up(parts, groups, 1, results);
}

/// Slices of short runs (the last mode: of single entries): rows of middle x right neighbours are
/// added up column by column, some columns and a group of rows at a time.
template <typename T>
void summarise_columns(const T* entries, const Unfolding& block, std::vector<Moments>& results) {
    constexpr Index width = runs_on_host ? 256 : 1;
    const Index rows = block.left;
    const Index columns = block.middle * block.right;
    const Index strips = ceiling(columns, width);
    const Index groups = std::min(rows, ceiling(wanted_items, strips));
    const DeviceView<Moments> parts = allocate<Moments>("sums of columns", groups * columns);
    Kokkos::parallel_for(
        "tessera::summarise_columns", Items(0, groups * strips), KOKKOS_LAMBDA(const Index item) {
            const Index group = item / strips;
            const Index begin = item % strips * width;
            const Index count = Kokkos::min(width, columns - begin);
            Moments sums[width];
            for (Index row = rows * group / groups; row < rows * (group + 1) / groups; ++row) {
                const T* values = entries + row * columns + begin;
                for (Index i = 0; i < count; ++i) {
                    const double x = static_cast<double>(values[i]);
                    sums[i] += Moments{x, x, x, x * x};
                }
            }
            for (Index i = 0; i < count; ++i) {
                parts(group * columns + begin + i) = sums[i];
            }
        });
    add_up(parts, groups, block.right, results);
}

}  // namespace

template <typename T>
std::vector<Summary> slice_summaries(const DenseTensor<T>& tensor, int mode) {
    TESSERA_ASSERT(0 <= mode && mode < tensor.order(), "slices of a mode that the tensor has");
    const Unfolding block(tensor.block_shape(), mode, mode + 1);
    std::vector<Moments> own(static_cast<std::size_t>(block.middle));
    agree(tensor.communicator(), [&] {
        constexpr Index long_run = 16;
        if (tensor.box().size() == 0) {
            return;
        }
        if (block.right >= long_run) {
            summarise_runs(tensor.block().data(), block, own);
        } else {
            summarise_columns(tensor.block().data(), block, own);
        }
    });
    const Index count = tensor.shape()[mode];
    const Moments none;
    std::vector<double> extremes(static_cast<std::size_t>(2 * count), none.maximum);
    std::vector<double> sums(static_cast<std::size_t>(2 * count), 0.0);
    for (Index i = 0; i < block.middle; ++i) {
        const Moments& moments = own[static_cast<std::size_t>(i)];
        const auto at = static_cast<std::size_t>(2 * (tensor.box().begin[mode] + i));
        extremes[at] = moments.maximum;
        extremes[at + 1] = -moments.minimum;
        sums[at] = moments.sum;
        sums[at + 1] = moments.sum_of_squares;
    }
    tensor.communicator().max_in_place(extremes.data(), 2 * count);
    tensor.communicator().sum_in_place(sums.data(), 2 * count);
    std::vector<Summary> slices;
    for (std::size_t i = 0; i < extremes.size(); i += 2) {
        slices.push_back({-extremes[i + 1], extremes[i], sums[i], sums[i + 1]});
    }
    return slices;
}

template std::vector<Summary> slice_summaries(const DenseTensor<float>&, int);
template std::vector<Summary> slice_summaries(const DenseTensor<double>&, int);
template std::vector<Summary> slice_summaries(const DenseTensor<std::uint8_t>&, int);

}  // namespace tessera
