// Singular values that are exactly equal, nearly equal or exactly zero, in the measurement and in
// the start: every kernel must find the same law, and mix about as well as elsewhere.

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "all_ranks.hpp"
#include "distribution_checks.hpp"
#include "matrix_cases.hpp"
#include "tessera/sampling/convergence.hpp"
#include "tessera/sampling/matrix_kernel.hpp"

namespace tessera {
namespace {

using namespace test_sampling;

constexpr Index rows = 4;
constexpr Index columns = 3;
constexpr Index entries = rows * columns;
constexpr double lambda = 1.5;
constexpr Index chain_count = 100;

/// diag(values): the arithmetic of such a matrix is exact, and so are its repeated values.
std::vector<double> diagonal(const std::vector<double>& values, Index height = rows) {
    const auto width = static_cast<Index>(values.size());
    std::vector<double> matrix(static_cast<std::size_t>(height * width), 0.0);
    for (Index i = 0; i < width; ++i) {
        matrix[static_cast<std::size_t>(i * width + i)] = values[static_cast<std::size_t>(i)];
    }
    return matrix;
}

struct Spectrum {
    const char* name;
    std::vector<double> values;
};
const Spectrum distinct = {"distinct", {9.0, 6.0, 3.0}};
const std::vector<Spectrum>& degenerate() {
    static const std::vector<Spectrum> all = {{"equal", {6.0, 6.0, 6.0}},
                                              {"nearly equal", {6.0 + 1e-9, 6.0, 6.0 - 1e-9}},
                                              {"two equal", {9.0, 3.0, 3.0}},
                                              {"rank one", {9.0, 0.0, 0.0}},
                                              {"zero", {0.0, 0.0, 0.0}}};
    return all;
}

const std::vector<MatrixKernelKind> kinds = {
    MatrixKernelKind::svd_gibbs, MatrixKernelKind::harmonic_flow, MatrixKernelKind::proximal};

// Functionals. The first has the mean zero under the target, by the divergence theorem on Phi times
// its density: n m + <Phi, Y - Phi> - lambda ||Phi||_*.
enum Functional { virial, norm, smallest, first_entry, residual, functional_count };

/// Chains that start at their measurement, after a warm-up: [functional][chain][draw].
std::vector<Chains> sample(MatrixKernelKind kind, const Spectrum& spectrum) {
    constexpr Index warm_up = 100;
    constexpr Index draws = 200;
    const MatrixBatch batch = make_batch(Communicator::world(), chain_count, rows, columns);
    MatrixChains chains = make_chains(batch, diagonal(spectrum.values), {}, lambda);
    const auto kernel = make_matrix_kernel(kind, batch, 41);
    std::vector<Chains> traces(functional_count, Chains(chain_count));
    for (Index step = 0; step < warm_up + draws; ++step) {
        kernel->advance(chains, step, step < warm_up);
        const std::vector<ScaleSums> sums = scale_sums(chains);
        for (Index chain = 0; step >= warm_up && chain < chain_count; ++chain) {
            const auto place = static_cast<std::size_t>(chain);
            const double nuclear_norm = sums[place].nuclear_norm;
            traces[virial][place].push_back(entries + sums[place].residual_times_phi -
                                            lambda * nuclear_norm);
            traces[norm][place].push_back(nuclear_norm);
            traces[smallest][place].push_back(chains.spectrum.values(chain)[columns - 1]);
            traces[first_entry][place].push_back(chains.phi(chain * entries));
            traces[residual][place].push_back(sums[place].residual_squares);
        }
    }
    return traces;
}

/// The same, made once.
const std::vector<Chains>& traces_of(MatrixKernelKind kind, const Spectrum& spectrum) {
    static std::map<std::pair<MatrixKernelKind, std::string>, std::vector<Chains>> made;
    auto& traces = made[{kind, spectrum.name}];
    if (traces.empty()) {
        traces = sample(kind, spectrum);
    }
    return traces;
}

/// Mean over independent chains and its error from their spread.
test::MeanAndError mean_of(const Chains& chains) {
    std::vector<double> means;
    for (const std::vector<double>& chain : chains) {
        means.push_back(test::mean_and_error(chain).mean);
    }
    return test::mean_and_error(means);
}

// Five measurements; five functionals of two kernels against SVD-Gibbs, and the identity for three:
// right ones stay below |z| = 4.3 but for one of a thousand choices of the seeds.
const double limit = test::z_limit(5.0 * (2.0 * 5.0 + 3.0), 1e-3);

TEST(DegenerateSpectraOneRank, EveryKernelHasTheSameLaw) {
    for (const Spectrum& spectrum : degenerate()) {
        const std::vector<Chains>& reference = traces_of(kinds.front(), spectrum);
        for (const MatrixKernelKind kind : kinds) {
            SCOPED_TRACE(testing::Message()
                         << spectrum.name << ", kernel " << static_cast<int>(kind));
            const std::vector<Chains>& traces = traces_of(kind, spectrum);
            const test::MeanAndError identity = mean_of(traces[virial]);
            EXPECT_LT(std::abs(identity.mean), limit * identity.error);
            // So that an error of a tenth in one of the identity's terms would be seen.
            EXPECT_LT(limit * identity.error, 0.1 * lambda * mean_of(traces[norm]).mean);
            for (std::size_t k = 0; k < traces.size(); ++k) {
                const test::MeanAndError found = mean_of(traces[k]);
                const test::MeanAndError expected = mean_of(reference[k]);
                EXPECT_LE(std::abs(found.mean - expected.mean),
                          limit * std::hypot(found.error, expected.error))
                    << "functional " << k;
            }
        }
    }
}

// A chain that repeated values hold up stays where it is, and a hundred of them are worth hundreds
// of draws; measurements as unlike as these differ by a factor of two without that. Between the two
// lies a quarter of what there is elsewhere.
TEST(DegenerateSpectraOneRank, EveryKernelMixesAsElsewhere) {
    for (const MatrixKernelKind kind : kinds) {
        const std::vector<Chains>& usual = traces_of(kind, distinct);
        for (const Spectrum& spectrum : degenerate()) {
            const std::vector<Chains>& traces = traces_of(kind, spectrum);
            for (std::size_t k = 0; k < traces.size(); ++k) {
                EXPECT_GT(effective_size(traces[k]), 0.25 * effective_size(usual[k]))
                    << spectrum.name << ", kernel " << static_cast<int>(kind) << ", functional "
                    << k;
            }
        }
    }
}

// Exact zeros and equal values in matrices that ranks share, where decompositions of matrices of
// lower rank take other routes.
TEST(DegenerateSpectra, DrawsDoNotDependOnTheRanks) {
    const Communicator& world = Communicator::world();
    const Communicator alone = world.split(world.rank(), 0);
    constexpr Index tall = 11;
    for (const Spectrum& spectrum : degenerate()) {
        const std::vector<double> y = diagonal(spectrum.values, tall);
        for (const MatrixKernelKind kind :
             {MatrixKernelKind::harmonic_flow, MatrixKernelKind::proximal,
              MatrixKernelKind::moreau_yosida}) {
            const MatrixBatch spread = make_batch(world, 2, tall, columns);
            const MatrixBatch whole = make_batch(alone, 2, tall, columns);
            MatrixChains a = make_chains(spread, y, {}, lambda);
            MatrixChains b = make_chains(whole, y, {}, lambda);
            const auto kernel_a = make_matrix_kernel(kind, spread, 6);
            const auto kernel_b = make_matrix_kernel(kind, whole, 6);
            for (Index step = 0; step < 50; ++step) {
                kernel_a->advance(a, step, step < 25);
                kernel_b->advance(b, step, step < 25);
            }
            const std::vector<double> found = whole_matrices(spread, a.phi);
            double worst = 0.0;
            for (std::size_t entry = 0; entry < found.size(); ++entry) {
                worst = std::max(worst, std::abs(found[entry] - b.phi(entry)));
            }
            // As for other matrices (test_matrix_kernel.cpp): rounding of a few units, grown over
            // the steps.
            SCOPED_TRACE(testing::Message()
                         << spectrum.name << ", kernel " << static_cast<int>(kind));
            EXPECT_NEAR_ALL_RANKS(worst, 0.0, 1e-9);
        }
    }
}

}  // namespace
}  // namespace tessera
