#include "tessera/method/svd/svd_entry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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
        return std::make_unique<SvdMethod<float>>(problem, options_, seed);
    }
    [[nodiscard]] std::unique_ptr<Method<double>> make(const Problem<double>& problem,
                                                       std::uint64_t seed) const override {
        return std::make_unique<SvdMethod<double>>(problem, options_, seed);
    }

  private:
    [[nodiscard]] double kept_columns(double columns) const;
    [[nodiscard]] double solver_bytes(double rows, double columns) const;
    [[nodiscard]] double basis_bytes(double rows, double columns) const;

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
                                        std::size_t scalar_bytes,
                                        const ExpectedData& expected) const {
    const ColumnModes modes = choose_column_modes(shape, axes, options_.columns);
    const auto columns = static_cast<double>(column_count(shape, modes));
    const double entries = static_cast<double>(block.product());
    const double tensor_bytes = entries * static_cast<double>(scalar_bytes);
    const double rows = entries / columns;
    const bool stabilised = options_.stabilisation == SvdOptions::Stabilisation::anscombe;
    const double copies = expected.masked || stabilised || modes.permuted() ? 1.0 : 0.0;
    const double held =
        copies * tensor_bytes + (expected.masked && modes.permuted() ? entries : 0.0);
    const double kept = kept_columns(columns);
    const double scores = rows * kept * static_cast<double>(scalar_bytes);
    // The estimate in the matrix's order of modes and in the tensor's; the scores as a factor.
    const double estimates = (modes.permuted() ? 2.0 : 1.0) * tensor_bytes;
    return {
        {"decomposition", held + solver_bytes(rows, columns) + (expected.masked ? scores : 0.0)},
        {"estimate",
         held + basis_bytes(rows, columns) + estimates + scores + rows * kept * sizeof(double)}};
}

double SvdEntry::kept_columns(double columns) const {
    // Other rules find the rank in the data: for those, what low-rank data usually have.
    constexpr double usual = 10.0;
    const bool given = options_.truncation == SvdOptions::Truncation::rank;
    return std::min(columns, given ? static_cast<double>(options_.rank) : usual);
}

double SvdEntry::solver_bytes(double rows, double columns) const {
    if (svd_is_direct(options_, static_cast<Index>(columns))) {
        // The triangle, its factors and LAPACK's workspace (what matrices of 1000 to 2000 columns
        // take); tiles of 240 rows, four per thread.
        constexpr double squares = 7.0;
        constexpr double tile_rows = 960.0;
        return sizeof(double) * (squares * columns * columns + tile_rows * columns);
    }
    // Two bases of about twice the triplets that are wanted at once, and the triplets found.
    const double at_once = static_cast<double>(options_.triplets_per_step);
    return sizeof(double) * (rows + columns) * (2.0 * at_once + 15.0 + 2.0 * kept_columns(columns));
}

// What stays of the solver: all right vectors, or both bases.
double SvdEntry::basis_bytes(double rows, double columns) const {
    return svd_is_direct(options_, static_cast<Index>(columns)) ? sizeof(double) * columns * columns
                                                                : solver_bytes(rows, columns);
}

std::optional<StepTraffic> SvdEntry::traffic(const Extents& shape, const Extents& grid,
                                             const std::vector<std::string>& axes,
                                             std::size_t /*scalar_bytes*/,
                                             const ExpectedData& /*expected*/) const {
    const auto columns = static_cast<double>(
        column_count(shape, choose_column_modes(shape, axes, options_.columns)));
    if (!svd_is_direct(options_, static_cast<Index>(columns))) {
        return std::nullopt;
    }
    // Two Gram matrices are added up over all ranks (each sends twice its size at most), and four
    // matrices of that size are handed on from rank 0.
    const double rounds = std::ceil(std::log2(static_cast<double>(grid.product())));
    const double matrix = sizeof(double) * columns * columns;
    return StepTraffic{(2.0 * 2.0 + 4.0) * rounds, (2.0 * 2.0 + 4.0) * matrix};
}

std::optional<double> SvdEntry::checkpoint_bytes(const Extents& shape,
                                                 const std::vector<std::string>& axes,
                                                 std::size_t scalar_bytes,
                                                 const ExpectedData& expected) const {
    const auto columns = static_cast<double>(
        column_count(shape, choose_column_modes(shape, axes, options_.columns)));
    const double rows = static_cast<double>(shape.product()) / columns;
    const bool direct = svd_is_direct(options_, static_cast<Index>(columns));
    const double vectors = columns * (direct ? columns : kept_columns(columns)) * sizeof(double);
    const double scores = rows * kept_columns(columns) * static_cast<double>(scalar_bytes);
    return vectors + (expected.masked ? scores : 0.0);
}

}  // namespace

std::unique_ptr<MethodEntry> make_svd_entry() { return std::make_unique<SvdEntry>(); }

}  // namespace tessera
