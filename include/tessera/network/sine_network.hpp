#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tessera/network/convolution.hpp"
#include "tessera/network/factor_generator.hpp"
#include "tessera/network/generator_options.hpp"
#include "tessera/network/site_slab.hpp"

namespace tessera {

/// A multilayer perceptron of each site's coordinates 1..n with sine activations (Sitzmann et al.
/// 2020; as factors of a Tucker model, Luo et al. 2023, "LRTFR"): hidden layers sin(omega_0 (W x +
/// b)), then a linear layer to the factor's columns. No site knows its neighbours, so ranks
/// exchange nothing but gradients.
template <typename T>
class SineNetwork final : public FactorGenerator<T> {
  public:
    /// Collective.
    SineNetwork(const GeneratorOptions& options, const Communicator& communicator,
                const Extents& sites, Range own, Index rank, std::uint64_t seed,
                const std::string& name);

    [[nodiscard]] Index rank() const override { return rank_; }
    FactorMatrix<const T> forward(std::int64_t step) override;
    void backward(FactorMatrix<const T> gradient) override;
    ParameterStore<T>& parameters() override { return parameters_; }
    [[nodiscard]] std::string describe() const override;

  private:
    struct Layer {
        std::unique_ptr<Convolution<T>> dense;
        HostView<T> before;  // W x + b
        HostView<T> after;   // its sine
    };

    void build(std::uint64_t seed, const std::string& name);

    GeneratorOptions options_;
    Index rank_;
    Index channels_;
    SiteSlab slab_;
    ParameterStore<T> parameters_;
    std::shared_ptr<LayerWorkspace<T>> workspace_;
    HostView<T> coordinates_;
    std::vector<Layer> layers_;
    std::unique_ptr<Convolution<T>> head_;
    HostView<T> of_output_;
    HostView<T> of_input_;
    HostView<T> rows_;
};

}  // namespace tessera
