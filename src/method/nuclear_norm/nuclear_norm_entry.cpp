#include "tessera/method/nuclear_norm/nuclear_norm_entry.hpp"

#include <algorithm>
#include <cmath>

#include "tessera/base/error.hpp"
#include "tessera/method/nuclear_norm/chain_groups.hpp"
#include "tessera/method/nuclear_norm/chain_traffic.hpp"
#include "tessera/method/nuclear_norm/matrix_layout.hpp"
#include "tessera/method/nuclear_norm/nuclear_norm_choices.hpp"
#include "tessera/method/nuclear_norm/nuclear_norm_method.hpp"
#include "tessera/sampling/harmonic_flow.hpp"

namespace tessera {
namespace {

class NuclearNormEntry final : public MethodEntry {
  public:
    [[nodiscard]] std::string name() const override { return "nuclear_norm"; }
    [[nodiscard]] std::string summary() const override {
        return "posterior sampling of low-rank matrices (the whole tensor unfolded, slices or "
               "patches) under the nuclear-norm distribution, with uncertainty";
    }
    void declare(OptionTable& table) override { options_.declare(table); }
    void check(const Extents& shape, const std::vector<std::string>& axes) const override {
        const MatrixLayout layout(shape, axes, options_);
        static_cast<void>(singular_value_weights(options_, layout.columns()));
        // Whether the noise is that of counts, the problem will tell.
        const bool counts = options_.likelihood == NuclearNormOptions::Likelihood::poisson;
        static_cast<void>(with_choices(options_, layout, false, counts));
    }
    [[nodiscard]] std::vector<std::string> figures() const override {
        return {"penalty",    "noise",           "nuclear_norm",    "rank",
                "acceptance", "r_hat",           "effective_draws", "effective_tail_draws",
                "coverage",   "missing_coverage"};
    }
    [[nodiscard]] std::vector<std::string> quick_trial() const override {
        return {"method.warm_up=100", "method.draws=100"};
    }
    // Patches go to groups of ranks by themselves; any block of the tensor will do.
    [[nodiscard]] std::vector<bool> preferred_split(
        const Extents& /*shape*/, const std::vector<std::string>& axes) const override {
        return std::vector<bool>(axes.size(), true);
    }
    [[nodiscard]] std::vector<PhaseMemory> plan(const Extents& shape, const Extents& block,
                                                const std::vector<std::string>& axes,
                                                std::size_t scalar_bytes,
                                                const ExpectedData& expected) const override;
    [[nodiscard]] std::optional<StepTraffic> traffic(const Extents& shape, const Extents& grid,
                                                     const std::vector<std::string>& axes,
                                                     std::size_t scalar_bytes,
                                                     const ExpectedData& expected) const override;
    [[nodiscard]] std::optional<double> checkpoint_bytes(
        const Extents& shape, const std::vector<std::string>& axes, std::size_t scalar_bytes,
        const ExpectedData& expected) const override;

    [[nodiscard]] std::unique_ptr<Method<float>> make(const Problem<float>& problem,
                                                      std::uint64_t seed) const override {
        return std::make_unique<NuclearNormMethod<float>>(problem, options_, seed);
    }
    [[nodiscard]] std::unique_ptr<Method<double>> make(const Problem<double>& problem,
                                                       std::uint64_t seed) const override {
        return std::make_unique<NuclearNormMethod<double>>(problem, options_, seed);
    }

  private:
    /// Numbers of float64 that the moments keep for each entry of a chain.
    [[nodiscard]] double moment_numbers() const { return options_.interval > 0.0 ? 10.0 : 2.0; }

    /// The traces of all chains that are traced.
    [[nodiscard]] double trace_bytes(const MatrixLayout& layout) const {
        const Index traced = std::min(layout.count(), options_.traced_matrices);
        return sizeof(double) *
               static_cast<double>(traced * options_.chains * ChainState::count * options_.steps());
    }

    NuclearNormOptions options_;
};

std::vector<PhaseMemory> NuclearNormEntry::plan(const Extents& shape, const Extents& block,
                                                const std::vector<std::string>& axes,
                                                std::size_t scalar_bytes,
                                                const ExpectedData& expected) const {
    using Sampler = NuclearNormOptions::Sampler;
    const MatrixLayout layout(shape, axes, options_);
    const NuclearNormOptions chosen =
        with_choices(options_, layout, expected.masked, expected.counts);
    const double ranks =
        std::ceil(static_cast<double>(shape.product()) / static_cast<double>(block.product()));
    const Index units = layout.count() * options_.chains;
    const auto group =
        static_cast<double>(ChainGroups::group_size(static_cast<Index>(ranks), units, chosen));
    const double own_units = std::ceil(static_cast<double>(units) * group / ranks);
    const double own_matrices = std::ceil(own_units / static_cast<double>(options_.chains));
    const double entries = static_cast<double>(layout.rows() * layout.columns()) / group;
    const double square = static_cast<double>(layout.columns() * layout.columns());
    // Phi; then positions and momenta, or a proposal and two means, or the measurement and the
    // sampler's own.
    const bool gibbs = chosen.sampler == Sampler::svd_gibbs;
    const double arrays = gibbs ? 5.0 : chosen.sampler == Sampler::proximal ? 4.0 : 3.0;
    // Vectors of the chains and of proposals; or the sampler's work space.
    const double spectra = gibbs ? 6.0 : 2.0;
    const double chain =
        sizeof(double) * (entries * (arrays + moment_numbers()) + square * spectra);
    const double measured =
        own_matrices * entries * (sizeof(double) + (expected.masked ? 1.0 : 0.0));
    const double traces = trace_bytes(layout);
    const double held = own_units * chain + measured + traces * group / ranks;
    const double fields = options_.interval > 0.0 ? 4.0 : 2.0;
    const auto owned = static_cast<double>(block.product());
    const double collecting =
        sizeof(double) * (own_matrices * entries * fields + owned * (fields + 1.0));
    const double maps = owned * static_cast<double>(scalar_bytes) * fields;
    // Every rank gathers all traces, and the first keeps them for the result.
    return {{"chains", held}, {"estimate", held + collecting + 2.0 * maps + 2.0 * traces}};
}

std::optional<StepTraffic> NuclearNormEntry::traffic(const Extents& shape, const Extents& grid,
                                                     const std::vector<std::string>& axes,
                                                     std::size_t /*scalar_bytes*/,
                                                     const ExpectedData& expected) const {
    const MatrixLayout layout(shape, axes, options_);
    const NuclearNormOptions chosen =
        with_choices(options_, layout, expected.masked, expected.counts);
    const Index units = layout.count() * options_.chains;
    const auto rows = static_cast<double>(layout.rows());
    const auto columns = static_cast<double>(layout.columns());
    ChainStep step;
    step.sampler = chosen.sampler;
    step.ranks = grid.product();
    step.group_size = ChainGroups::group_size(step.ranks, units, chosen);
    const Index groups = step.ranks / step.group_size;
    const Index most_units = (units + groups - 1) / groups;
    step.units = static_cast<double>(most_units);
    step.columns = columns;
    step.parts = step.units * HarmonicFlow::first_parts(rows * columns);
    return sent(chain_traffic(step), step);
}

std::optional<double> NuclearNormEntry::checkpoint_bytes(const Extents& shape,
                                                         const std::vector<std::string>& axes,
                                                         std::size_t /*scalar_bytes*/,
                                                         const ExpectedData& expected) const {
    const MatrixLayout layout(shape, axes, options_);
    const auto units = static_cast<double>(layout.count() * options_.chains);
    const auto columns = static_cast<double>(layout.columns());
    const double entries = static_cast<double>(layout.rows()) * columns;
    const double vectors = columns * columns + columns;
    const bool gibbs = with_choices(options_, layout, expected.masked, expected.counts).sampler ==
                       NuclearNormOptions::Sampler::svd_gibbs;
    const double kernel = gibbs ? entries + vectors : 0.0;
    return sizeof(double) * units * (entries * (1.0 + moment_numbers()) + vectors + kernel + 4.0) +
           trace_bytes(layout);
}

}  // namespace

std::unique_ptr<MethodEntry> make_nuclear_norm_entry() {
    return std::make_unique<NuclearNormEntry>();
}

}  // namespace tessera
