// Every sampler together with the draws of its scale parameters against the joint law of
// parameters and data (see joint_law.hpp): what a method does in one step, not each part alone.

#include <limits>
#include <numeric>

#include "joint_law.hpp"
#include "matrix_cases.hpp"
#include "prior_draws.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/sampling/matrix_kernel.hpp"
#include "tessera/sampling/normal_product_gibbs.hpp"
#include "tessera/sampling/nuclear_norm_draws.hpp"

namespace tessera {
namespace {

using namespace test_sampling;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr Index rows = 3;
constexpr Index columns = 2;
constexpr Index entries = rows * columns;
constexpr std::size_t chain_count = 400;

// Functionals compared in this file: eight of three kernels in four cases, five of the normal
// product in four. Right samplers stay within the limit, |z| < 4.45, but for one of a thousand
// choices of the seeds, which are fixed.
constexpr double comparisons = 8.0 * 3 * 4 + 5.0 * 4;
const double limit = test::z_limit(comparisons, 1e-3);

// What a sampler's step is made of, with faults that the comparison must find.
enum class Fault {
    none,
    scale_exponent,    ///< the penalty is drawn as of one entry more
    phi_not_rescaled,  ///< the scales move, the matrix does not follow
    kernel_not_told    ///< nor does the kernel's own copy of it
};

const std::vector<std::string> matrix_functionals = {"log lambda",      "log gamma",
                                                     "log ||X||_*",     "asinh x_11",
                                                     "log(1 + x_11^2)", "lambda ||X||_* / gamma",
                                                     "(log lambda)^2",  "log lambda log gamma"};

std::vector<double> functionals(double lambda, double rho, double norm, double phi_11) {
    const double x_11 = phi_11 / rho;
    return {std::log(lambda),
            -std::log(rho),
            std::log(norm / rho),
            std::asinh(x_11),
            std::log1p(x_11 * x_11),
            lambda * norm,
            std::log(lambda) * std::log(lambda),
            -std::log(lambda) * std::log(rho)};
}

/// Scale parameters and a matrix in standard units (row-major), exactly from their prior.
struct Parameters {
    double lambda;
    double rho;
    std::vector<double> phi;
    double norm;
};

struct JointPrior {
    PenaltyPrior penalty;
    NoisePrior noise{.shape = 3.0, .scale = 2.0};
};

Parameters draw_parameters(RandomSequence& random, const JointPrior& prior) {
    static const SingularValueRejection shapes(columns, rows);
    Parameters drawn;
    drawn.lambda = draw_from_prior(random, prior.penalty);
    drawn.rho = draw_from_prior(random, prior.noise);
    std::vector<double> values = shapes.draw(random);
    for (double& value : values) {
        value /= drawn.lambda;
    }
    // Column-major of the transpose is row-major.
    drawn.phi = matrix_of_singular_values(random, rows, values).values;
    drawn.norm = std::accumulate(values.begin(), values.end(), 0.0);
    return drawn;
}

Draws independent_draws(const JointPrior& prior) {
    Draws draws;
    for (Index draw = 0; draw < 60'000; ++draw) {
        RandomSequence random(1, 0, draw, 0);
        const Parameters p = draw_parameters(random, prior);
        add_draw(draws, functionals(p.lambda, p.rho, p.norm, p.phi.front()));
    }
    return draws;
}

// Every matrix has a measurement of its own; of a masked one another entry is missing in each.
MatrixObservations measurements(const MatrixBatch& batch, bool masked) {
    MatrixObservations measured;
    measured.values = allocate<double>("measurements", batch.local_size());
    measured.of_matrix = allocate<Index>("measurements of chains", batch.count);
    measured.masked = masked;
    measured.mask = allocate<std::uint8_t>("mask", masked ? batch.local_size() : 0);
    for (Index matrix = 0; matrix < batch.count; ++matrix) {
        measured.of_matrix(matrix) = matrix;
        for (Index entry = 0; masked && entry < entries; ++entry) {
            measured.mask(matrix * entries + entry) = entry == matrix % entries ? 0 : 1;
        }
    }
    return measured;
}

/// Chains of matrices and scale parameters whose data are drawn again and again.
class SuccessiveChains {
  public:
    SuccessiveChains(const JointPrior& prior, bool masked, Fault fault)
        : prior_(prior),
          fault_(fault),
          chains_(
              make_batch(Communicator::world(), chain_count, rows, columns),
              measurements(make_batch(Communicator::world(), chain_count, rows, columns), masked)) {
    }

    /// Parameters and data exactly from their joint law.
    void start(std::uint64_t seed) {
        seed_ = seed;
        for (std::size_t chain = 0; chain < chain_count; ++chain) {
            RandomSequence random(seed, 10, static_cast<Index>(chain), 0);
            const Parameters drawn = draw_parameters(random, prior_);
            chains_.lambda[chain] = drawn.lambda;
            chains_.rho[chain] = drawn.rho;
            std::copy(drawn.phi.begin(), drawn.phi.end(), &chains_.phi(chain * entries));
        }
        chains_.refresh_spectrum();
        draw_data(0);
    }

    /// What NuclearNormMethod::step does, then new data.
    void advance(MatrixKernel& kernel, Index step, bool warm_up) {
        kernel.advance(chains_, step, warm_up);
        draw_scales(kernel, step);
        draw_data(step + 1);
    }

    [[nodiscard]] std::vector<double> values(std::size_t chain) const {
        const auto matrix = static_cast<Index>(chain);
        return functionals(chains_.lambda[chain], chains_.rho[chain],
                           chains_.spectrum.norm(matrix, chains_.weights),
                           chains_.phi(matrix * entries));
    }
    [[nodiscard]] const MatrixBatch& batch() const { return chains_.batch; }

  private:
    void draw_scales(MatrixKernel& kernel, Index step) {
        std::vector<ScaleSums> sums = scale_sums(chains_);
        std::vector<double> factors;
        for (std::size_t chain = 0; chain < chain_count; ++chain) {
            RandomSequence random(seed_, 11, static_cast<Index>(chain),
                                  static_cast<std::uint32_t>(step));
            sums[chain].entries += fault_ == Fault::scale_exponent ? 1.0 : 0.0;
            const Scales drawn =
                update_scales(random, {true, true, prior_.penalty, prior_.noise}, sums[chain],
                              chains_.lambda[chain], chains_.rho[chain]);
            chains_.lambda[chain] = drawn.lambda;
            chains_.rho[chain] = drawn.rho;
            factors.push_back(fault_ == Fault::phi_not_rescaled ? 1.0 : drawn.phi_factor);
        }
        chains_.scale(factors);
        if (fault_ != Fault::kernel_not_told) {
            kernel.scaled(factors);
        }
    }

    /// Y = (Phi + E) / rho where observed; elsewhere nothing that may be read.
    void draw_data(Index step) {
        const Random random(seed_, 12);
        for (Index entry = 0; entry < chains_.batch.local_size(); ++entry) {
            const bool seen =
                chains_.observations.observed(entry / entries, entry % entries, entries);
            const double noisy =
                chains_.phi(entry) + random.normal(entry, static_cast<std::uint32_t>(step));
            chains_.observations.values(entry) =
                seen ? noisy / chains_.rho[static_cast<std::size_t>(entry / entries)]
                     : not_a_number;
        }
    }

    JointPrior prior_;
    Fault fault_;
    MatrixChains chains_;
    std::uint64_t seed_ = 0;
};

/// Step sizes are learnt first. What they learnt depends on the chains, so these begin anew, with
/// other random numbers.
Traces successive_traces(MatrixKernelKind kind, const JointPrior& prior, bool masked, Fault fault) {
    constexpr Index warm_up = 60;
    constexpr Index steps = 240;
    SuccessiveChains chains(prior, masked, fault);
    chains.start(21);
    const auto learning = make_matrix_kernel(kind, chains.batch(), 22);
    for (Index step = 0; step < warm_up; ++step) {
        chains.advance(*learning, step, true);
    }
    chains.start(23);
    const auto kernel = make_matrix_kernel(kind, chains.batch(), 24);
    kernel->restore(learning->learnt());
    Traces traces;
    for (Index step = 0; step <= steps; ++step) {
        for (std::size_t chain = 0; chain < chain_count; ++chain) {
            add_draw(traces, chain_count, chain, chains.values(chain));
        }
        chains.advance(*kernel, step, false);
    }
    return traces;
}

struct Case {
    JointPrior prior;
    Draws independent;
    bool masked;
};

const std::vector<Case>& cases() {
    using Kind = PenaltyPrior::Kind;
    static const std::vector<Case> all = [] {
        const JointPrior gamma{.penalty = {.kind = Kind::gamma, .shape = 3.0, .rate = 2.0}};
        const JointPrior half_cauchy{.penalty = {.kind = Kind::half_cauchy, .scale = 2.0}};
        const JointPrior paper{.penalty = {.kind = Kind::paper}};
        const Draws draws = independent_draws(gamma);
        return std::vector<Case>{{gamma, draws, false},
                                 {gamma, draws, true},
                                 {half_cauchy, independent_draws(half_cauchy), true},
                                 {paper, independent_draws(paper), false}};
    }();
    return all;
}

void expect_right(MatrixKernelKind kind) {
    for (const Case& one : cases()) {
        SCOPED_TRACE(testing::Message() << "prior " << static_cast<int>(one.prior.penalty.kind)
                                        << (one.masked ? ", an entry missing" : ""));
        const Traces traces = successive_traces(kind, one.prior, one.masked, Fault::none);
        expect_same_joint_law(compare(one.independent, traces), matrix_functionals, limit);
    }
}

TEST(JointLawOneRank, OfHarmonicFlow) { expect_right(MatrixKernelKind::harmonic_flow); }
TEST(JointLawOneRank, OfProximalLangevin) { expect_right(MatrixKernelKind::proximal); }
TEST(JointLawOneRank, OfSvdGibbs) { expect_right(MatrixKernelKind::svd_gibbs); }

// The comparison has teeth: faults that each kernel's own test cannot see.
TEST(JointLawOneRank, TellsFaultsOfAStep) {
    const Case& one = cases().front();
    for (const auto& [kind, fault] :
         {std::pair{MatrixKernelKind::harmonic_flow, Fault::scale_exponent},
          {MatrixKernelKind::proximal, Fault::phi_not_rescaled},
          {MatrixKernelKind::svd_gibbs, Fault::kernel_not_told}}) {
        const Traces traces = successive_traces(kind, one.prior, one.masked, fault);
        EXPECT_GT(largest_z(compare(one.independent, traces)), limit) << static_cast<int>(fault);
    }
}

// The normal product has a prior of its own: factors of normal numbers, whose variance is inverse
// gamma.
constexpr double variance_shape = 4.0;
constexpr double variance_scale = 5.0;

const std::vector<std::string> product_functionals = {
    "log variance", "log ||Phi||_*", "asinh phi_11", "log(1 + phi_11^2)", "||Phi||_* / variance"};

/// One chain: factors, their variance, data.
class ProductChain {
  public:
    ProductChain(Index inner, bool masked, Index number)
        : sampler_(columns, rows, inner), number_(number), mask_(entries, 1) {
        mask_[static_cast<std::size_t>(number % entries)] = masked ? 0 : 1;
        RandomSequence random(31, 0, number, 0);
        variance_ = inverse_gamma_variate(random, variance_shape, variance_scale);
        std::vector<double> factors = sampler_.state();
        for (double& factor : factors) {
            factor = std::sqrt(variance_) * random.normal();
        }
        sampler_.restore(factors);
        sampler_.form(phi_.data());
    }

    /// Data given the matrix, then factors and variance given the data.
    void advance(Index step) {
        RandomSequence random(31, 1, number_, static_cast<std::uint32_t>(step));
        std::vector<double> y(entries, not_a_number);
        for (std::size_t entry = 0; entry < y.size(); ++entry) {
            const double noisy = phi_.values[entry] + random.normal();
            y[entry] = mask_[entry] != 0 ? noisy : not_a_number;
        }
        const bool whole = std::find(mask_.begin(), mask_.end(), 0) == mask_.end();
        sampler_.advance(y.data(), whole ? nullptr : mask_.data(), variance_, random);
        variance_ = sampler_.draw_variance(random, variance_shape, variance_scale);
        sampler_.form(phi_.data());
    }

    [[nodiscard]] std::vector<double> values() const {
        const std::vector<double> s = dense_singular_values(phi_);
        const double norm = std::accumulate(s.begin(), s.end(), 0.0);
        const double phi_11 = phi_.values.front();
        return {std::log(variance_), std::log(norm), std::asinh(phi_11),
                std::log1p(phi_11 * phi_11), norm / variance_};
    }

  private:
    NormalProductGibbs sampler_;
    Index number_;
    std::vector<std::uint8_t> mask_;
    double variance_;
    Matrix phi_ = Matrix(columns, rows);
};

TEST(JointLawOneRank, OfNormalProductGibbs) {
    for (const Index inner : {1, 2}) {
        Draws draws;
        for (Index draw = 0; draw < 60'000; ++draw) {
            const Index number = static_cast<Index>(chain_count) + draw;
            add_draw(draws, ProductChain(inner, false, number).values());
        }
        for (const bool masked : {false, true}) {
            Traces traces;
            for (std::size_t number = 0; number < chain_count; ++number) {
                ProductChain chain(inner, masked, static_cast<Index>(number));
                for (Index step = 0; step <= 120; ++step) {
                    add_draw(traces, chain_count, number, chain.values());
                    chain.advance(step);
                }
            }
            SCOPED_TRACE(testing::Message()
                         << "inner " << inner << (masked ? ", an entry missing" : ""));
            expect_same_joint_law(compare(draws, traces), product_functionals, limit);
        }
    }
}

}  // namespace
}  // namespace tessera
