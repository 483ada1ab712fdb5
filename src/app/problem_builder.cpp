#include "tessera/app/problem_builder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <Kokkos_Core.hpp>
#include <cstdlib>
#include <filesystem>

#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/io/read_tensor.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/problem/axis_roles.hpp"
#include "tessera/problem/scene.hpp"
#include "tessera/tensor/reductions.hpp"

namespace tessera {
namespace {

// A file is looked for where the program was started, then below TESSERA_DATA, so that decks name
// the shared data without knowing where they lie.
std::string find_file(const std::string& location) {
    namespace fs = std::filesystem;
    const FileLocation parts = split_location(location);
    std::error_code ignored;
    const char* const base = std::getenv("TESSERA_DATA");
    if (fs::exists(parts.path, ignored) || fs::path(parts.path).is_absolute() || base == nullptr) {
        return location;
    }
    const fs::path below = fs::path(base) / parts.path;
    return fs::exists(below, ignored) ? (fs::path(base) / location).string() : location;
}

AxesRequest axes_request(const SourceOptions& source) {
    AxesRequest request;
    request.axes = source.axes;
    request.shape = source.shape;
    request.fold_order = source.fold_order;
    request.order = source.order;
    for (const auto& [axis, range] : source.region) {
        request.region.push_back({axis, range.at(0), range.at(1)});
    }
    for (const auto& [axis, count] : source.bin) {
        request.bins.push_back({axis, count});
    }
    return request;
}

struct OpenSource {
    std::unique_ptr<TensorReader> reader;
    ReadPlan plan;
};

OpenSource open_source(const Communicator& communicator, const SourceOptions& source) {
    OpenSource opened;
    opened.reader = TensorReader::open(find_file(source.path), communicator);
    opened.plan = plan_read(opened.reader->info(), axes_request(source));
    return opened;
}

// The mask and the truth lie in files of their own, cut and folded like the data.
OpenSource open_companion(const Communicator& communicator, const SourceOptions& source,
                          const DataOutline& outline, const char* key) {
    OpenSource opened = open_source(communicator, source);
    if (!(opened.plan.shape == outline.shape)) {
        throw UsageError(fmt::format("{} is {}, but the data are {}: they must have the same shape",
                                     key, opened.plan.shape.to_string(),
                                     outline.shape.to_string()));
    }
    return opened;
}

SourceOptions mask_source(const Study& study) {
    SourceOptions source = study.data.source;
    source.path = study.data.mask;
    source.bin.clear();
    return source;
}

template <typename T>
void refuse_non_finite(const DenseTensor<T>& tensor, const std::string& what,
                       const DataOutline& outline) {
    const NonFinite found = find_non_finite(tensor);
    if (found.count == 0) {
        return;
    }
    const Extents position = row_major_position(found.first, tensor.shape());
    throw IoError(
        fmt::format("{}: {} of {} values are NaN or infinite, the first at ({}) = [{}]: repair the "
                    "file, or mark "
                    "them as missing with data.missing = \"nan\"",
                    what, found.count, tensor.size(), fmt::join(outline.axes, ", "),
                    fmt::join(position.to_vector(), ", ")));
}

// Entries that the file marks as missing leave the problem: mask 0, value 0.
template <typename T>
Mask mask_from_values(const DenseTensor<T>& tensor, DataOptions::Missing marker) {
    Mask mask("mask", tensor.partition());
    const DeviceView<T> values = tensor.block();
    const DeviceView<std::uint8_t> observed = mask.block();
    const bool zero_marks = marker == DataOptions::Missing::zero;
    Kokkos::parallel_for(
        "tessera::mask_from_values",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<std::size_t>>(
            0, values.size()),
        KOKKOS_LAMBDA(std::size_t i) {
            const T value = values(i);
            const bool missing = zero_marks ? value == T{0} : value != value;
            observed(i) = missing ? 0 : 1;
            if (missing) {
                values(i) = T{0};
            }
        });
    Kokkos::fence("tessera::mask_from_values");
    return mask;
}

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

template <typename T>
void clear_missing(const DenseTensor<T>& tensor, const Mask& mask) {
    const DeviceView<T> values = tensor.block();
    const DeviceView<std::uint8_t> observed = mask.block();
    Kokkos::parallel_for(
        "tessera::clear_missing",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<std::size_t>>(
            0, values.size()),
        KOKKOS_LAMBDA(std::size_t i) {
            if (observed(i) == 0) {
                values(i) = T{0};
            }
        });
    Kokkos::fence("tessera::clear_missing");
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
        outline.wavelengths = scene.wavelengths_um;
        outline.wavelength_unit = "um";
        return scene.values;
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

}  // namespace

void make_binary(const Mask& mask) {
    const DeviceView<std::uint8_t> observed = mask.block();
    Kokkos::parallel_for(
        "tessera::make_binary",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<std::size_t>>(
            0, observed.size()),
        KOKKOS_LAMBDA(std::size_t i) { observed(i) = observed(i) != 0 ? 1 : 0; });
    Kokkos::fence("tessera::make_binary");
}

DataOutline outline_data(const Communicator& communicator, const Study& study) {
    DataOutline outline;
    if (study.data.scene == DataOptions::Scene::hyperspectral) {
        outline.shape = Extents(study.data.scene_shape);
        outline.axes = {"rows", "cols", "bands"};
        outline.understood =
            fmt::format("simulated hyperspectral scene of {} materials, {} (rows, cols, bands)",
                        study.data.scene_endmembers, outline.shape.to_string());
    } else {
        const OpenSource opened = open_source(communicator, study.data.source);
        outline.shape = opened.plan.shape;
        outline.axes = opened.plan.axes;
        outline.understood = opened.plan.understood;
        outline.wavelengths = opened.plan.wavelengths;
        outline.wavelength_unit = opened.plan.wavelength_unit;
        outline.source = opened.reader->info().path;
    }
    if (study.has_truth_file()) {
        static_cast<void>(open_companion(communicator, study.truth, outline, "truth.path"));
    }
    if (!study.data.mask.empty()) {
        static_cast<void>(open_companion(communicator, mask_source(study), outline, "data.mask"));
    }
    for (const auto& corruption : study.corruptions) {
        corruption->check(outline.shape, outline.axes);
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
    const AxisRoles roles = axis_roles(outline.axes, outline.shape.order());
    DenseTensor<T> values = read_or_simulate<T>(communicator, study, outline, partition);
    std::optional<Mask> mask;
    if (!study.data.mask.empty()) {
        const OpenSource opened =
            open_companion(communicator, mask_source(study), outline, "data.mask");
        mask = read_tensor<std::uint8_t>(*opened.reader, opened.plan, "mask", partition);
        make_binary(*mask);
        clear_missing(values, *mask);
    } else if (study.data.missing != DataOptions::Missing::none) {
        mask = mask_from_values(values, study.data.missing);
    }
    refuse_non_finite(values, outline.source.empty() ? "data" : outline.source, outline);
    const Scaling scaling = Scaling::fit(study.data.scale, values, roles.bands, mask);
    scaling.apply(values, mask);

    std::optional<DenseTensor<T>> truth;
    if (study.has_truth_file()) {
        const OpenSource opened = open_companion(communicator, study.truth, outline, "truth.path");
        truth = read_tensor<T>(*opened.reader, opened.plan, "truth", partition);
        refuse_non_finite(*truth, "truth.path", outline);
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
        corrupt(study.corruptions, values, mask, noise, study.run.seed, outline.axes);
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
    remarks.push_back(fmt::format("process grid {} ({} ranks)", partition.grid().dims().to_string(),
                                  communicator.size()));
    std::vector<std::string> axes = outline.axes;
    return {std::move(outline), Problem<T>{values, mask, noise, std::move(axes), truth}, scaling,
            std::move(remarks)};
}

template StudyProblem<float> build_problem<float>(const Communicator&, const Study&);
template StudyProblem<double> build_problem<double>(const Communicator&, const Study&);

}  // namespace tessera
