#pragma once

#include <cstdint>
#include <string>

#include "tessera/base/extents.hpp"
#include "tessera/network/factor_generator.hpp"
#include "tessera/network/generator_options.hpp"

namespace tessera {

/// A factor matrix whose entries are themselves the parameters: plain least squares, to compare the
/// networks with. First values are normal with standard deviation `free_scale`, keyed by the global
/// index.
template <typename T>
class FreeFactor final : public FactorGenerator<T> {
  public:
    FreeFactor(const GeneratorOptions& options, const Extents& sites, const Box& local, Index rank,
               std::uint64_t seed, const std::string& name);

    [[nodiscard]] Index rank() const override { return rank_; }
    FactorMatrix<const T> forward(std::int64_t step) override;
    void backward(FactorMatrix<const T> gradient) override;
    ParameterStore<T>& parameters() override { return parameters_; }
    [[nodiscard]] std::string describe() const override;

  private:
    Index rows_;
    Index rank_;
    ParameterStore<T> parameters_;
};

}  // namespace tessera
