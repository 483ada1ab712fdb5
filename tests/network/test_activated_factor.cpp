// Nonnegative factors: values of the activations, gradients against central differences.

#include <gtest/gtest.h>

#include "generator_checks.hpp"
#include "tessera/network/activated_factor.hpp"

namespace tessera {
namespace {

GeneratorOptions options_with(OutputActivation activation) {
    GeneratorOptions options;
    options.kind = GeneratorKind::free_factor;
    options.activation = activation;
    options.free_scale = 3.0;
    return options;
}

TEST(ActivatedFactorOneRank, AppliesItsFunction) {
    const Communicator self = Communicator::world().split(Communicator::world().rank(), 0);
    for (const OutputActivation activation :
         {OutputActivation::softplus, OutputActivation::absolute, OutputActivation::relu}) {
        const auto factor =
            test_support::make_generator<double>(options_with(activation), {4}, 1, self);
        const double inputs[] = {-2.0, 0.0, 3.0, 800.0};
        for (int i = 0; i < 4; ++i) {
            factor->parameters().value()(i) = inputs[i];
        }
        const FactorMatrix<const double> rows = factor->forward(0);
        for (int i = 0; i < 3; ++i) {
            const double x = inputs[i];
            const double expected = activation == OutputActivation::softplus
                                        ? std::log(1.0 + std::exp(x))
                                    : activation == OutputActivation::absolute ? std::abs(x)
                                                                               : std::max(x, 0.0);
            EXPECT_NEAR(rows(i, 0), expected, 1e-15);
        }
        EXPECT_EQ(rows(3, 0), 800.0);  // without overflow
        test_support::check_gradient(options_with(activation), {50}, 2);
    }
}

}  // namespace
}  // namespace tessera
