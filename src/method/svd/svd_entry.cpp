#include "tessera/method/svd/svd_entry.hpp"

#include <fmt/format.h>

#include "tessera/base/error.hpp"
#include "tessera/method/column_modes.hpp"
#include "tessera/method/svd/svd_method.hpp"
#include "tessera/method/svd/svd_options.hpp"

namespace tessera {
namespace {

class SvdEntry final : public MethodEntry {
  public:
    [[nodiscard]] std::string name() const override { return "svd"; }
    [[nodiscard]] std::string summary() const override {
        return "truncated or optimally shrunk singular value decomposition of one unfolding; with "
               "missing entries by iterative imputation";
    }
    void declare(OptionTable& table) override { options_.declare(table); }

    void check(const Extents& shape, const std::vector<std::string>& axes) const override;
    [[nodiscard]] std::vector<bool> preferred_split(
        const Extents& shape, const std::vector<std::string>& axes) const override;
    [[nodiscard]] std::vector<PhaseMemory> plan(const Extents& shape, const Extents& block,
                                                const std::vector<std::string>& axes,
                                                std::size_t scalar_bytes,
                                                bool masked) const override;

    [[nodiscard]] std::unique_ptr<Method<float>> make(const Problem<float>& problem,
                                                      std::uint64_t seed) const override {
        return std::make_unique<SvdMethod<float>>(problem, options_, seed);
    }
    [[nodiscard]] std::unique_ptr<Method<double>> make(const Problem<double>& problem,
                                                       std::uint64_t seed) const override {
        return std::make_unique<SvdMethod<double>>(problem, options_, seed);
    }

  private:
    SvdOptions options_;
};

Index column_count(const Extents& shape, const ColumnModes& modes) {
    Index columns = 1;
    for (int place = modes.first; place < modes.last; ++place) {
        columns *= shape[modes.mode_order[static_cast<std::size_t>(place)]];
    }
    return columns;
}

void SvdEntry::check(const Extents& shape, const std::vector<std::string>& axes) const {
    const Index columns = column_count(shape, choose_column_modes(shape, axes, options_.columns));
    if (options_.truncation == SvdOptions::Truncation::rank && options_.rank > columns) {
        throw UsageError(
            fmt::format("method.rank is {}, but the {} x {} matrix of this {} tensor has rank at "
                        "most {}: give a rank of at most {}",
                        options_.rank, shape.product() / columns, columns, shape.to_string(),
                        columns, columns));
    }
    const bool regression =
        options_.truncation == SvdOptions::Truncation::hysime || options_.whiten;
    if (regression && shape.product() / columns < columns) {
        throw UsageError(
            "method svd: estimating the noise of each column needs more rows than "
            "columns");
    }
    if (regression && !svd_is_direct(options_, columns)) {
        throw UsageError(
            "method.whiten and method.truncation = \"hysime\" need all singular values: use "
            "method.solver = \"tsqr\"");
    }
}

std::vector<bool> SvdEntry::preferred_split(const Extents& shape,
                                            const std::vector<std::string>& axes) const {
    const ColumnModes modes = choose_column_modes(shape, axes, options_.columns);
    std::vector<bool> split(axes.size(), true);
    for (int place = modes.first; place < modes.last; ++place) {
        split[static_cast<std::size_t>(modes.mode_order[static_cast<std::size_t>(place)])] = false;
    }
    return split;
}

std::vector<PhaseMemory> SvdEntry::plan(const Extents& shape, const Extents& block,
                                        const std::vector<std::string>& axes,
                                        std::size_t scalar_bytes, bool masked) const {
    const auto columns = static_cast<double>(
        column_count(shape, choose_column_modes(shape, axes, options_.columns)));
    const double entries = static_cast<double>(block.product());
    const double tensor_bytes = entries * static_cast<double>(scalar_bytes);
    const bool stabilised = options_.stabilisation == SvdOptions::Stabilisation::anscombe;
    const double copies = masked || stabilised ? 1.0 : 0.0;
    // R, its scaled copy, and the three matrices of the small SVD.
    const double small = 5.0 * 8.0 * columns * columns;
    const double scores =
        entries / columns * static_cast<double>(options_.rank) * static_cast<double>(scalar_bytes);
    return {{"decomposition", copies * tensor_bytes + small + (masked ? scores : 0.0)},
            {"estimate", (copies + 1.0) * tensor_bytes + small}};
}

}  // namespace

std::unique_ptr<MethodEntry> make_svd_entry() { return std::make_unique<SvdEntry>(); }

}  // namespace tessera
