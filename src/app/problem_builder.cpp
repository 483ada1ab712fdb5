#include "tessera/app/problem_builder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <Kokkos_Core.hpp>

#include "tessera/app/data_source.hpp"
#include "tessera/app/sample_study.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/io/read_tensor.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/problem/axis_roles.hpp"
#include "tessera/problem/low_rank_scene.hpp"
#include "tessera/problem/scene.hpp"
#include "tessera/tensor/reductions.hpp"
#include "tessera/tensor/sparse_split.hpp"

namespace tessera {
namespace {

Index count_observed(const Mask& mask) {
    const DeviceView<std::uint8_t> observed = mask.block();
    Index count = 0;
    Kokkos::parallel_reduce(
        "tessera::count_observed",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<std::size_t>>(
            0, observed.size()),
        KOKKOS_LAMBDA(std::size_t i, Index & sum) { sum += observed(i) != 0 ? 1 : 0; }, count);
    return mask.communicator().sum(count);
}

NoiseModel stated_noise(const DataOptions& data, const AxisRoles& roles) {
    NoiseModel noise;
    noise.sigma = data.noise_sigma;
    noise.band_mode = roles.bands;
    noise.peak = data.noise_peak;
    noise.readout = data.noise_readout;
    switch (data.noise) {
        case DataOptions::Noise::unknown:
            noise.kind = NoiseModel::Kind::unknown;
            break;
        case DataOptions::Noise::gaussian:
            noise.kind = NoiseModel::Kind::gaussian;
            break;
        case DataOptions::Noise::poisson:
            noise.kind = NoiseModel::Kind::poisson;
            break;
    }
    return noise;
}

template <typename T>
DenseTensor<T> read_or_simulate(const Communicator& communicator, const Study& study,
                                DataOutline& outline, const Partition& partition) {
    if (study.data.scene == DataOptions::Scene::hyperspectral) {
        HyperspectralScene<T> scene = simulate_hyperspectral<T>(
            partition, static_cast<int>(study.data.scene_endmembers), study.run.seed);
        if (!outline.samples) {
            outline.wavelengths = scene.wavelengths_um;
            outline.wavelength_unit = "um";
        }
        return scene.values;
    }
    if (study.data.scene == DataOptions::Scene::low_rank) {
        return simulate_low_rank<T>(partition, study.data.scene_rank, study.data.scene_factors,
                                    study.run.seed);
    }
    const OpenSource opened = open_source(communicator, study.data.source);
    return read_tensor<T>(*opened.reader, opened.plan, "input", partition);
}

template <typename T>
DenseTensor<T> duplicate(const DenseTensor<T>& tensor, const std::string& label) {
    std::optional<DenseTensor<T>> result;
    agree(tensor.communicator(), [&] { result.emplace(label, tensor.partition()); });
    copy(tensor, *result);
    return *result;
}

// Takes entries away from the method, to judge its estimate by.
template <typename T>
std::optional<SparseTensor<T>> hold_out(double fraction, const DenseTensor<T>& values,
                                        std::optional<Mask>& mask, std::uint64_t seed,
                                        std::vector<std::string>& remarks) {
    if (fraction == 0.0) {
        return std::nullopt;
    }
    const SparseSplit<T> parts = split_entries(observed_entries(values, mask), fraction, seed);
    if (!mask) {
        agree(values.communicator(), [&] { mask.emplace("mask", values.partition()); });
        fill(*mask, std::uint8_t{1});
    }
    remove_entries(parts.held_out, values, *mask);
    remarks.push_back(
        fmt::format("{} entries are held out of the run", parts.held_out.entry_count()));
    return parts.held_out;
}

}  // namespace

DataOutline outline_data(const Communicator& communicator, const Study& study) {
    DataOutline outline;
    if (study.data.scene == DataOptions::Scene::hyperspectral) {
        outline.shape = Extents(study.data.scene_shape);
        outline.axes = {"rows", "cols", "bands"};
        outline.understood =
            fmt::format("simulated hyperspectral scene of {} materials, {} (rows, cols, bands)",
                        study.data.scene_endmembers, outline.shape.to_string());
    } else if (study.data.scene == DataOptions::Scene::low_rank) {
        outline.shape = Extents(study.data.scene_shape);
        outline.axes = {"rows", "cols"};
        for (int mode = 2; mode < outline.shape.order(); ++mode) {
            outline.axes.push_back(fmt::format("axis{}", mode));
        }
        outline.understood = fmt::format("simulated {} tensor of rank {}",
                                         outline.shape.to_string(), study.data.scene_rank);
    } else {
        const OpenSource opened = open_source(communicator, study.data.source);
        outline.shape = opened.plan.shape;
        outline.axes = opened.plan.axes;
        outline.understood = opened.plan.understood;
        outline.wavelengths = opened.plan.wavelengths;
        outline.wavelength_unit = opened.plan.wavelength_unit;
        outline.spacing = opened.plan.spacing;
        outline.origin = opened.plan.origin;
        outline.units = opened.plan.units;
        outline.source = opened.reader->info().path;
        outline.file_bytes_per_entry = static_cast<double>(
            static_cast<Index>(size_of(*opened.reader->info().type)) * opened.plan.bin.product());
    }
    if (study.has_truth_file()) {
        static_cast<void>(open_companion(communicator, study.truth, outline.shape, "truth.path"));
    }
    if (!study.data.mask.empty()) {
        static_cast<void>(open_mask(communicator, study.data, outline.shape));
    }
    for (const auto& corruption : study.corruptions) {
        corruption->check(outline.shape, outline.axes);
    }
    if (study.data.of_samples()) {
        SampleOutline samples = outline_samples(communicator, study, outline);
        outline = outline_of_covariance(std::move(outline), std::move(samples));
    } else if (study.classifies()) {
        throw UsageError(
            "[classify] needs samples: name their axis in data.covariance_over, or leave "
            "[classify] out");
    }
    study.method().check(outline.shape, outline.axes);
    return outline;
}

ProcessGrid choose_grid(const Communicator& communicator, const Study& study,
                        const DataOutline& outline) {
    const std::vector<Index>& wanted = study.parallel.grid;
    if (wanted.empty()) {
        return ProcessGrid::automatic(communicator, outline.shape,
                                      study.method().preferred_split(outline.shape, outline.axes));
    }
    if (static_cast<int>(wanted.size()) != outline.shape.order()) {
        throw UsageError(
            fmt::format("parallel.grid has {} extents, but the data have {} modes ({}): give one "
                        "extent per mode",
                        wanted.size(), outline.shape.order(), fmt::join(outline.axes, ", ")));
    }
    return {communicator, Extents(wanted)};
}

template <typename T>
StudyProblem<T> build_problem(const Communicator& communicator, const Study& study) {
    const Phase phase("read");
    DataOutline outline = outline_data(communicator, study);
    const Partition partition(outline.shape, choose_grid(communicator, study, outline));
    const Partition read_partition =
        outline.samples
            ? Partition(outline.read_shape(),
                        {communicator, sample_grid(communicator.size(), outline.read_shape())})
            : partition;
    const std::vector<std::string> read_axes = outline.read_axes();
    const AxisRoles roles = axis_roles(read_axes, outline.read_shape().order());
    DenseTensor<T> values = read_or_simulate<T>(communicator, study, outline, read_partition);
    std::optional<Mask> mask = read_mask(study.data, values);
    refuse_non_finite(values, outline.source.empty() ? "data" : outline.source, read_axes);
    const Scaling scaling = Scaling::fit(study.data.scale, values, roles.bands, mask);
    scaling.apply(values, mask);

    std::optional<DenseTensor<T>> truth;
    if (study.has_truth_file()) {
        const OpenSource opened =
            open_companion(communicator, study.truth, outline.read_shape(), "truth.path");
        truth = read_tensor<T>(*opened.reader, opened.plan, "truth", read_partition);
        refuse_non_finite(*truth, "truth.path", read_axes);
        scaling.apply(*truth);
    } else if (!study.corruptions.empty() && !mask) {
        truth = duplicate(values, "truth");
    }
    NoiseModel noise = stated_noise(study.data, roles);
    std::vector<std::string> remarks = {outline.understood};
    if (scaling.kind != ScalingKind::none) {
        remarks.push_back("scaled, " + scaling.describe());
    }
    const std::vector<std::string> done =
        corrupt(study.corruptions, values, mask, noise, study.run.seed, read_axes);
    remarks.insert(remarks.end(), done.begin(), done.end());
    if (!truth && !study.corruptions.empty()) {
        remarks.emplace_back(
            "the data lack entries of their own, so they are no truth to judge the estimate by: "
            "give truth.path for quality figures");
    }
    if (mask && count_observed(*mask) == 0) {
        throw UsageError(
            "no entry of the data is observed, so there is nothing to go by: check data.mask, "
            "data.missing and [[corrupt]]");
    }
    const std::optional<SparseTensor<T>> held_out =
        hold_out(study.data.hold_out, values, mask, study.run.seed, remarks);
    remarks.push_back(fmt::format("process grid {} ({} ranks)", partition.grid().dims().to_string(),
                                  communicator.size()));
    Problem<T> problem{values, mask, noise, outline.axes, truth};
    std::optional<SampleData<T>> samples;
    if (outline.samples) {
        samples = take_covariance(problem, outline, partition);
    }
    return {std::move(outline), std::move(problem), scaling,
            held_out,           std::move(remarks), std::move(samples)};
}

template StudyProblem<float> build_problem<float>(const Communicator&, const Study&);
template StudyProblem<double> build_problem<double>(const Communicator&, const Study&);

}  // namespace tessera
