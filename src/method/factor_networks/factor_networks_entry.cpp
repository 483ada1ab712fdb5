#include "tessera/method/factor_networks/factor_networks_entry.hpp"

#include "tessera/method/factor_networks/factor_networks_method.hpp"
#include "tessera/network/generator_memory.hpp"

namespace tessera {
namespace {

class FactorNetworksEntry final : public MethodEntry {
  public:
    [[nodiscard]] std::string name() const override { return "factor_networks"; }
    [[nodiscard]] std::string summary() const override {
        return "low-rank model whose factors are made by untrained networks, fitted until a "
               "validation loss has its minimum: denoising, completion, factorisation";
    }
    void declare(OptionTable& table) override { options_.declare(table); }

    void check(const Extents& shape, const std::vector<std::string>& axes) const override {
        static_cast<void>(choose_factor_layout(shape, axes, options_));
    }
    [[nodiscard]] std::vector<std::string> figures() const override {
        return {"validation", "best_step"};
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
                                                const ExpectedMask& mask) const override;

    [[nodiscard]] std::unique_ptr<Method<float>> make(const Problem<float>& problem,
                                                      std::uint64_t seed) const override {
        return std::make_unique<FactorNetworksMethod<float>>(problem, options_, seed);
    }
    [[nodiscard]] std::unique_ptr<Method<double>> make(const Problem<double>& problem,
                                                       std::uint64_t seed) const override {
        return std::make_unique<FactorNetworksMethod<double>>(problem, options_, seed);
    }

  private:
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

std::vector<PhaseMemory> FactorNetworksEntry::plan(const Extents& shape, const Extents& block,
                                                   const std::vector<std::string>& axes,
                                                   std::size_t scalar_bytes,
                                                   const ExpectedMask& mask) const {
    const FactorLayout layout = choose_factor_layout(shape, axes, options_);
    const auto scalar = static_cast<double>(scalar_bytes);
    const auto entries = static_cast<double>(block.product());
    // Networks; rows of the block with their gradient in float64 and in the data's type, and the
    // best ones of this fit and of all.
    double factors = 0.0;
    double rows = 1.0;
    double columns = 1.0;
    for (std::size_t f = 0; f < layout.factors.size(); ++f) {
        const bool spread = layout.spread(f);
        const Extents own = layout.factors[f].of(spread ? block : shape);
        (f + 1 < layout.factors.size() ? rows : columns) *=
            static_cast<double>(layout.factors[f].of(block).product());
        factors += static_cast<double>(own.product() * layout.widths[f]) * (3.0 * scalar + 8.0);
        if (f < layout.generators()) {
            factors += generator_bytes(options_.generator, layout.factors[f].of(shape), own[0],
                                       layout.widths[f], scalar_bytes);
        }
    }
    const double tiles =
        FusedContraction<float>::scratch_bytes(static_cast<Index>(rows),
                                               static_cast<Index>(columns), layout.widths.back()) *
        scalar / sizeof(float);
    // The other part of a split observation, or the roles of entries.
    const double data = entries * (scalar + (mask.present ? 1.0 : 0.0));
    const double steps = factors + tiles + data;
    return {{"steps", steps}, {"estimate", steps - tiles + entries * scalar}};
}

}  // namespace

std::unique_ptr<MethodEntry> make_factor_networks_entry() {
    return std::make_unique<FactorNetworksEntry>();
}

}  // namespace tessera
