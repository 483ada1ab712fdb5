#include "tessera/method/factor_networks/factor_networks_entry.hpp"

#include <algorithm>
#include <cmath>

#include "tessera/method/factor_networks/factor_networks_method.hpp"
#include "tessera/method/factor_networks/fit_route.hpp"
#include "tessera/method/factor_networks/fit_traffic.hpp"
#include "tessera/network/generator_counts.hpp"
#include "tessera/network/generator_memory.hpp"

namespace tessera {
namespace {

/// Of a rank: what a model holds between steps, and its factor entries.
struct ModelMemory {
    double bytes = 0.0;
    double factor_entries = 0.0;
};

class FactorNetworksEntry final : public MethodEntry {
  public:
    [[nodiscard]] std::string name() const override { return "factor_networks"; }
    [[nodiscard]] std::string summary() const override {
        return "low-rank model whose factors are made by untrained networks, fitted until a "
               "validation loss has its minimum: denoising, completion, factorisation";
    }
    void declare(OptionTable& table) override { options_.declare(table); }

    void check(const Extents& shape, const std::vector<std::string>& axes) const override {
        check_extents(choose_factor_layout(shape, axes, options_), shape, axes, options_.generator);
    }
    [[nodiscard]] std::vector<std::string> figures() const override {
        return {"validation", "moving_variance", "best_step", "effective_rank"};
    }
    [[nodiscard]] std::vector<std::string> quick_trial() const override {
        return {"method.network=\"free\"", "method.rank=4", "method.learning_rate=0.03",
                "method.steps=300", "method.validation=\"none\""};
    }
    [[nodiscard]] std::vector<bool> preferred_split(
        const Extents& shape, const std::vector<std::string>& axes) const override;
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
        return std::make_unique<FactorNetworksMethod<float>>(problem, options_, seed);
    }
    [[nodiscard]] std::unique_ptr<Method<double>> make(const Problem<double>& problem,
                                                       std::uint64_t seed) const override {
        return std::make_unique<FactorNetworksMethod<double>>(problem, options_, seed);
    }

    [[nodiscard]] bool takes_sparse(Absent absent) const override {
        return absent == Absent::missing;
    }
    [[nodiscard]] std::vector<PhaseMemory> plan_sparse(const ExpectedList& list,
                                                       std::size_t scalar_bytes) const override;
    [[nodiscard]] std::unique_ptr<Method<float>> make_sparse(const SparseProblem<float>& problem,
                                                             std::uint64_t seed) const override {
        return std::make_unique<FactorNetworksMethod<float>>(problem, options_, seed);
    }
    [[nodiscard]] std::unique_ptr<Method<double>> make_sparse(const SparseProblem<double>& problem,
                                                              std::uint64_t seed) const override {
        return std::make_unique<FactorNetworksMethod<double>>(problem, options_, seed);
    }

  private:
    using Validation = FactorNetworksOptions::Validation;
    [[nodiscard]] Validation validation(const ExpectedData& expected) const {
        return resolve_validation(options_.validation, expected.noise_known);
    }
    [[nodiscard]] double kept_rows(const ExpectedData& expected) const;
    [[nodiscard]] ModelMemory model_memory(const FactorLayout& layout, const Extents& shape,
                                           const Extents& block, std::size_t scalar_bytes,
                                           const ExpectedData& expected) const;

    FactorNetworksOptions options_;
};

std::vector<bool> FactorNetworksEntry::preferred_split(const Extents& shape,
                                                       const std::vector<std::string>& axes) const {
    const FactorLayout layout = choose_factor_layout(shape, axes, options_);
    // Where there is an image-like factor, blocks should be the slabs that its network is cut into.
    std::vector<bool> split(axes.size(), !layout.has_image());
    for (const FactorModes& modes : layout.factors) {
        if (modes.count() > 1) {
            split[static_cast<std::size_t>(modes.first)] = true;
        }
    }
    return split;
}

// Copies of all rows beside those that the networks have just made: the running mean, the best of
// this fit, the answer of the fits before.
double FactorNetworksEntry::kept_rows(const ExpectedData& expected) const {
    const Validation judge = validation(expected);
    const bool keeps_best = judge == Validation::split || judge == Validation::held_out ||
                            judge == Validation::moving_variance;
    return (options_.average > 0.0 ? 1.0 : 0.0) + (keeps_best ? 1.0 : 0.0) +
           (options_.restarts > 1 || options_.refit ? 1.0 : 0.0);
}

// Networks, and of the block's rows the gradient in float64 and in the data's type, and copies.
ModelMemory FactorNetworksEntry::model_memory(const FactorLayout& layout, const Extents& shape,
                                              const Extents& block, std::size_t scalar_bytes,
                                              const ExpectedData& expected) const {
    const auto scalar = static_cast<double>(scalar_bytes);
    double networks = 0.0;
    // The core counts as rows do, and has no network but its own values, moments and gradient.
    const auto centre = static_cast<double>(layout.centre_size());
    networks += centre * scalar * (options_.backtrack > 0.0 ? 5.0 : 4.0);
    double factor_entries = centre;
    for (std::size_t f = 0; f < layout.generators(); ++f) {
        const Extents own = layout.factors[f].of(layout.spread(f) ? block : shape);
        factor_entries += static_cast<double>(own.product() * layout.widths[f]);
        const GeneratorOptions generator = layout.generator(options_.generator, f);
        const Extents sites = layout.factors[f].of(shape);
        networks += generator_bytes(generator, sites, own[0], layout.widths[f], scalar_bytes);
        const GeneratorParameters parameters =
            generator_parameters(generator, sites, layout.widths[f]);
        const double own_share =
            static_cast<double>(own[0]) / static_cast<double>(shape[layout.factors[f].first]);
        networks += options_.backtrack > 0.0
                        ? scalar * (parameters.shared + own_share * parameters.spread)
                        : 0.0;
    }
    return {networks + factor_entries * (scalar * (1.0 + kept_rows(expected)) + sizeof(double)),
            factor_entries};
}

std::vector<PhaseMemory> FactorNetworksEntry::plan(const Extents& shape, const Extents& block,
                                                   const std::vector<std::string>& axes,
                                                   std::size_t scalar_bytes,
                                                   const ExpectedData& expected) const {
    const FactorLayout layout = choose_factor_layout(shape, axes, options_);
    const auto scalar = static_cast<double>(scalar_bytes);
    const auto entries = static_cast<double>(block.product());
    double rows = 1.0;
    double columns = 1.0;
    for (std::size_t f = 0; f < layout.factors.size(); ++f) {
        (f + 1 < layout.factors.size() ? rows : columns) *=
            static_cast<double>(layout.factors[f].of(block).product());
    }
    const double tiles =
        FusedContraction<float>::scratch_bytes(static_cast<Index>(rows),
                                               static_cast<Index>(columns), layout.widths.back()) *
        scalar / sizeof(float);
    const Validation judge = validation(expected);
    const bool held_out = judge == Validation::held_out;
    const double roles = (held_out ? 1.0 : 0.0) + (expected.masked ? 1.0 : 0.0);
    const double part = judge == Validation::split ? scalar : 0.0;
    double data = entries * (part + roles);
    double fitted = entries;
    if (expected.observed_share < 1.0 &&
        pass_cost(layout, shape, expected.observed_share).prefers_list()) {
        // What is observed takes the place of the roles, which are there for a moment longer.
        fitted = entries * expected.observed_share;
        data += fitted * (sizeof(Index) + scalar + part + 1.0);
    }
    data += options_.outliers ? 2.0 * scalar * fitted : 0.0;
    const ModelMemory model = model_memory(layout, shape, block, scalar_bytes, expected);
    const double held = model.bytes + data;
    const bool mixable = components_mix(layout, options_.generator.activation);
    // At the end the estimate, made of one more copy of the rows, and these in float64.
    const double estimate = entries * scalar + model.factor_entries * (scalar + sizeof(double));
    return {{"steps", held + tiles},
            {"spectrum", held + analysis_bytes(layout, mixable)},
            {"estimate", held + std::max(tiles, estimate)}};
}

std::vector<PhaseMemory> FactorNetworksEntry::plan_sparse(const ExpectedList& list,
                                                          std::size_t scalar_bytes) const {
    const FactorLayout layout = choose_factor_layout(list.shape, list.axes, options_);
    const ExpectedData expected{.masked = true};
    const ModelMemory model = model_memory(layout, list.shape, list.block, scalar_bytes, expected);
    // The places of the entries, and what each is for.
    const double roles = validation(expected) == Validation::held_out ? 1.0 : 0.0;
    const double held = model.bytes + list.entries * (sizeof(Index) + roles);
    const bool mixable = components_mix(layout, options_.generator.activation);
    return {{"steps", held},
            {"spectrum", held + analysis_bytes(layout, mixable)},
            {"factors",
             held + model.factor_entries * (static_cast<double>(scalar_bytes) + sizeof(double))}};
}

std::optional<StepTraffic> FactorNetworksEntry::traffic(const Extents& shape, const Extents& grid,
                                                        const std::vector<std::string>& axes,
                                                        std::size_t scalar_bytes,
                                                        const ExpectedData& /*expected*/) const {
    const FactorLayout layout = choose_factor_layout(shape, axes, options_);
    const double rounds = std::ceil(std::log2(static_cast<double>(grid.product())));
    const int sums = options_.validation == Validation::moving_variance ? 3 : 2;
    StepTraffic busiest;
    for (const FitTraffic& rank :
         fit_traffic(layout, options_.generator, shape, grid, scalar_bytes, sums)) {
        // Each reduction is a sum and its way back, and sends twice its numbers at most.
        busiest.messages =
            std::max(busiest.messages, rank.messages + 2.0 * rounds * rank.reductions);
        busiest.bytes = std::max(busiest.bytes, rank.bytes + 2.0 * rank.reduced_bytes);
    }
    return busiest;
}

std::optional<double> FactorNetworksEntry::checkpoint_bytes(const Extents& shape,
                                                            const std::vector<std::string>& axes,
                                                            std::size_t scalar_bytes,
                                                            const ExpectedData& expected) const {
    const FactorLayout layout = choose_factor_layout(shape, axes, options_);
    const auto scalar = static_cast<double>(scalar_bytes);
    // Values, two moments and the copy to go back to; what all ranks share is written in float64.
    const double arrays = options_.backtrack > 0.0 ? 4.0 : 3.0;
    const auto centre = static_cast<double>(layout.centre_size()) * sizeof(double);
    double bytes = arrays * centre + kept_rows(expected) * centre;
    bytes += options_.outliers ? 2.0 * scalar * static_cast<double>(shape.product()) : 0.0;
    for (std::size_t f = 0; f < layout.generators(); ++f) {
        const Extents sites = layout.factors[f].of(shape);
        const GeneratorParameters parameters =
            generator_parameters(layout.generator(options_.generator, f), sites, layout.widths[f]);
        bytes +=
            arrays * (sizeof(double) * parameters.shared + scalar * parameters.spread) +
            kept_rows(expected) * scalar * static_cast<double>(sites.product() * layout.widths[f]);
    }
    return bytes;
}

}  // namespace

std::unique_ptr<MethodEntry> make_factor_networks_entry() {
    return std::make_unique<FactorNetworksEntry>();
}

}  // namespace tessera
