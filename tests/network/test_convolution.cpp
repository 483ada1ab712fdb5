// Convolutions in one, two and three modes against naive loops over whole maps: values, and all
// gradients as the exact adjoint, on any number of ranks.

#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "slab_maps.hpp"
#include "tessera/base/error.hpp"
#include "tessera/network/convolution.hpp"

namespace tessera {
namespace {

using test_support::held_part;
using test_support::own_difference;
using test_support::own_part;
using test_support::slab_of;
using test_support::whole_map;

struct Case {
    Extents sites;
    ConvolutionOptions options;
};

// Calls term(output entry, input entry, weight entry) for every product of the convolution.
template <typename Term>
void for_each_product(const Case& test, const Extents& out_sites, const Term& term) {
    const int order = test.sites.order();
    const Extents taps = Extents::filled(order, test.options.taps);
    for (Index o = 0; o < out_sites.product(); ++o) {
        const Extents at = row_major_position(o, out_sites);
        for (Index t = 0; t < taps.product(); ++t) {
            const Extents tap = row_major_position(t, taps);
            Extents from = at;
            bool inside = true;
            for (int mode = 0; mode < order; ++mode) {
                const Index n = test.sites[mode];
                Index p = test.options.stride * at[mode] + tap[mode] - test.options.taps / 2;
                if (test.options.padding == Padding::reflection) {
                    p = p < 0 ? -p : p;
                    p = p >= n ? 2 * n - 2 - p : p;
                }
                inside = inside && p >= 0 && p < n;
                from[mode] = p;
            }
            if (!inside) {
                continue;
            }
            const Index i = row_major_offset(from, test.sites);
            for (Index c = 0; c < test.options.inputs; ++c) {
                for (Index k = 0; k < test.options.outputs; ++k) {
                    term(o * test.options.outputs + k, i * test.options.inputs + c,
                         (t * test.options.inputs + c) * test.options.outputs + k);
                }
            }
        }
    }
}

struct Affine {
    std::vector<double> scale, shift;
    double slope = 0.2;
};

template <typename T>
void compare_with_loops(const Case& test, double tolerance) {
    const Communicator& world = Communicator::world();
    const ConvolutionOptions& options = test.options;
    const SiteSlab in = slab_of(world, test.sites, options.taps / 2);
    const SiteSlab out = options.stride == 2 ? in.coarser() : in;
    ParameterStore<T> store;
    Convolution<T> layer(in, out, options, store, "layer", std::make_shared<LayerWorkspace<T>>());
    store.allocate("store");
    layer.initialise(3, "test");

    // The input is read through a normalisation and an activation.
    const std::vector<double> stored = whole_map(test.sites, options.inputs, 1);
    std::vector<T> scale, shift;
    std::vector<double> values = stored;
    for (Index c = 0; c < options.inputs; ++c) {
        scale.push_back(static_cast<T>(0.5 + 0.25 * static_cast<double>(c % 3)));
        shift.push_back(static_cast<T>(0.125 * static_cast<double>(c % 5) - 0.25));
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t c = i % static_cast<std::size_t>(options.inputs);
        const double v = static_cast<double>(scale[c]) * stored[i] + static_cast<double>(shift[c]);
        values[i] = v > 0.0 ? v : 0.2 * v;
    }
    const HostView<T> input = held_part<T>(in, stored, options.inputs);
    const MapReader<T> reader{input.data(), options.inputs, scale.data(), shift.data(), T(0.2)};

    const auto weight = [&](Index i) { return static_cast<double>(store.value()(i)); };
    const Index weights = store.size() - (options.has_bias ? options.outputs : 0);
    std::vector<double> expected(static_cast<std::size_t>(out.sites().product() * options.outputs),
                                 0.0);
    for (std::size_t i = 0; options.has_bias && i < expected.size(); ++i) {
        expected[i] = weight(weights + static_cast<Index>(i) % options.outputs);
    }
    for_each_product(test, out.sites(), [&](Index o, Index i, Index w) {
        expected[static_cast<std::size_t>(o)] += weight(w) * values[static_cast<std::size_t>(i)];
    });
    HostView<T> output("output", static_cast<std::size_t>(out.held_sites() * options.outputs));
    layer.forward(reader, output.data(), nullptr);
    EXPECT_NEAR_ALL_RANKS(own_difference(out, output, expected, options.outputs), 0.0, tolerance);

    const std::vector<double> of_output = whole_map(out.sites(), options.outputs, 2);
    std::vector<double> of_input(values.size(), 0.0);
    std::vector<double> of_weights(static_cast<std::size_t>(store.size()), 1.0);
    for_each_product(test, out.sites(), [&](Index o, Index i, Index w) {
        const double g = of_output[static_cast<std::size_t>(o)];
        of_input[static_cast<std::size_t>(i)] += g * weight(w);
        of_weights[static_cast<std::size_t>(w)] += g * values[static_cast<std::size_t>(i)];
    });
    for (std::size_t i = 0; options.has_bias && i < of_output.size(); ++i) {
        of_weights[static_cast<std::size_t>(weights) +
                   i % static_cast<std::size_t>(options.outputs)] += of_output[i];
    }
    const HostView<T> gradient = own_part<T>(out, of_output, options.outputs);
    HostView<T> input_gradient = own_part<T>(in, values, options.inputs);
    if (world.rank() == 0) {  // gradients are added to what is there
        Kokkos::deep_copy(store.gradient(), T{1});
    }
    layer.backward(reader, gradient.data(), input_gradient.data());
    EXPECT_NEAR_ALL_RANKS(own_difference(in, input_gradient, of_input, options.inputs), 0.0,
                          tolerance);
    world.sum_in_place(store.gradient().data(), store.size());
    double largest = 0.0;
    for (Index i = 0; i < store.size(); ++i) {
        largest = std::max(largest, std::abs(static_cast<double>(store.gradient()(i)) -
                                             of_weights[static_cast<std::size_t>(i)]));
    }
    EXPECT_NEAR_ALL_RANKS(largest, 0.0, 10.0 * tolerance);
}

std::vector<Case> cases() {
    std::vector<Case> list;
    for (const Extents& sites : {Extents{13}, Extents{7, 6}, Extents{5, 4, 7}}) {
        for (const Index taps : {1, 3, 5}) {
            for (const Index stride : {1, 2}) {
                for (const Padding padding : {Padding::reflection, Padding::zero}) {
                    list.push_back({sites, {3, 4, taps, stride, padding, true, false}});
                }
            }
        }
    }
    return list;
}

TEST(Convolution, AgreesWithLoopsInDouble) {
    for (const Case& test : cases()) {
        SCOPED_TRACE(test.sites.to_string() + ", taps " + std::to_string(test.options.taps) +
                     ", stride " + std::to_string(test.options.stride));
        compare_with_loops<double>(test, 1e-13);
    }
}

TEST(Convolution, AgreesWithLoopsInFloat) {
    for (const Case& test : cases()) {
        compare_with_loops<float>(test, 1e-5);
    }
}

// Images this large, with so many channels, go by Winograd's algorithm; 17 and 20 channels leave a
// rest beside the lanes of 16, 33 x 38 sites a rest beside the tiles of 4.
TEST(Convolution, LargeImagesAgreeWithLoops) {
    for (const Padding padding : {Padding::reflection, Padding::zero}) {
        for (const bool normalised : {false, true}) {
            const ConvolutionOptions options{17, 20, 3, 1, padding, !normalised, normalised};
            compare_with_loops<double>({{33, 38}, options}, 1e-11);
            compare_with_loops<float>({{33, 38}, options}, 1e-4);
        }
    }
}

TEST(Convolution, ManySitesTakeSeveralStrips) {
    compare_with_loops<double>({{3001}, {5, 2, 3, 1, Padding::reflection, true, false}}, 1e-12);
}

TEST(Convolution, SaysThatReflectionNeedsMoreSites) {
    ParameterStore<double> store;
    const SiteSlab slab = slab_of(Communicator::world(), {2, 9}, 2);
    EXPECT_ALL_RANKS([&] {
        try {
            const Convolution<double> layer(slab, slab, {1, 1, 5}, store, "layer", nullptr);
        } catch (const UsageError&) {
            return true;
        }
        return false;
    }());
}

}  // namespace
}  // namespace tessera
