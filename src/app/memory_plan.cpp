#include "tessera/app/memory_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "tessera/app/sample_study.hpp"
#include "tessera/problem/axis_roles.hpp"

namespace tessera {
namespace {

constexpr double mebibyte = 1024.0 * 1024.0;

// Pages of libraries that a process touches only once it comes to work, and so beyond its memory at
// the start: what summary.json shows for a scene of 8 x 7 x 6 entries.
constexpr double kernel_pages = 3.0 * mebibyte;
constexpr double hdf5_pages = 4.0 * mebibyte;
constexpr double picture_pages = 8.5 * mebibyte;

// Buffers of the readers and of the result's writer end here (TensorReader, ResultStore).
constexpr double transfer_bytes = 64.0 * mebibyte;
// HDF5's cache of chunks while one rank writes alone (ResultStore).
constexpr double chunk_cache_bytes = 128.0 * mebibyte;
// Half of the structural similarity's window: the neighbours' rows and columns that it needs.
constexpr Index similarity_radius = 5;

struct Sizes {
    double entries = 0.0;  ///< of the whole tensor
    double block = 0.0;    ///< entries of the largest rank
    double scalar = 8.0;
    double tensor() const { return block * scalar; }
};

bool has_truth(const Study& study) {
    const bool lacks_entries =
        !study.data.mask.empty() || study.data.missing != DataOptions::Missing::none;
    return study.has_truth_file() || (!study.corruptions.empty() && !lacks_entries);
}

Extents plan_grid(const Study& study, const DataOutline& outline, Index ranks,
                  std::string& reason) {
    const Extents wanted(study.parallel.grid);
    if (!study.parallel.grid.empty() && wanted.product() == ranks &&
        wanted.order() == outline.shape.order()) {
        reason = "parallel.grid of the deck";
        return wanted;
    }
    const std::vector<bool> may_split = study.method().preferred_split(outline.shape, outline.axes);
    std::vector<std::string> split;
    std::vector<std::string> whole;
    for (std::size_t mode = 0; mode < may_split.size(); ++mode) {
        (may_split[mode] ? split : whole).push_back(outline.axes[mode]);
    }
    reason = "smallest largest block, then least surface";
    if (!whole.empty()) {
        reason += fmt::format("; {} stays whole for {}", fmt::join(whole, ", "),
                              study.resolved().choice("method"));
    }
    return ProcessGrid::automatic_dims(ranks, outline.shape, may_split);
}

Extents largest_block(const Extents& shape, const Extents& grid) {
    Extents block = shape;
    for (int mode = 0; mode < shape.order(); ++mode) {
        block[mode] = (shape[mode] + grid[mode] - 1) / grid[mode];
    }
    return block;
}

// Blocks of truth and estimate with their neighbours' borders, where images are cut; sums per
// pixel, where spectra are.
double quality_bytes(const RunPlan& plan, const DataOutline& outline, const Sizes& sizes) {
    const AxisRoles roles = axis_roles(outline.axes, outline.shape.order());
    double bytes = 0.0;
    const auto is_cut = [&](int mode) { return mode >= 0 && plan.grid[mode] > 1; };
    if (roles.rows >= 0 && roles.cols >= 0 && (is_cut(roles.rows) || is_cut(roles.cols))) {
        Extents held = plan.block;
        for (const int mode : {roles.rows, roles.cols}) {
            const Index sides = std::min<Index>(2, plan.grid[mode] - 1);
            held[mode] = std::min(outline.shape[mode], held[mode] + sides * similarity_radius);
        }
        bytes += 2.0 * static_cast<double>(held.product()) * sizes.scalar;
    }
    if (is_cut(roles.bands)) {
        bytes += 3.0 * sizeof(double) * sizes.block / static_cast<double>(plan.block[roles.bands]);
    }
    return bytes;
}

// What the writer holds beside the arrays: the rank's part in the file's order, and the chunks that
// HDF5 or MPI-IO collects. Of the latter Open MPI's file access takes, for arrays in chunks,
// measured 1.2 to 1.7 times the array on the rank that collects, and at most two buffers of 32 MiB.
double writing_bytes(const RunPlan& plan, const Sizes& sizes) {
    const double array = sizes.entries * sizes.scalar;
    const double staging = std::min(sizes.tensor(), transfer_bytes);
    if (plan.ranks == 1) {
        return staging + std::min(array, chunk_cache_bytes);
    }
    const double collected = plan.ranks == 2 ? 0.4 * array : 1.6 * array;
    return staging + std::min(collected, transfer_bytes);
}

double result_bytes(const Study& study, const Sizes& sizes, bool truth, bool masked) {
    double arrays = 0.0;
    for (const std::string& name : study.output.arrays) {
        arrays += name == "truth" && !truth ? 0.0 : 1.0;
    }
    return arrays * sizes.entries * sizes.scalar + (masked ? sizes.entries : 0.0);
}

// The list that is split, and the list of the others that trivial fills are made from: positions
// and values, host copies of both, and the chosen ones on their way; measured, 4.3 times the list.
double splitting_bytes(const Study& study, const Sizes& sizes, const ExpectedData& expected,
                       int order) {
    constexpr double copies = 4.3;
    const double entry_bytes = sizes.scalar + 4.0 * order;
    return study.data.hold_out > 0.0 ? copies * entry_bytes * sizes.block * expected.observed_share
                                     : 0.0;
}

std::size_t scalar_bytes_of(const Study& study) {
    return study.run.precision == RunOptions::Precision::float32 ? sizeof(float) : sizeof(double);
}

// Two lists, one as read and one in order, beside the order and the places of distinct positions;
// what is held out is taken from copies in the host's memory.
double list_building_bytes(const Study& study, double entries, double entry_bytes, Index ranks) {
    const double order_bytes = sizeof(std::uint32_t) + 2.0 * sizeof(std::size_t);
    const double routing = ranks > 1 ? sizeof(int) + sizeof(std::size_t) : 0.0;
    const double sorting = 2.0 * entry_bytes + order_bytes;
    const double splitting = study.data.hold_out > 0.0 ? 4.0 * entry_bytes : 0.0;
    return entries * std::max({sorting, entry_bytes + routing + entry_bytes, splitting});
}

}  // namespace

const PhaseMemory& RunPlan::peak() const {
    return *std::max_element(
        phases.begin(), phases.end(),
        [](const PhaseMemory& a, const PhaseMemory& b) { return a.bytes < b.bytes; });
}

RunPlan plan_run(const Study& study, const DataOutline& outline, Index ranks, double base_bytes) {
    RunPlan plan;
    plan.ranks = ranks;
    plan.grid = plan_grid(study, outline, ranks, plan.grid_reason);
    plan.block = largest_block(outline.shape, plan.grid);
    const ExpectedData expected = study.expected_data();
    const bool truth = has_truth(study);
    const std::size_t scalar_bytes = scalar_bytes_of(study);
    const Sizes sizes{static_cast<double>(outline.shape.product()),
                      static_cast<double>(plan.block.product()), static_cast<double>(scalar_bytes)};

    const double mask_bytes = expected.masked ? sizes.block : 0.0;
    const SampleMemory samples =
        outline.samples ? sample_memory(study, outline, plan.block, ranks, truth, scalar_bytes)
                        : SampleMemory{};
    const double problem =
        base_bytes + (truth ? 2.0 : 1.0) * sizes.tensor() + mask_bytes + samples.held;
    const double read = outline.samples ? samples.read : sizes.tensor();
    const double reading =
        base_bytes + (study.has_truth_file() ? 2.0 : 1.0) * read + mask_bytes +
        std::min(read / sizes.scalar * outline.file_bytes_per_entry, transfer_bytes);
    const double splitting = splitting_bytes(study, sizes, expected, outline.shape.order());
    plan.phases.push_back(
        {"problem",
         std::max(problem + splitting / (1.0 - study.data.hold_out) + samples.building, reading)});
    double held = problem + kernel_pages;
    for (const PhaseMemory& phase :
         study.method().plan(outline.shape, plan.block, outline.axes, scalar_bytes, expected)) {
        // The last one holds the estimate: that stays while it is judged and written.
        held = problem + kernel_pages + phase.bytes;
        plan.phases.push_back({phase.phase, held});
    }
    if (truth || splitting > 0.0) {
        const double quality = truth ? quality_bytes(plan, outline, sizes) : 0.0;
        plan.phases.push_back({"quality", held + std::max(splitting, quality)});
    }
    if (outline.samples) {
        plan.phases.push_back({"components", held + samples.analysis});
    }
    plan.result_bytes = result_bytes(study, sizes, truth, expected.masked);
    const double writing = plan.result_bytes > 0.0 ? writing_bytes(plan, sizes) : 0.0;
    plan.phases.push_back({"writing", held + hdf5_pages + writing});
    if (study.output.pictures) {
        plan.phases.push_back({"pictures", held + hdf5_pages + picture_pages});
    }
    plan.traffic =
        study.method().traffic(outline.shape, plan.grid, outline.axes, scalar_bytes, expected);
    plan.checkpoint_bytes =
        study.method().checkpoint_bytes(outline.shape, outline.axes, scalar_bytes, expected);
    if (plan.checkpoint_bytes) {
        *plan.checkpoint_bytes *= 2.0;
    }
    return plan;
}

RunPlan plan_run(const Study& study, const SparseOutline& outline, Index ranks, double base_bytes) {
    const Extents& shape = outline.expected.shape;
    RunPlan plan;
    plan.ranks = ranks;
    plan.grid = sparse_grid_dims(ranks, shape);
    plan.grid_reason = "the longest modes are cut, evenly by entries";
    if (const Extents wanted(study.parallel.grid);
        wanted.order() == shape.order() && wanted.product() == ranks) {
        plan.grid = wanted;
        plan.grid_reason = "parallel.grid of the deck";
    }
    plan.block = largest_block(shape, plan.grid);
    const std::size_t scalar_bytes = scalar_bytes_of(study);
    const double entries = outline.expected.entries / static_cast<double>(ranks);
    const double entry_bytes = static_cast<double>(scalar_bytes) + 4.0 * shape.order();
    plan.phases.push_back(
        {"problem", base_bytes + list_building_bytes(study, entries, entry_bytes, ranks)});
    double held = base_bytes + kernel_pages + entries * entry_bytes;
    const ExpectedList list{shape, plan.block, entries * (1.0 - study.data.hold_out),
                            study.data.absent(), outline.axes};
    for (const PhaseMemory& phase : study.method().plan_sparse(list, scalar_bytes)) {
        plan.phases.push_back({phase.phase, held + phase.bytes});
    }
    plan.phases.push_back({"writing", plan.phases.back().bytes + hdf5_pages});
    return plan;
}

}  // namespace tessera
