#include "tessera/method/tucker/tucker_entry.hpp"

#include <algorithm>

#include "tessera/base/error.hpp"
#include "tessera/method/tucker/truncation_order.hpp"
#include "tessera/method/tucker/tucker_method.hpp"
#include "tessera/method/tucker/tucker_options.hpp"

namespace tessera {
namespace {

class TuckerEntry final : public MethodEntry {
  public:
    [[nodiscard]] std::string name() const override { return "tucker"; }
    [[nodiscard]] std::string summary() const override {
        return "Tucker decomposition by sequentially truncated HOSVD, of given ranks or to a given "
               "relative error, with optional HOOI sweeps; with missing entries by least squares "
               "on "
               "the observed ones";
    }
    void declare(OptionTable& table) override { options_.declare(table); }

    void check(const Extents& shape, const std::vector<std::string>& axes) const override {
        if (shape.order() < 2) {
            throw UsageError(
                "method tucker needs data with at least two axes: a vector has no "
                "unfolding to truncate");
        }
        static_cast<void>(tucker_ranks(options_, shape, axes));
        static_cast<void>(modes(shape, axes));
    }
    [[nodiscard]] std::vector<bool> preferred_split(
        const Extents& shape, const std::vector<std::string>& axes) const override;
    [[nodiscard]] std::vector<PhaseMemory> plan(const Extents& shape, const Extents& block,
                                                const std::vector<std::string>& axes,
                                                std::size_t scalar_bytes,
                                                const ExpectedData& expected) const override;

    [[nodiscard]] std::unique_ptr<Method<float>> make(const Problem<float>& problem,
                                                      std::uint64_t /*seed*/) const override {
        return std::make_unique<TuckerMethod<float>>(problem, options_);
    }
    [[nodiscard]] std::unique_ptr<Method<double>> make(const Problem<double>& problem,
                                                       std::uint64_t /*seed*/) const override {
        return std::make_unique<TuckerMethod<double>>(problem, options_);
    }

  private:
    [[nodiscard]] std::vector<int> modes(const Extents& shape,
                                         const std::vector<std::string>& axes) const {
        return options_.mode_order.empty()
                   ? cheapest_order(shape, tucker_ranks(options_, shape, axes), false).modes
                   : named_order(options_.mode_order, axes);
    }

    TuckerOptions options_;
};

// The tensor is whole only when the first mode is truncated: that one is better not split.
std::vector<bool> TuckerEntry::preferred_split(const Extents& shape,
                                               const std::vector<std::string>& axes) const {
    std::vector<bool> split(axes.size(), true);
    split[static_cast<std::size_t>(modes(shape, axes).front())] = false;
    return split;
}

std::vector<PhaseMemory> TuckerEntry::plan(const Extents& shape, const Extents& block,
                                           const std::vector<std::string>& axes,
                                           std::size_t scalar_bytes,
                                           const ExpectedData& expected) const {
    const std::vector<Index> ranks = expected_ranks(shape, tucker_ranks(options_, shape, axes));
    const std::vector<int> order = modes(shape, axes);
    const auto kept = [&](int mode) {
        return static_cast<double>(ranks[static_cast<std::size_t>(mode)]) /
               static_cast<double>(shape[mode]);
    };
    const double tensor_bytes =
        static_cast<double>(block.product()) * static_cast<double>(scalar_bytes);
    // The first projection beside the second one.
    const double first = kept(order.front()) * tensor_bytes;
    const double decomposition = first * (1.0 + kept(order[1]));
    double square = 0.0;
    double smallest_rank_kept = 1.0;
    double core_kept = 1.0;
    Index smallest_rank = ranks.front();
    for (int mode = 0; mode < shape.order(); ++mode) {
        const auto extent = static_cast<double>(shape[mode]);
        square = std::max(square, extent * extent);
        core_kept *= kept(mode);
        if (ranks[static_cast<std::size_t>(mode)] <= smallest_rank) {
            smallest_rank = ranks[static_cast<std::size_t>(mode)];
            smallest_rank_kept = kept(mode);
        }
    }
    // Gram matrix, its packed copy, LAPACK's copy and work space (two squares), vectors.
    const double small = 6.0 * 8.0 * square;
    // Values, positions and the orders of each observed entry.
    const auto order_of_data = static_cast<double>(shape.order());
    const double entries = expected.masked
                               ? static_cast<double>(block.product()) * expected.observed_share *
                                     (static_cast<double>(scalar_bytes) + 4.0 * order_of_data +
                                      8.0 * (order_of_data - 1.0))
                               : 0.0;
    return {{"decomposition", std::max(decomposition + small, entries)},
            {"estimate", tensor_bytes * (1.0 + smallest_rank_kept + core_kept) + small + entries}};
}

}  // namespace

std::unique_ptr<MethodEntry> make_tucker_entry() { return std::make_unique<TuckerEntry>(); }

}  // namespace tessera
