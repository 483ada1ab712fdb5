// Networks with the weights of PyTorch's: rows, gradients of every parameter and of the input, and
// the losses of 20 steps of Adam. The files are made by make_goldens.py, which says what is in
// them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "generator_checks.hpp"
#include "golden.hpp"
#include "tessera/network/adam.hpp"

namespace tessera {
namespace {

using test_support::Golden;
using test_support::relative_difference;

struct Case {
    const char* name;
    GeneratorKind kind;
    Extents sites;
    Index rank;
    Index scales;
    Index channels;
    Index skip_channels;
};

// What adds a constant to a channel has no effect in front of a normalisation, with a convolution
// between them or not. Ours have no gradient or one that is rounding, and so have PyTorch's.
bool has_no_effect(const Golden& golden, const std::string& key) {
    const std::string bias = ".bias";
    return key.ends_with(".joined.beta") ||
           (key.ends_with(bias) &&
            golden.contains(key.substr(0, key.size() - bias.size()) + ".gamma"));
}

double largest_gradient(const Golden& golden) {
    double largest = 0.0;
    for (const auto& [key, values] : golden) {
        for (const double value : values) {
            largest = std::max(largest, key.starts_with("gradient.") ? std::abs(value) : 0.0);
        }
    }
    return largest;
}

template <typename T>
std::unique_ptr<FactorGenerator<T>> generator_of(const Case& test) {
    GeneratorOptions options;
    options.kind = test.kind;
    options.scales = test.scales;
    options.channels = test.channels;
    options.skip_channels = test.skip_channels;
    const Communicator self = Communicator::world().split(Communicator::world().rank(), 0);
    return test_support::make_generator<T>(options, test.sites, test.rank, self);
}

// The golden's parameters, rounded to Stored.
template <typename Stored, typename T>
void load(const Golden& golden, ParameterStore<T>& store) {
    Index loaded = 0;
    for (const auto& [key, values] : golden) {
        if (golden.contains("gradient." + key)) {
            std::transform(values.begin(), values.end(), store.value().data() + store.offset(key),
                           [](double value) { return static_cast<T>(static_cast<Stored>(value)); });
            loaded += static_cast<Index>(values.size());
        }
    }
    ASSERT_EQ(loaded, store.size());
}

// The gradient of all parameters.
template <typename T>
void differentiate(const Golden& golden, FactorGenerator<T>& generator,
                   const FactorMatrix<T>& gradient) {
    const std::vector<double>& row_gradient = golden.at("row_gradient");
    ASSERT_EQ(gradient.size(), row_gradient.size());
    std::copy(row_gradient.begin(), row_gradient.end(), gradient.data());
    generator.parameters().zero_gradient();
    generator.backward(gradient);
}

// How far apart float32 may be. Already the parameters' rounding changes gradients, in exact
// arithmetic, by up to 1e-6 where a network has few sites. Some 50 layers, forth and back, each
// round once more; with random signs that is 7 times as much, and twice that is allowed.
double single_tolerance(const Case& test) {
    const Golden golden = test_support::read_golden("network", test.name);
    const auto generator = generator_of<double>(test);
    ParameterStore<double>& store = generator->parameters();
    load<float>(golden, store);
    const FactorMatrix<const double> rows = generator->forward(0);
    double effect = relative_difference(rows.data(), golden.at("rows"));
    differentiate(golden, *generator,
                  FactorMatrix<double>("gradient", rows.extent(0), rows.extent(1)));
    const std::string prefix = "gradient.";
    for (const auto& [key, expected] : golden) {
        const std::string parameter = key.starts_with(prefix) ? key.substr(prefix.size()) : "";
        if (!parameter.empty() && !has_no_effect(golden, parameter)) {
            const double* actual = store.gradient().data() + store.offset(parameter);
            effect = std::max(effect, relative_difference(actual, expected));
        }
    }
    return std::max(1e-5, 14.0 * effect);
}

template <typename T>
void compare(const Case& test, double tolerance) {
    SCOPED_TRACE(test.name);
    const Golden golden = test_support::read_golden("network", test.name);
    ASSERT_TRUE(golden.contains("rows")) << "no file of that name below TESSERA_SOURCE";
    const auto generator = generator_of<T>(test);
    ParameterStore<T>& store = generator->parameters();
    load<T>(golden, store);

    const FactorMatrix<const T> rows = generator->forward(0);
    EXPECT_LT(relative_difference(rows.data(), golden.at("rows")), tolerance);
    const FactorMatrix<T> gradient("gradient", rows.extent(0), rows.extent(1));
    differentiate(golden, *generator, gradient);
    for (const auto& [key, expected] : golden) {
        const std::string prefix = "gradient.";
        if (!key.starts_with(prefix)) {
            continue;
        }
        const std::string parameter = key.substr(prefix.size());
        const T* actual = store.gradient().data() + store.offset(parameter);
        if (has_no_effect(golden, parameter)) {
            const auto bound = static_cast<T>(tolerance * largest_gradient(golden));
            EXPECT_TRUE(std::all_of(actual, actual + expected.size(), [=](T value) {
                return std::abs(value) <= bound;
            })) << key;
        } else {
            EXPECT_LT(relative_difference(actual, expected), tolerance) << key;
        }
    }

    // The losses of training amplify rounding from step to step.
    Adam<T> adam;
    for (const double expected : golden.at("losses")) {
        const FactorMatrix<const T> fitted = generator->forward(0);
        double loss = 0.0;
        const double entries = static_cast<double>(fitted.size());
        for (std::size_t i = 0; i < fitted.size(); ++i) {
            const double residual =
                static_cast<double>(fitted.data()[i]) - golden.at("row_gradient")[i];
            loss += residual * residual / entries;
            gradient.data()[i] = static_cast<T>(2.0 * residual / entries);
        }
        EXPECT_NEAR(loss, expected, 100.0 * tolerance * expected);
        store.zero_gradient();
        generator->backward(gradient);
        adam.step(store, 0.01);
    }
}

const std::vector<Case>& cases() {
    static const std::vector<Case> list = {
        {"skip_1d", GeneratorKind::skip_network, {21}, 3, 3, 6, 2},
        {"skip_2d", GeneratorKind::skip_network, {10, 13}, 3, 2, 5, 2},
        {"skip_3d", GeneratorKind::skip_network, {5, 4, 6}, 2, 1, 3, 1},
        {"decoder_1d", GeneratorKind::deep_decoder, {16}, 3, 2, 6, 0},
        {"decoder_2d", GeneratorKind::deep_decoder, {12, 8}, 3, 2, 5, 0},
        {"sine_1d", GeneratorKind::sine_network, {11}, 3, 0, 7, 0},
        {"sine_2d", GeneratorKind::sine_network, {4, 5}, 3, 0, 7, 0}};
    return list;
}

TEST(GoldensOneRank, NetworksAgreeWithPyTorchInDouble) {
    for (const Case& test : cases()) {
        compare<double>(test, 1e-9);
    }
}

TEST(GoldensOneRank, NetworksAgreeWithPyTorchInFloat) {
    for (const Case& test : cases()) {
        compare<float>(test, single_tolerance(test));
    }
}

}  // namespace
}  // namespace tessera
