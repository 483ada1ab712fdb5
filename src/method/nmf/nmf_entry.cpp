#include "tessera/method/nmf/nmf_entry.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tessera/base/error.hpp"
#include "tessera/method/column_modes.hpp"
#include "tessera/method/nmf/nmf_method.hpp"
#include "tessera/method/nmf/nmf_options.hpp"
#include "tessera/tensor/transform.hpp"

namespace tessera {
namespace {

class NmfEntry final : public MethodEntry {
  public:
    [[nodiscard]] std::string name() const override { return "nmf"; }
    [[nodiscard]] std::string summary() const override {
        return "nonnegative factorisation of one unfolding: parts that add up; with missing "
               "entries by the observed ones alone";
    }
    void declare(OptionTable& table) override { options_.declare(table); }
    [[nodiscard]] bool needs_nonnegative_data() const override { return true; }
    [[nodiscard]] std::vector<std::string> figures() const override { return {"sparseness"}; }

    void check(const Extents& shape, const std::vector<std::string>& axes) const override;
    [[nodiscard]] std::vector<bool> preferred_split(
        const Extents& shape, const std::vector<std::string>& axes) const override;
    [[nodiscard]] std::vector<PhaseMemory> plan(const Extents& shape, const Extents& block,
                                                const std::vector<std::string>& axes,
                                                std::size_t scalar_bytes,
                                                const ExpectedData& expected) const override;

    [[nodiscard]] std::unique_ptr<Method<float>> make(const Problem<float>& problem,
                                                      std::uint64_t seed) const override {
        return std::make_unique<NmfMethod<float>>(problem, options_, seed);
    }
    [[nodiscard]] std::unique_ptr<Method<double>> make(const Problem<double>& problem,
                                                       std::uint64_t seed) const override {
        return std::make_unique<NmfMethod<double>>(problem, options_, seed);
    }

  private:
    NmfOptions options_;
};

Index column_count(const Extents& shape, const ColumnModes& modes) {
    return permuted(shape, modes.mode_order).product(modes.first, modes.last);
}

void NmfEntry::check(const Extents& shape, const std::vector<std::string>& axes) const {
    const Index columns = column_count(shape, choose_column_modes(shape, axes, options_.columns));
    if (options_.rank > columns) {
        throw UsageError(
            fmt::format("method.rank is {}, but the {} x {} matrix of this {} tensor has rank at "
                        "most {}: give a rank of at most {}",
                        options_.rank, shape.product() / columns, columns, shape.to_string(),
                        columns, columns));
    }
}

std::vector<bool> NmfEntry::preferred_split(const Extents& shape,
                                            const std::vector<std::string>& axes) const {
    const ColumnModes modes = choose_column_modes(shape, axes, options_.columns);
    std::vector<bool> split(axes.size(), true);
    for (int place = modes.first; place < modes.last; ++place) {
        split[static_cast<std::size_t>(modes.mode_order[static_cast<std::size_t>(place)])] = false;
    }
    return split;
}

std::vector<PhaseMemory> NmfEntry::plan(const Extents& shape, const Extents& block,
                                        const std::vector<std::string>& axes,
                                        std::size_t scalar_bytes,
                                        const ExpectedData& expected) const {
    const ColumnModes modes = choose_column_modes(shape, axes, options_.columns);
    const auto columns = static_cast<double>(column_count(shape, modes));
    const auto entries = static_cast<double>(block.product());
    const auto scalar = static_cast<double>(scalar_bytes);
    // Both factors, their products and new rows. Of each observed entry of a masked tensor a value,
    // a column number and a residual.
    const double factors =
        3.0 * 8.0 * static_cast<double>(options_.rank) * (entries / columns + columns);
    const double steps =
        factors + (expected.masked ? entries * expected.observed_share * (scalar + 12.0) : 0.0) +
        (modes.permuted() ? entries * (scalar + (expected.masked ? 1.0 : 0.0)) : 0.0);
    return {{"steps", steps},
            {"estimate", steps + entries * scalar * (modes.permuted() ? 2.0 : 1.0)}};
}

}  // namespace

std::unique_ptr<MethodEntry> make_nmf_entry() { return std::make_unique<NmfEntry>(); }

}  // namespace tessera
