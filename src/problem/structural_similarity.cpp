#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "tessera/parallel/strided_copy.hpp"
#include "tessera/problem/quality.hpp"
#include "tessera/tensor/redistribute.hpp"

namespace tessera {
namespace detail {

constexpr Index window_radius = 5;
constexpr int window_size = 2 * window_radius + 1;
constexpr double window_sigma = 1.5;
/// Weighted sums kept on the way: of x, y, x^2, y^2 and x y.
constexpr int moment_count = 5;
/// Positions of a tile of columns, halo included, times images done together.
constexpr int tile_run = 592;
/// Windows that one thread works on together: those of a vector instruction.
constexpr int vector_width =
    Kokkos::SpaceAccessibility<Kokkos::HostSpace,
                               Kokkos::DefaultExecutionSpace::memory_space>::accessible
        ? 8
        : 1;
/// Images whose entries lie side by side and are done together.
constexpr int most_lanes = 8;
constexpr Index most_teams = Index{1} << 16;

struct Window {
    double weight[window_size];
};

Window gaussian_window() {
    Window window{};
    double sum = 0.0;
    for (int i = 0; i < window_size; ++i) {
        const auto distance = static_cast<double>(i - window_radius);
        window.weight[i] = std::exp(-distance * distance / (2.0 * window_sigma * window_sigma));
        sum += window.weight[i];
    }
    for (double& weight : window.weight) {
        weight /= sum;
    }
    return window;
}

/// One image-like cut of the block: along `down` the window goes first, along `across` second.
/// Where the last mode is not one of the two, neighbouring images (`lanes`) share each vector
/// operation.
struct ImageLayout {
    Extents outer;         ///< extents of the other modes; the lanes' mode in groups of `lanes`
    Extents outer_stride;  ///< entries between neighbours, or between groups
    int lane_mode = -1;    ///< the last mode, or -1
    Index lane_extent = 1;
    Index lanes = 1;
    Index down_stride = 0;
    Index across_stride = 0;
    Index first_down = 0;  ///< block position of the first window centre
    Index down = 0;        ///< number of centres
    Index first_across = 0;
    Index across = 0;
    Index tile = 0;  ///< centres of a tile of columns
};

/// Window centres of a mode: in this rank's own range and a radius away from the image's border.
Range centres(const Box& own, const Extents& shape, int mode) {
    const Index begin = std::max<Index>(own.begin[mode], window_radius);
    const Index end = std::min<Index>(own.end[mode], shape[mode] - window_radius);
    return {begin, std::max(begin, end)};
}

ImageLayout image_layout(const Box& own, const Box& held, const Extents& shape, int rows,
                         int cols) {
    const int order = shape.order();
    const int across = rows == order - 1 ? rows : cols;
    const int down = rows == order - 1 ? cols : rows;
    const Extents strides = row_major_strides(held.shape());
    ImageLayout layout;
    layout.outer = Extents::filled(order, 1);
    layout.outer_stride = strides;
    for (int mode = 0; mode < order; ++mode) {
        if (mode != down && mode != across) {
            layout.outer[mode] = own.end[mode] - own.begin[mode];
        }
    }
    if (across != order - 1) {
        layout.lane_mode = order - 1;
        layout.lane_extent = layout.outer[order - 1];
        layout.lanes = most_lanes;
        layout.outer[order - 1] = (layout.lane_extent + most_lanes - 1) / most_lanes;
        layout.outer_stride[order - 1] = most_lanes;
    }
    const Range down_range = centres(own, shape, down);
    const Range across_range = centres(own, shape, across);
    layout.down_stride = strides[down];
    layout.across_stride = strides[across];
    layout.first_down = down_range.begin - held.begin[down];
    layout.down = down_range.size();
    layout.first_across = across_range.begin - held.begin[across];
    layout.across = across_range.size();
    layout.tile = tile_run / layout.lanes - 2 * window_radius;
    return layout;
}

using Moments =
    Kokkos::View<double* [tile_run], Kokkos::DefaultExecutionSpace::scratch_memory_space,
                 Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
using TeamPolicy = Kokkos::TeamPolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>;

/// The similarity of strips: part of one row of windows, for up to `most_lanes` images.
template <typename T>
struct SimilarityStrip {
    const T* truth;
    const T* estimate;
    ImageLayout layout;
    Window window;
    double c1;
    double c2;
    Index tiles;
    Index strips;

    KOKKOS_INLINE_FUNCTION void operator()(const TeamPolicy::member_type& member,
                                           double& total) const {
        const Index teams = member.league_size();
        const Moments moments(member.team_scratch(0), moment_count);
        double sum = 0.0;
        for (Index strip = strips * member.league_rank() / teams;
             strip < strips * (member.league_rank() + 1) / teams; ++strip) {
            sum += similarity(member, strip, moments);
        }
        Kokkos::single(Kokkos::PerTeam(member), [&] { total += sum; });
    }

    KOKKOS_INLINE_FUNCTION double similarity(const TeamPolicy::member_type& member, Index strip,
                                             const Moments& moments) const {
        Index rest = strip;
        const Index tile_index = rest % tiles;
        rest /= tiles;
        const Index row = rest % layout.down;
        const Extents image = row_major_position(rest / layout.down, layout.outer);

        Index start =
            (layout.first_down + row - window_radius) * layout.down_stride +
            (layout.first_across + tile_index * layout.tile - window_radius) * layout.across_stride;
        for (int mode = 0; mode < image.order(); ++mode) {
            start += image[mode] * layout.outer_stride[mode];
        }
        Index lanes = layout.lanes;
        if (layout.lane_mode >= 0) {
            lanes = Kokkos::min(lanes, layout.lane_extent - image[layout.lane_mode] * lanes);
        }
        const Index width = Kokkos::min(layout.tile, layout.across - tile_index * layout.tile);

        filter_down(member, start, lanes, width + 2 * window_radius, moments);
        member.team_barrier();
        const double sum = filter_across(member, lanes, lanes * width, moments);
        member.team_barrier();
        return sum;
    }

    /// moments(m, i * lanes + lane): weighted sums down the window, of column i of the tile.
    KOKKOS_INLINE_FUNCTION void filter_down(const TeamPolicy::member_type& member, Index start,
                                            Index lanes, Index columns,
                                            const Moments& moments) const {
        // Columns that lie side by side are one long run.
        const bool side_by_side = lanes == layout.lanes && layout.across_stride == lanes;
        const Index runs = side_by_side ? 1 : columns;
        const Index length = side_by_side ? columns * lanes : lanes;
        const Index pieces = length / vector_width;
        const Index rest = length % vector_width;
        Kokkos::parallel_for(
            Kokkos::TeamVectorRange(member, runs * (pieces + rest)), [&](Index piece) {
                const Index run = piece / (pieces + rest);
                const Index in_run = piece % (pieces + rest);
                const bool whole = in_run < pieces;
                const Index i = whole ? in_run * vector_width : length - rest + in_run - pieces;
                const Index from = start + run * layout.across_stride + i;
                double* target = moments.data() + run * lanes + i;
                if (whole) {
                    weigh_down<vector_width>(truth + from, estimate + from, target);
                } else {
                    weigh_down<1>(truth + from, estimate + from, target);
                }
            });
    }

    /// The five moments of `width` neighbouring columns; target[m * tile_run + column].
    template <int width>
    KOKKOS_INLINE_FUNCTION void weigh_down(const T* KOKKOS_RESTRICT x, const T* KOKKOS_RESTRICT y,
                                           double* KOKKOS_RESTRICT target) const {
        double sum[moment_count][width] = {};
        for (int tap = 0; tap < window_size; ++tap) {
            const double weight = window.weight[tap];
            const Index row = tap * layout.down_stride;
            for (int i = 0; i < width; ++i) {
                const auto a = static_cast<double>(x[row + i]);
                const auto b = static_cast<double>(y[row + i]);
                sum[0][i] += weight * a;
                sum[1][i] += weight * b;
                sum[2][i] += weight * a * a;
                sum[3][i] += weight * b * b;
                sum[4][i] += weight * a * b;
            }
        }
        for (int m = 0; m < moment_count; ++m) {
            for (int i = 0; i < width; ++i) {
                target[m * tile_run + i] = sum[m][i];
            }
        }
    }

    /// Sum of the similarity at all windows of the strip.
    KOKKOS_INLINE_FUNCTION double filter_across(const TeamPolicy::member_type& member, Index lanes,
                                                Index length, const Moments& moments) const {
        const Index pieces = length / vector_width;
        const Index rest = length % vector_width;
        double total = 0.0;
        Kokkos::parallel_reduce(
            Kokkos::TeamVectorRange(member, pieces + rest),
            [&](Index piece, double& sum) {
                if (piece < pieces) {
                    sum += weigh_across<vector_width>(moments.data() + piece * vector_width, lanes);
                } else {
                    sum += weigh_across<1>(moments.data() + length - rest + piece - pieces, lanes);
                }
            },
            total);
        return total;
    }

    /// Sum of the similarity at `width` neighbouring windows.
    template <int width>
    KOKKOS_INLINE_FUNCTION double weigh_across(const double* KOKKOS_RESTRICT moments,
                                               Index lanes) const {
        double mean[moment_count][width] = {};
        for (int tap = 0; tap < window_size; ++tap) {
            const double weight = window.weight[tap];
            const double* KOKKOS_RESTRICT column = moments + tap * lanes;
            for (int m = 0; m < moment_count; ++m) {
                for (int i = 0; i < width; ++i) {
                    mean[m][i] += weight * column[m * tile_run + i];
                }
            }
        }
        double similarity[width];
        for (int i = 0; i < width; ++i) {
            const double product = mean[0][i] * mean[1][i];
            const double square = mean[0][i] * mean[0][i] + mean[1][i] * mean[1][i];
            similarity[i] = ((2.0 * product + c1) * (2.0 * (mean[4][i] - product) + c2)) /
                            ((square + c1) * (mean[2][i] + mean[3][i] - square + c2));
        }
        double sum = 0.0;
        for (const double value : similarity) {
            sum += value;
        }
        return sum;
    }
};

/// Sum over all windows whose centre this rank owns.
template <typename T>
double own_similarity(const Box& own, const Box& held, const T* truth, const T* estimate,
                      const Extents& shape, int rows, int cols, double range) {
    const ImageLayout layout = image_layout(own, held, shape, rows, cols);
    const Index tiles = (layout.across + layout.tile - 1) / layout.tile;
    const Index strips = layout.outer.product() * layout.down * tiles;
    if (strips == 0) {
        return 0.0;
    }
    const double c1 = 0.01 * 0.01 * range * range;
    const double c2 = 0.03 * 0.03 * range * range;
    TeamPolicy policy(static_cast<int>(std::min<Index>(strips, most_teams)), Kokkos::AUTO);
    policy.set_scratch_size(0, Kokkos::PerTeam(Moments::shmem_size(moment_count)));
    double sum = 0.0;
    Kokkos::parallel_reduce(
        "tessera::structural_similarity", policy,
        SimilarityStrip<T>{truth, estimate, layout, gaussian_window(), c1, c2, tiles, strips}, sum);
    return sum;
}

}  // namespace detail

template <typename T>
double structural_similarity(const DenseTensor<T>& truth, const DenseTensor<T>& estimate, int rows,
                             int cols, double range) {
    const Extents& shape = truth.shape();
    if (rows < 0 || cols < 0 || shape[rows] < detail::window_size ||
        shape[cols] < detail::window_size) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    const Extents& grid = truth.partition().grid().dims();
    double sum = 0.0;
    if (grid[rows] == 1 && grid[cols] == 1) {
        sum = detail::own_similarity(truth.box(), truth.box(), truth.block().data(),
                                     estimate.block().data(), shape, rows, cols, range);
    } else {
        Extents width = Extents::filled(shape.order(), 0);
        width[rows] = detail::window_radius;
        width[cols] = detail::window_radius;
        const HaloBlock<T> x = with_halo(truth, width);
        const HaloBlock<T> y = with_halo(estimate, width);
        sum = detail::own_similarity(truth.box(), x.box, x.values.data(), y.values.data(), shape,
                                     rows, cols, range);
    }
    const Index images = truth.size() / (shape[rows] * shape[cols]);
    const Index windows = images * (shape[rows] - 2 * detail::window_radius) *
                          (shape[cols] - 2 * detail::window_radius);
    return truth.communicator().sum(sum) / static_cast<double>(windows);
}

template double structural_similarity(const DenseTensor<float>&, const DenseTensor<float>&, int,
                                      int, double);
template double structural_similarity(const DenseTensor<double>&, const DenseTensor<double>&, int,
                                      int, double);

}  // namespace tessera
