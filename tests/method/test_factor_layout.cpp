#include <gtest/gtest.h>

#include <string>

#include "tessera/base/error.hpp"
#include "tessera/method/factor_networks/factor_layout.hpp"

namespace tessera {
namespace {

using Contraction = FactorNetworksOptions::Contraction;

FactorNetworksOptions options_of(Contraction contraction, Index rank = 3) {
    FactorNetworksOptions options;
    options.contraction = contraction;
    options.rank = rank;
    return options;
}

std::string complaint(const Extents& shape, const std::vector<std::string>& axes,
                      const FactorNetworksOptions& options) {
    try {
        static_cast<void>(choose_factor_layout(shape, axes, options));
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

TEST(FactorLayoutOneRank, FormFollowsTheAxes) {
    const auto automatic = options_of(Contraction::automatic);
    const FactorLayout matrix = choose_factor_layout({8, 9}, {"rows", "cols"}, automatic);
    EXPECT_EQ(matrix.factors.size(), 2U);
    EXPECT_FALSE(matrix.has_image());
    EXPECT_FALSE(matrix.learned_weights);

    const FactorLayout cube = choose_factor_layout({5, 8, 9}, {"bands", "rows", "cols"}, automatic);
    ASSERT_EQ(cube.factors.size(), 2U);
    EXPECT_FALSE(cube.spread(0));
    EXPECT_TRUE(cube.spread(1));
    EXPECT_EQ(cube.factors[1].first, 1);
    EXPECT_EQ(cube.factors[1].last, 3);
    EXPECT_FALSE(cube.learned_weights);

    const FactorLayout film =
        choose_factor_layout({8, 9, 5, 4}, {"height", "width", "bands", "time"}, automatic);
    ASSERT_EQ(film.factors.size(), 3U);
    EXPECT_TRUE(film.spread(0));
    EXPECT_TRUE(film.learned_weights);
    EXPECT_EQ(film.centre_size(), 3);

    const FactorLayout plain = choose_factor_layout({8, 9, 5}, {"a", "b", "c"}, automatic);
    EXPECT_EQ(plain.factors.size(), 3U);
    EXPECT_FALSE(plain.has_image());
    EXPECT_EQ(plain.describe({"a", "b", "c"}), "CP model: a by b by c; rank 3");
}

TEST(FactorLayoutOneRank, OneNetworkForAllHasOneColumn) {
    const auto options = options_of(Contraction::full);
    const FactorLayout layout = choose_factor_layout({8, 4, 9}, {"a", "b", "c"}, options);
    ASSERT_EQ(layout.factors.size(), 1U);
    EXPECT_EQ(layout.factors[0].of({8, 4, 9}), (Extents{8, 4, 9}));
    EXPECT_EQ(layout.widths, (std::vector<Index>{1}));
    EXPECT_TRUE(layout.spread(0));
    EXPECT_FALSE(layout.learns_centre());
    EXPECT_EQ(layout.describe({"a", "b", "c"}), "one network for the whole tensor: a and b and c");
    EXPECT_EQ(complaint({8, 4, 9, 2}, {"a", "b", "c", "d"}, options),
              "method.contraction = \"full\" needs 2 or 3 axes, for networks have no more, but the "
              "data are 8 x 4 x 9 x 2: fold them with data.shape, or use \"cp\"");
}

TEST(FactorLayoutOneRank, TuckerRanksAreAtMostTheExtents) {
    auto options = options_of(Contraction::tucker, 6);
    const FactorLayout layout = choose_factor_layout({8, 4, 9}, {"a", "b", "c"}, options);
    EXPECT_EQ(layout.widths, (std::vector<Index>{6, 4, 6}));
    EXPECT_EQ(layout.centre_size(), 144);
    options.ranks = {2, 5, 3};
    EXPECT_EQ(complaint({8, 4, 9}, {"a", "b", "c"}, options),
              "method.ranks asks for rank 5 in a mode of 4 slices: give a rank of at most 4");
    options.ranks = {2, 5};
    EXPECT_EQ(complaint({8, 4, 9}, {"a", "b", "c"}, options),
              "method.ranks has 2 numbers, but the data have 3 modes: give one rank per mode");
}

TEST(FactorLayoutOneRank, WrongFormsAreNamed) {
    EXPECT_EQ(complaint({8}, {"a"}, options_of(Contraction::automatic)),
              "method factor_networks needs a tensor of order 2 to 5; this one (8) has order 1");
    EXPECT_EQ(complaint({8, 9, 2}, {"a", "b", "c"}, options_of(Contraction::matrix)),
              "method.contraction = \"matrix\" needs a matrix, but the data are 8 x 9 x 2: fold "
              "them with data.shape, or use \"cp\"");
    EXPECT_EQ(complaint({8, 9}, {"a", "b"}, options_of(Contraction::symmetric)),
              "method.contraction = \"symmetric\" needs a square matrix, or one of pixels with the "
              "pixels' two axes twice, but the data are 8 x 9: data.covariance_over makes such");
    EXPECT_EQ(complaint({8, 9, 2}, {"rows", "bands", "cols"}, options_of(Contraction::image)),
              "method.contraction = \"2d1d\" needs the axes rows and cols side by side and one "
              "more, but the axes are rows, bands, cols: name them in data.axes or reorder them "
              "with data.order");
}

TEST(FactorLayoutOneRank, SingularVectorsAreTheShorterFactorOfTwo) {
    auto options = options_of(Contraction::automatic);
    options.basis = FactorNetworksOptions::Basis::singular_vectors;
    options.rank = 3;
    EXPECT_EQ(choose_factor_layout({8, 4}, {"a", "b"}, options).basis, 1U);
    EXPECT_EQ(choose_factor_layout({4, 8}, {"a", "b"}, options).basis, 0U);
    EXPECT_EQ(choose_factor_layout({2, 2, 9}, {"rows", "cols", "bands"}, options).basis, 1U);
    EXPECT_EQ(choose_factor_layout({9, 2, 2}, {"time", "rows", "cols"}, options).basis, 0U);
    EXPECT_EQ(complaint({8, 4, 9}, {"a", "b", "c"}, options),
              "method.basis = \"svd\" is for models of two factors: a matrix, or 2d1d of three "
              "axes");
    EXPECT_EQ(complaint({8, 2}, {"a", "b"}, options),
              "method.basis = \"svd\": there are 2 singular vectors, fewer than method.rank = 3");
    options.generator.activation = OutputActivation::relu;
    EXPECT_EQ(complaint({8, 4}, {"a", "b"}, options),
              "method.basis = \"svd\" makes factors of any sign: leave method.activation at "
              "\"none\"");
}

TEST(FactorLayoutOneRank, SomeFactorsMayBeOfAnySign) {
    auto options = options_of(Contraction::image);
    options.generator.activation = OutputActivation::softplus;
    options.any_sign = {"cols"};
    const std::vector<std::string> axes = {"rows", "cols", "bands"};
    const FactorLayout layout = choose_factor_layout({8, 9, 5}, axes, options);
    EXPECT_EQ(layout.generator(options.generator, 0).activation, OutputActivation::none);
    EXPECT_EQ(layout.generator(options.generator, 1).activation, OutputActivation::softplus);
    options.any_sign = {"wavelengths"};
    EXPECT_EQ(complaint({8, 9, 5}, axes, options),
              "method.any_sign names wavelengths, but the axes are rows, cols, bands");
    options.any_sign = {"rows", "bands"};
    EXPECT_EQ(complaint({8, 9, 5}, axes, options),
              "method.any_sign leaves no factor to method.activation: name fewer axes, or set "
              "method.activation = \"none\"");
}

TEST(FactorLayoutOneRank, AxesThatAreTooShortAreNamed) {
    const Extents shape = {8, 2, 9};
    const std::vector<std::string> axes = {"a", "b", "c"};
    auto options = options_of(Contraction::cp);
    const FactorLayout layout = choose_factor_layout(shape, axes, options);
    const auto said = [&]() -> std::string {
        try {
            check_extents(layout, shape, axes, options.generator);
        } catch (const UsageError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_EQ(said(),
              "method.network = \"skip\" needs at least 3 positions along each axis, but b has 2: "
              "take network = \"sine\" or \"free\"");
    options.generator.kind = GeneratorKind::sine_network;
    EXPECT_EQ(said(), "");
}

}  // namespace
}  // namespace tessera
