#include "tessera/app/sample_study.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "tessera/app/classification.hpp"
#include "tessera/app/data_source.hpp"
#include "tessera/app/principal_components.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/io/read_tensor.hpp"
#include "tessera/method/replicated_factor.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/covariance.hpp"
#include "tessera/tensor/redistribute.hpp"

namespace tessera {
namespace {

template <typename Item>
std::vector<Item> without(std::vector<Item> items, int place) {
    items.erase(items.begin() + place);
    return items;
}

int sample_mode(const Study& study, const DataOutline& outline) {
    const std::string& name = study.data.covariance_over;
    const auto found = std::find(outline.axes.begin(), outline.axes.end(), name);
    if (found == outline.axes.end()) {
        throw UsageError(fmt::format(
            "data.covariance_over = \"{}\" is none of the data's axes, which are {}: name one of "
            "them, or name the axes with data.axes",
            name, fmt::join(outline.axes, ", ")));
    }
    return static_cast<int>(found - outline.axes.begin());
}

std::vector<Index> labels_of_file(const Communicator& communicator, const std::string& path,
                                  Index samples) {
    SourceOptions source;
    source.path = path;
    const OpenSource opened = open_source(communicator, source);
    const Extents& shape = opened.plan.shape;
    if (shape.product() != samples) {
        throw UsageError(fmt::format(
            "classify.labels has {} labels, but there are {} samples: give one label per sample",
            shape.product(), samples));
    }
    const std::vector<bool> any(static_cast<std::size_t>(shape.order()), true);
    const DenseTensor<double> read =
        read_tensor<double>(*opened.reader, opened.plan, "labels",
                            {shape, ProcessGrid::automatic(communicator, shape, any)});
    const HostView<double> gathered = gather_box(read, {Extents::filled(shape.order(), 0), shape});
    std::vector<Index> labels(static_cast<std::size_t>(samples));
    agree_on_rank_0(communicator, [&] {
        for (std::size_t sample = 0; sample < labels.size(); ++sample) {
            const double value = gathered(sample);
            if (!(std::abs(value) < 1e9) || std::round(value) != value) {
                throw UsageError(fmt::format(
                    "classify.labels: label {} is {}: labels are whole numbers", sample, value));
            }
            labels[sample] = std::llround(value);
        }
    });
    communicator.broadcast(labels.data(), samples);
    return labels;
}

std::vector<Index> labels_by_number(Index samples, Index per_class) {
    if (samples % per_class != 0) {
        throw UsageError(fmt::format(
            "classify.samples_per_class = {} does not divide the {} samples: give a divisor, or "
            "classify.labels",
            per_class, samples));
    }
    std::vector<Index> labels;
    for (Index sample = 0; sample < samples; ++sample) {
        labels.push_back(sample / per_class);
    }
    return labels;
}

Extents with_last(const Extents& extents, Index last) {
    std::vector<Index> values = extents.to_vector();
    values.push_back(last);
    return Extents(values);
}

/// Mean over the splits, computed by rank 0.
double mean_accuracy(const Communicator& communicator, const Matrix& scores,
                     const std::vector<Index>& labels, const ClassifyOptions& options,
                     std::uint64_t seed) {
    double sum = 0.0;
    agree_on_rank_0(communicator, [&] {
        for (Index split = 0; split < options.splits; ++split) {
            sum += svm_accuracy(scores, labels,
                                draw_training_set(labels, options.training_share, seed, split),
                                options.cost);
        }
    });
    communicator.broadcast(&sum, 1);
    return sum / static_cast<double>(options.splits);
}

}  // namespace

SampleOutline outline_samples(const Communicator& communicator, const Study& study,
                              const DataOutline& outline) {
    SampleOutline samples{outline.shape, outline.axes, sample_mode(study, outline), {}};
    const Index count = samples.shape[samples.mode];
    const int features = samples.shape.order() - 1;
    if (count < 2) {
        throw UsageError(fmt::format(
            "data.covariance_over = \"{}\": a covariance needs at least 2 samples, and there is {}",
            study.data.covariance_over, count));
    }
    if (features < 1 || 2 * features > max_order) {
        throw UsageError(fmt::format(
            "data.covariance_over needs data of 2 to {} axes, but these have {} ({}): fold them "
            "with data.shape",
            max_order / 2 + 1, features + 1, fmt::join(outline.axes, ", ")));
    }
    if (study.classifies()) {
        const ClassifyOptions& options = study.classify;
        samples.labels = options.labels.empty()
                             ? labels_by_number(count, options.samples_per_class)
                             : labels_of_file(communicator, options.labels, count);
        static_cast<void>(
            draw_training_set(samples.labels, options.training_share, study.run.seed, 0));
    }
    return samples;
}

DataOutline outline_of_covariance(DataOutline outline, SampleOutline samples) {
    outline.shape = feature_shape(samples.shape, samples.mode);
    outline.axes = without(samples.axes, samples.mode);
    outline.understood +=
        fmt::format("; covariance of {} features ({}) over {} samples", outline.shape.product(),
                    fmt::join(outline.axes, ", "), samples.shape[samples.mode]);
    std::vector<Index> shape = outline.shape.to_vector();
    shape.insert(shape.end(), shape.begin(), shape.end());
    outline.shape = Extents(shape);
    const std::vector<std::string> features = outline.axes;
    for (const std::string& axis : features) {
        outline.axes.push_back(axis + "_2");
    }
    outline.wavelengths.clear();
    outline.wavelength_unit.clear();
    outline.spacing.clear();
    outline.origin.clear();
    outline.units.clear();
    outline.samples = std::move(samples);
    return outline;
}

template <typename T>
SampleData<T> take_covariance(Problem<T>& problem, const DataOutline& outline,
                              const Partition& partition) {
    const Phase phase("covariance");
    const int mode = outline.samples->mode;
    SampleData<T> samples{problem.observation, mode, sample_mean(problem.observation, mode)};
    problem.observation = sample_covariance(samples.values, mode, samples.mean, partition);
    if (problem.truth) {
        problem.truth =
            sample_covariance(*problem.truth, mode, sample_mean(*problem.truth, mode), partition);
    }
    problem.noise = {};
    problem.axes = outline.axes;
    return samples;
}

template <typename T>
SampleFindings analyse_samples(const StudyProblem<T>& problem, const DenseTensor<T>& estimate,
                               const Study& study) {
    const Phase phase("components");
    const Communicator& communicator = estimate.communicator();
    const SampleData<T>& samples = *problem.samples;
    const SampleOutline& outline = *problem.outline.samples;
    const auto project = [&](const PrincipalComponents& components) {
        return project_samples(samples.values, samples.mode, samples.mean, components.vectors);
    };
    const PrincipalComponents found = principal_components(estimate, study.output.components);
    const auto count = static_cast<Index>(found.eigenvalues.size());
    const Matrix scores = project(found);
    const Extents features = feature_shape(outline.shape, outline.mode);
    SampleFindings findings;
    const auto add = [&](const char* name, const Extents& shape, std::vector<double> values) {
        findings.factors.push_back(replicated_factor(communicator, name, shape, std::move(values)));
    };
    add("components", with_last(features, count), transposed(found.vectors).values);
    add("eigenvalues", {count}, found.eigenvalues);
    add("projections", {scores.rows, count}, transposed(scores).values);
    add("sample_mean", features, samples.mean);
    if (outline.labels.empty()) {
        return findings;
    }
    const auto judge = [&](const char* name, const char* basis, const Matrix& projected) {
        const double accuracy =
            mean_accuracy(communicator, projected, outline.labels, study.classify, study.run.seed);
        findings.figures.emplace_back(name, accuracy);
        findings.table.push_back(fmt::format("{:<34} {:>8.4f}", basis, accuracy));
    };
    findings.table.push_back(fmt::format("samples on {:<4} eigenvectors of       accuracy", count));
    judge("svm_accuracy", "the estimated covariance", scores);
    judge("svm_accuracy_pca", "the observed covariance",
          project(principal_components(problem.problem.observation, count)));
    if (problem.problem.truth) {
        judge("svm_accuracy_oracle", "the true covariance (an oracle's)",
              project(principal_components(*problem.problem.truth, count)));
    }
    return findings;
}

SampleMemory sample_memory(const Study& study, const DataOutline& outline, const Extents& block,
                           Index ranks, bool truth, std::size_t scalar_bytes) {
    const SampleOutline& samples = *outline.samples;
    const int half = block.order() / 2;
    const Extents grid = sample_grid(ranks, samples.shape);
    double entries = 1.0;
    for (int mode = 0; mode < grid.order(); ++mode) {
        entries *=
            std::ceil(static_cast<double>(samples.shape[mode]) / static_cast<double>(grid[mode]));
    }
    const auto scalar = static_cast<double>(scalar_bytes);
    const auto features = static_cast<double>(outline.shape.product(0, half));
    const auto count = static_cast<double>(samples.shape[samples.mode]);
    const double kept = std::min(static_cast<double>(study.output.components), features);
    SampleMemory memory;
    memory.read = entries * scalar;
    memory.held = memory.read + sizeof(double) * features;
    memory.building = (truth ? memory.read : 0.0) +
                      covariance_scratch_bytes(samples.shape[samples.mode], block.product(0, half),
                                               block.product(half, block.order()), scalar_bytes);
    // Lanczos vectors of both sides, which the ranks share, and copies of the wanted ones.
    const double subspace = std::max(2.0 * kept, kept + 10.0);
    memory.analysis = sizeof(double) * (2.0 * features * subspace / static_cast<double>(ranks) +
                                        6.0 * features * kept + 4.0 * count * kept);
    return memory;
}

Extents sample_grid(Index ranks, const Extents& shape) {
    return ProcessGrid::automatic_dims(
        ranks, shape, std::vector<bool>(static_cast<std::size_t>(shape.order()), true));
}

#define TESSERA_INSTANTIATE(T)                                                                    \
    template SampleData<T> take_covariance<T>(Problem<T>&, const DataOutline&, const Partition&); \
    template SampleFindings analyse_samples<T>(const StudyProblem<T>&, const DenseTensor<T>&,     \
                                               const Study&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
