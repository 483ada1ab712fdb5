#include <gtest/gtest.h>

#include "factor_networks_cases.hpp"
#include "tessera/base/error.hpp"
#include "tessera/method/factor_networks/singular_basis.hpp"

namespace tessera {
namespace {

using namespace test_support;
using Basis = FactorNetworksOptions::Basis;

const std::vector<Form> forms = {
    {Contraction::matrix, {11, 7}, {"a", "b"}},
    {Contraction::matrix, {7, 11}, {"a", "b"}},
    {Contraction::image, {6, 5, 7}, {"rows", "cols", "bands"}},
    {Contraction::image, {7, 6, 5}, {"time", "rows", "cols"}},
};

/// The mode with seven positions: the short side.
int short_mode(const Form& form) { return form.shape[0] == 7 ? 0 : form.shape.order() - 1; }

DenseSvd unfolding_svd(const std::vector<double>& entries, const Form& form) {
    std::vector<bool> is_column(form.axes.size(), false);
    is_column[static_cast<std::size_t>(short_mode(form))] = true;
    return dense_svd(dense_unfolding(entries, form.shape, is_column));
}

FactorNetworksOptions with_basis(const Form& form, Index rank, Index steps) {
    FactorNetworksOptions options = free_options(form.contraction, steps);
    options.rank = rank;
    options.basis = Basis::singular_vectors;
    return options;
}

TEST(SingularBasis, HasTheVectorsAndSizesOfTheDenseSvd) {
    Dice dice(21);
    for (const Form& form : forms) {
        const std::vector<double> entries = random_entries<double>(form.shape.product(), 3);
        DenseSvd svd = unfolding_svd(entries, form);
        fix_signs(svd.v, &svd.u);
        const SingularBasis basis = singular_basis(
            tensor_of(entries, random_partition(dice, form.shape)), short_mode(form), 4);
        const auto size = static_cast<double>(form.shape.product());
        for (Index r = 0; r < 4; ++r) {
            EXPECT_NEAR_ALL_RANKS(
                basis.sizes[static_cast<std::size_t>(r)],
                svd.singular_values[static_cast<std::size_t>(r)] / std::sqrt(size), 1e-12);
            for (Index i = 0; i < 7; ++i) {
                EXPECT_NEAR_ALL_RANKS(basis.rows(i, r), std::sqrt(7.0) * svd.v(i, r), 1e-10);
            }
        }
    }
}

// Free coefficients of singular vectors that stay as they are end at the truncated SVD.
TEST(SingularBasisOneRank, FreeCoefficientsBecomeTheTruncatedSvd) {
    Dice dice(22);
    for (const Form& form : forms) {
        const std::vector<double> entries = random_entries<double>(form.shape.product(), 3);
        FactorNetworksOptions options = with_basis(form, 3, 3000);
        options.learning_rate = 0.03;
        options.schedule.kind = ScheduleKind::exponential;
        options.schedule.factor = 0.997;
        const Problem<double> problem =
            problem_of(entries, random_partition(dice, form.shape), form.axes);
        FactorNetworksMethod<double> method(problem, options, 3);
        run(method);
        const DenseSvd svd = unfolding_svd(entries, form);
        double squares = 0.0;
        for (std::size_t k = 3; k < svd.singular_values.size(); ++k) {
            squares += svd.singular_values[k] * svd.singular_values[k];
        }
        // The truncated SVD is the only model of its rank with the least misfit.
        EXPECT_NEAR_ALL_RANKS(method.report()[0].second,
                              squares / static_cast<double>(form.shape.product()), 1e-7);
    }
}

TEST(SingularBasis, AnswerDoesNotDependOnRanksAndGrid) {
    Dice dice(23);
    for (const Form& form : forms) {
        for (const Validation validation : {Validation::none, Validation::split}) {
            FactorNetworksOptions options = with_basis(form, 2, 4);
            options.validation = validation;
            options.refit = true;
            options.generator.kind = GeneratorKind::skip_network;
            options.generator.channels = 4;
            Problem<double> single = problem_on(alone_on(form.shape), form.axes);
            Problem<double> shared = problem_on(random_partition(dice, form.shape), form.axes);
            single.noise = gaussian(0.1);
            shared.noise = gaussian(0.1);
            FactorNetworksMethod<double> alone(single, options, 3);
            FactorNetworksMethod<double> together(shared, options, 3);
            run(alone);
            run(together);
            EXPECT_NEAR_ALL_RANKS(distance(together, to_host(alone.estimate().block())), 0.0, 1e-9)
                << form.shape.to_string();
        }
    }
}

TEST(SingularBasis, GoesOnBitwiseFromASavedState) {
    Dice dice(24);
    for (const Form& form : {forms[0], forms[3]}) {
        Problem<double> problem = problem_on(random_partition(dice, form.shape), form.axes);
        problem.noise = gaussian(0.2);
        FactorNetworksOptions options = with_basis(form, 2, 4);
        options.validation = Validation::split;
        options.refit = true;
        expect_same_after_restart(problem, options, 6);  // into the refit
    }
}

TEST(SingularBasis, NeedsAllEntries) {
    Dice dice(25);
    const Form& form = forms[0];
    const auto complaint = [&](double share, Validation validation) -> std::string {
        FactorNetworksOptions options = with_basis(form, 2, 4);
        options.validation = validation;
        const Problem<double> problem =
            problem_on(random_partition(dice, form.shape), form.axes, share);
        try {
            const FactorNetworksMethod<double> method(problem, options, 3);
        } catch (const UsageError& error) {
            return error.what();
        }
        return "";
    };
    const std::string expected =
        "method.basis = \"svd\" needs data of which no entry is missing or held out: leave "
        "method.basis at \"network\", or, where nothing is missing, state data.noise and its "
        "level or take another method.validation";
    EXPECT_ALL_RANKS(complaint(1.0, Validation::none).empty());
    EXPECT_ALL_RANKS(complaint(0.7, Validation::none) == expected);
    EXPECT_ALL_RANKS(complaint(1.0, Validation::held_out) == expected);
}

}  // namespace
}  // namespace tessera
