#include "tessera/method/cp/cp_entry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

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
                                                const ExpectedData& expected) const override;

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

    [[nodiscard]] std::vector<PhaseMemory> plan_sparse(const ExpectedList& list,
                                                       std::size_t scalar_bytes) const override;

  private:
    [[nodiscard]] double factor_bytes(const Extents& block) const;

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

// Of the fibres of a mode: what stays, and what only building them takes.
template <typename T>
std::pair<double, double> fibre_bytes(const ExpectedList& list, int mode) {
    using Fibres = CompressedFibres<T>;
    return {Fibres::expected_bytes(list.block, mode, list.entries),
            Fibres::building_bytes(list.block.order(), list.entries)};
}

void CpEntry::check(const Extents& shape, const std::vector<std::string>& /*axes*/) const {
    if (shape.order() < 2) {
        throw UsageError("method cp needs a tensor of order 2 or more; this one has order 1");
    }
}

// The current and the best factors; the products, right-hand sides and new rows of a mode; the
// Gram matrices.
double CpEntry::factor_bytes(const Extents& block) const {
    const auto rank = static_cast<double>(options_.rank);
    double rows = 0.0;
    double largest = 0.0;
    for (int mode = 0; mode < block.order(); ++mode) {
        rows += static_cast<double>(block[mode]);
        largest = std::max(largest, static_cast<double>(block[mode]));
    }
    return sizeof(double) * (rank * (2.0 * rows + 3.0 * largest) +
                             rank * rank * 2.0 * static_cast<double>(block.order() + 2));
}

std::vector<PhaseMemory> CpEntry::plan(const Extents& shape, const Extents& block,
                                       const std::vector<std::string>& axes,
                                       std::size_t scalar_bytes,
                                       const ExpectedData& expected) const {
    const auto scalar = static_cast<double>(scalar_bytes);
    const double tensor = static_cast<double>(block.product()) * scalar;
    if (!expected.masked) {
        const double sweep =
            factor_bytes(block) + DimensionTree<double>::bytes(block, options_.rank);
        return {{"sweeps", sweep}, {"estimate", sweep + tensor}};
    }
    const double entries = static_cast<double>(block.product()) * expected.observed_share;
    const double list = entries * (scalar + 4.0 * block.order());
    std::vector<PhaseMemory> phases =
        plan_sparse({shape, block, entries, Absent::missing, axes}, scalar_bytes);
    for (PhaseMemory& phase : phases) {
        phase.bytes += list;
    }
    phases.push_back({"estimate", phases.back().bytes + tensor});
    return phases;
}

std::vector<PhaseMemory> CpEntry::plan_sparse(const ExpectedList& list,
                                              std::size_t scalar_bytes) const {
    const bool single = scalar_bytes == sizeof(float);
    const int order = list.block.order();
    double fibres = 0.0;
    double preparation = 0.0;
    for (int mode = 0; mode < order; ++mode) {
        const auto [kept, building] =
            single ? fibre_bytes<float>(list, mode) : fibre_bytes<double>(list, mode);
        preparation = std::max(preparation, fibres + kept + building);
        fibres += kept;
    }
    double sweeps = fibres + factor_bytes(list.block);
    if (list.absent == Absent::missing) {
        sweeps += CompletionMethod<double>::equation_bytes(list.block, options_.rank);
    }
    return {{"fibres", preparation}, {"sweeps", sweeps}};
}

}  // namespace

std::unique_ptr<MethodEntry> make_cp_entry() { return std::make_unique<CpEntry>(); }

}  // namespace tessera
