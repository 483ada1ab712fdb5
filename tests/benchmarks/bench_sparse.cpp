// Sparse CP: a sweep of alternating least squares on 1000 x 800 x 600 with 1.8 million entries
// (eight blocks, 6 % full, and a million scattered entries) at rank 16; and completion of 300 x 300
// x 200 from 0.88 million samples of a tensor of rank 8 with noise of 0.05, until the error of a
// tenth of them, held out as validation, is that of the noise. CPU seconds of this process, one
// thread, best of several.

#include <Kokkos_Core.hpp>
#include <cmath>
#include <cstdio>

#include "measure.hpp"
#include "tessera/base/random.hpp"
#include "tessera/method/cp/completion_method.hpp"
#include "tessera/method/cp/cp_method.hpp"
#include "tessera/parallel/runtime.hpp"
#include "tessera/tensor/sparse_assembly.hpp"
#include "tessera/tensor/sparse_products.hpp"
#include "tessera/tensor/sparse_split.hpp"

namespace {

using namespace tessera;

double cpu_seconds() { return benchmark::clock_seconds(CLOCK_PROCESS_CPUTIME_ID); }

void append(CoordinateList<double>& list, const Extents& position, double value) {
    for (int mode = 0; mode < position.order(); ++mode) {
        list.positions[static_cast<std::size_t>(mode)].push_back(
            static_cast<std::uint32_t>(position[mode]));
    }
    list.values.push_back(value);
}

SparseTensor<double> blocks_and_scatter() {
    const Extents shape{1000, 800, 600};
    const Random random(1, 0);
    CoordinateList<double> list{{{}, {}, {}}, {}};
    constexpr Index edge = 120;
    for (Index block = 0; block < 8; ++block) {
        const Extents corner{block * 120, (block * 97) % 680, (block * 61) % 480};
        for (Index cell = 0; cell < edge * edge * edge; ++cell) {
            const Index number = block * edge * edge * edge + cell;
            if (random.uniform(number, 0) < 0.06) {
                const Extents inner = row_major_position(cell, {edge, edge, edge});
                append(list, {corner[0] + inner[0], corner[1] + inner[1], corner[2] + inner[2]},
                       1.0 + random.uniform(number, 1));
            }
        }
    }
    for (Index entry = 0; entry < 1000000; ++entry) {
        const auto draw = [&](Index extent, std::uint32_t step) {
            return static_cast<Index>(random.uniform(entry, step) * static_cast<double>(extent));
        };
        append(list, {draw(shape[0], 2), draw(shape[1], 3), draw(shape[2], 4)},
               0.1 * random.uniform(entry, 5));
    }
    return assemble(Communicator::world(), "blocks", shape, std::move(list)).tensor;
}

void bench_cp() {
    constexpr Index rank = 16;
    const SparseProblem<double> problem{blocks_and_scatter(), Absent::zero, {"a", "b", "c"}};
    CpOptions options;
    options.rank = rank;
    options.maximum_steps = 1000;
    options.tolerance = 1e-300;
    const double before = cpu_seconds();
    CpMethod<double> method(problem, options, 1);
    const double built = cpu_seconds() - before;
    double flops = 0.0;
    double bytes = 0.0;
    for (int mode = 0; mode < 3; ++mode) {
        const CompressedFibres<double> fibres(problem.observation, mode);
        const auto nodes = static_cast<double>(fibres.entries()) +
                           static_cast<double>(fibres.at_height[1].index.size());
        flops += 2.0 * static_cast<double>(rank) * nodes;  // a row times a number, or a row
        bytes += fibres.bytes();
    }
    std::printf("S1: %lld entries, forests %.0f MB, built in %.3f s CPU\n",
                static_cast<long long>(problem.observation.entry_count()), bytes * 1e-6, built);
    benchmark::report<double>("S1: sweep of sparse CP-ALS, rank 16", flops, 1, 10,
                              [&] { method.step(); });
    std::printf(
        "    bar 0.034 s; %.0f MFLOP, %.0f MB streamed, %.0f MB of rows from cache a sweep\n",
        flops * 1e-6, bytes * 1e-6, flops * 4.0 * 1e-6);
}

SparseTensor<double> samples() {
    const Extents shape{300, 300, 200};
    constexpr Index rank = 8;
    const Random random(2, 0);
    CoordinateList<double> list{{{}, {}, {}}, {}};
    for (Index i = 0; i < shape.product(); ++i) {
        if (random.uniform(i, 0) >= 877885.0 / 18e6) {
            continue;
        }
        const Extents position = row_major_position(i, shape);
        double value = 0.05 * random.normal(i, 1);
        for (Index r = 0; r < rank; ++r) {
            double product = 1.0;
            for (int mode = 0; mode < 3; ++mode) {
                product *=
                    random.normal(position[mode] * rank + r, 2 + static_cast<std::uint32_t>(mode));
            }
            value += product;
        }
        append(list, position, value);
    }
    return assemble(Communicator::world(), "samples", shape, std::move(list)).tensor;
}

double rmse(const CompletionMethod<double>& method, const SparseTensor<double>& at) {
    const std::vector<double> predicted = method.predict(at);
    const auto values = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), at.values());
    double sum = 0.0;
    for (std::size_t i = 0; i < predicted.size(); ++i) {
        sum += (predicted[i] - values(i)) * (predicted[i] - values(i));
    }
    return std::sqrt(sum / static_cast<double>(predicted.size()));
}

void bench_completion() {
    const SparseSplit<double> test = split_entries(samples(), 0.1, 1);
    const SparseSplit<double> parts = split_entries(test.kept, 1.0 / 9.0, 2);
    CpOptions options;
    options.rank = 8;
    options.maximum_steps = 1000;
    options.tolerance = 1e-300;
    options.ridge = 0.01;
    // The floor is the noise and what 0.7 million samples leave unknown of 6400 numbers.
    constexpr double floor = 0.0503;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        CompletionMethod<double> method(parts.kept, std::nullopt, {"a", "b", "c"}, options, seed);
        double seconds = 0.0;
        double least = 1e300;
        double error = 1e300;
        int sweeps = 0;
        for (; error > floor && sweeps < 60; ++sweeps) {
            const double before = cpu_seconds();
            method.step();
            const double sweep = cpu_seconds() - before;
            seconds += sweep;
            least = std::min(least, sweep);
            error = rmse(method, parts.held_out);
        }
        const auto entries = static_cast<double>(parts.kept.entry_count());
        const double flops = 3.0 * entries * (8.0 + 2.0 * 64.0 + 16.0);
        std::printf(
            "C1: start %d: validation RMSE %.4f after %d sweeps, %.3f s CPU (bar 0.15 s); "
            "sweep %.4f s, %.1f GF/s\n",
            static_cast<int>(seed), error, sweeps, seconds, least, 1e-9 * flops / least);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const Runtime runtime(argc, argv);
    bench_cp();
    bench_completion();
    return 0;
}
