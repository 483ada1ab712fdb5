#include "tessera/method/cp/cp_entry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "tessera/base/error.hpp"
#include "tessera/method/cp/completion_method.hpp"
#include "tessera/method/cp/cp_method.hpp"
#include "tessera/method/cp/cp_options.hpp"

namespace tessera {
namespace {

class CpEntry final : public MethodEntry {
  public:
    [[nodiscard]] std::string name() const override { return "cp"; }
    [[nodiscard]] std::string summary() const override {
        return "sum of few components, each a product of one vector per axis (CP, PARAFAC), by "
               "alternating least squares; on request nonnegative";
    }
    void declare(OptionTable& table) override { options_.declare(table); }

    void check(const Extents& shape, const std::vector<std::string>& axes) const override;
    [[nodiscard]] std::vector<std::string> figures() const override { return {"fit"}; }
    [[nodiscard]] std::vector<bool> preferred_split(
        const Extents& /*shape*/, const std::vector<std::string>& axes) const override {
        return std::vector<bool>(axes.size(), true);
    }
    [[nodiscard]] std::vector<PhaseMemory> plan(const Extents& shape, const Extents& block,
                                                const std::vector<std::string>& axes,
                                                std::size_t scalar_bytes,
                                                bool masked) const override;

    [[nodiscard]] std::unique_ptr<Method<float>> make(const Problem<float>& problem,
                                                      std::uint64_t seed) const override {
        return make_method(problem, seed);
    }
    [[nodiscard]] std::unique_ptr<Method<double>> make(const Problem<double>& problem,
                                                       std::uint64_t seed) const override {
        return make_method(problem, seed);
    }

    [[nodiscard]] bool takes_sparse(Absent /*absent*/) const override { return true; }
    [[nodiscard]] std::unique_ptr<Method<float>> make_sparse(const SparseProblem<float>& problem,
                                                             std::uint64_t seed) const override {
        return make_sparse_method(problem, seed);
    }
    [[nodiscard]] std::unique_ptr<Method<double>> make_sparse(const SparseProblem<double>& problem,
                                                              std::uint64_t seed) const override {
        return make_sparse_method(problem, seed);
    }

  private:
    template <typename T>
    [[nodiscard]] std::unique_ptr<Method<T>> make_method(const Problem<T>& problem,
                                                         std::uint64_t seed) const {
        if (problem.mask) {
            return complete(observed_entries(problem.observation, problem.mask),
                            problem.observation.partition(), problem.axes, seed);
        }
        return std::make_unique<CpMethod<T>>(problem, options_, seed);
    }

    template <typename T>
    [[nodiscard]] std::unique_ptr<Method<T>> make_sparse_method(const SparseProblem<T>& problem,
                                                                std::uint64_t seed) const {
        if (problem.absent == Absent::missing) {
            return complete(problem.observation, std::nullopt, problem.axes, seed);
        }
        return std::make_unique<CpMethod<T>>(problem, options_, seed);
    }
    template <typename T>
    [[nodiscard]] std::unique_ptr<Method<T>> complete(const SparseTensor<T>& observed,
                                                      const std::optional<Partition>& dense,
                                                      const std::vector<std::string>& axes,
                                                      std::uint64_t seed) const {
        if (options_.nonnegative) {
            throw UsageError(
                "method cp has no nonnegative factors for data with missing entries: leave out "
                "method.nonnegative");
        }
        return std::make_unique<CompletionMethod<T>>(observed, dense, axes, options_, seed);
    }

    CpOptions options_;
};

void CpEntry::check(const Extents& shape, const std::vector<std::string>& /*axes*/) const {
    if (shape.order() < 2) {
        throw UsageError("method cp needs a tensor of order 2 or more; this one has order 1");
    }
}

std::vector<PhaseMemory> CpEntry::plan(const Extents& /*shape*/, const Extents& block,
                                       const std::vector<std::string>& /*axes*/,
                                       std::size_t scalar_bytes, bool /*masked*/) const {
    const auto rank = static_cast<double>(options_.rank);
    double rows = 0.0;
    double largest = 0.0;
    for (int mode = 0; mode < block.order(); ++mode) {
        rows += static_cast<double>(block[mode]);
        largest = std::max(largest, static_cast<double>(block[mode]));
    }
    // The current and the best factors; the products, right-hand sides and new rows of a mode; the
    // Gram matrices.
    const double factors = 8.0 * rank * (2.0 * rows + 3.0 * largest) +
                           8.0 * rank * rank * 2.0 * static_cast<double>(block.order() + 2);
    const double sweep = factors + DimensionTree<double>::bytes(block, options_.rank);
    const double tensor = static_cast<double>(block.product()) * static_cast<double>(scalar_bytes);
    return {{"sweeps", sweep}, {"estimate", sweep + tensor}};
}

}  // namespace

std::unique_ptr<MethodEntry> make_cp_entry() { return std::make_unique<CpEntry>(); }

}  // namespace tessera
