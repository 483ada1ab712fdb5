#pragma once

#include <memory>
#include <string>

#include "tessera/network/factor_generator.hpp"
#include "tessera/network/generator_options.hpp"

namespace tessera {

/// The rows of another generator, each entry made nonnegative: log(1 + exp(x)), |x| or max(x, 0).
/// At 0 the derivatives of |x| and max(x, 0) count as 0.
template <typename T>
class ActivatedFactor final : public FactorGenerator<T> {
  public:
    ActivatedFactor(std::unique_ptr<FactorGenerator<T>> inner, OutputActivation activation);

    [[nodiscard]] Index rank() const override { return inner_->rank(); }
    FactorMatrix<const T> forward(std::int64_t step) override;
    void backward(FactorMatrix<const T> gradient) override;
    ParameterStore<T>& parameters() override { return inner_->parameters(); }
    [[nodiscard]] std::string describe() const override;

  private:
    std::unique_ptr<FactorGenerator<T>> inner_;
    OutputActivation activation_;
    FactorMatrix<const T> before_;
    FactorMatrix<T> rows_;
    FactorMatrix<T> gradient_;
};

}  // namespace tessera
