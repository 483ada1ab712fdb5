#include "tessera/app/classification.hpp"

#include <fmt/format.h>
#include <libsvm/svm.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "tessera/base/error.hpp"
#include "tessera/base/random.hpp"

namespace tessera {
namespace {

// Of random numbers: away from the streams of corruptions and starts.
constexpr std::uint32_t training_stream = 0x53564D54U;

struct FreeModel {
    void operator()(svm_model* model) const { svm_free_and_destroy_model(&model); }
};

/// Shift and scale of each feature by its training samples; a constant one becomes 0.
Matrix standardise(const Matrix& features, const TrainingSet& training) {
    Matrix result(features.rows, features.columns);
    const auto count = static_cast<double>(std::count(training.begin(), training.end(), true));
    for (Index column = 0; column < features.columns; ++column) {
        double mean = 0.0;
        double square = 0.0;
        for (Index row = 0; row < features.rows; ++row) {
            mean += training[static_cast<std::size_t>(row)] ? features(row, column) / count : 0.0;
        }
        for (Index row = 0; row < features.rows; ++row) {
            const double away = features(row, column) - mean;
            square += training[static_cast<std::size_t>(row)] ? away * away / count : 0.0;
        }
        for (Index row = 0; row < features.rows; ++row) {
            result(row, column) =
                square > 0.0 ? (features(row, column) - mean) / std::sqrt(square) : 0.0;
        }
    }
    return result;
}

/// Samples as libsvm wants them: numbered values, and an end mark.
std::vector<std::vector<svm_node>> nodes_of(const Matrix& features) {
    std::vector<std::vector<svm_node>> nodes(static_cast<std::size_t>(features.rows));
    for (Index row = 0; row < features.rows; ++row) {
        std::vector<svm_node>& sample = nodes[static_cast<std::size_t>(row)];
        for (Index column = 0; column < features.columns; ++column) {
            sample.push_back({static_cast<int>(column) + 1, features(row, column)});
        }
        sample.push_back({-1, 0.0});
    }
    return nodes;
}

svm_parameter linear_parameters(double cost) {
    constexpr double cache_mebibytes = 16.0;
    svm_parameter parameters{};
    parameters.svm_type = C_SVC;
    parameters.kernel_type = LINEAR;
    parameters.C = cost;
    parameters.eps = 1e-3;
    parameters.cache_size = cache_mebibytes;
    parameters.shrinking = 1;
    return parameters;
}

}  // namespace

TrainingSet draw_training_set(const std::vector<Index>& labels, double share, std::uint64_t seed,
                              Index split) {
    std::map<Index, std::vector<Index>> classes;
    for (std::size_t sample = 0; sample < labels.size(); ++sample) {
        classes[labels[sample]].push_back(static_cast<Index>(sample));
    }
    if (classes.size() < 2) {
        throw UsageError("[classify] finds one class only: there is nothing to tell apart");
    }
    const Random random(seed, training_stream);
    TrainingSet training(labels.size(), false);
    for (auto& [label, members] : classes) {
        const auto count = static_cast<double>(members.size());
        const auto wanted = static_cast<Index>(std::lround(share * count));
        if (wanted < 1 || wanted >= static_cast<Index>(members.size())) {
            throw UsageError(fmt::format(
                "classify.training_share = {} leaves class {}, which has {} samples, without one "
                "to {}: choose another share",
                share, label, members.size(), wanted < 1 ? "learn from" : "judge by"));
        }
        const auto key = [&](Index sample) {
            return random.uniform(sample, static_cast<std::uint32_t>(split));
        };
        std::sort(members.begin(), members.end(),
                  [&](Index a, Index b) { return key(a) < key(b); });
        for (Index place = 0; place < wanted; ++place) {
            training[static_cast<std::size_t>(members[static_cast<std::size_t>(place)])] = true;
        }
    }
    return training;
}

double svm_accuracy(const Matrix& features, const std::vector<Index>& labels,
                    const TrainingSet& training, double cost) {
    std::vector<std::vector<svm_node>> nodes = nodes_of(standardise(features, training));
    std::vector<double> targets;
    std::vector<svm_node*> samples;
    for (std::size_t sample = 0; sample < labels.size(); ++sample) {
        if (training[sample]) {
            targets.push_back(static_cast<double>(labels[sample]));
            samples.push_back(nodes[sample].data());
        }
    }
    const svm_problem problem{static_cast<int>(samples.size()), targets.data(), samples.data()};
    const svm_parameter parameters = linear_parameters(cost);
    svm_set_print_string_function([](const char*) {});
    const std::unique_ptr<svm_model, FreeModel> model(svm_train(&problem, &parameters));
    Index right = 0;
    Index judged = 0;
    for (std::size_t sample = 0; sample < labels.size(); ++sample) {
        if (!training[sample]) {
            ++judged;
            const double said = svm_predict(model.get(), nodes[sample].data());
            right += std::llround(said) == labels[sample] ? 1 : 0;
        }
    }
    return static_cast<double>(right) / static_cast<double>(judged);
}

}  // namespace tessera
