#pragma once

#include <string>
#include <vector>

#include "tessera/problem/corruption.hpp"

/// Corruptions of whole columns of single bands, as push-broom sensors make them. A column runs
/// over all modes but cols and bands (AxisRoles).
namespace tessera {

/// In each band of `bands`, `count` runs of `width` neighbouring columns are set to 0; both numbers
/// are drawn uniformly from [lowest, highest], the place is uniform, runs may overlap.
struct DeadlineCorruption final : Corruption {
    std::vector<Index> bands;  ///< [begin, end), from 0; empty: all
    std::vector<Index> count = {3, 12};
    std::vector<Index> width = {1, 3};

    [[nodiscard]] std::string kind() const override { return "deadline"; }
    void declare(OptionTable& table) override;
    void check(const Extents& shape, const std::vector<std::string>& axes) const override;
    void apply(CorruptionContext<float>& context) const override;
    void apply(CorruptionContext<double>& context) const override;
};

/// In each band of `bands`, a number of different columns drawn from `count` is shifted, each by a
/// constant from U(-amplitude, amplitude).
struct StripeCorruption final : Corruption {
    std::vector<Index> bands;  ///< [begin, end), from 0; empty: all
    std::vector<Index> count = {20, 40};
    double amplitude = 0.25;

    [[nodiscard]] std::string kind() const override { return "stripe"; }
    void declare(OptionTable& table) override;
    void check(const Extents& shape, const std::vector<std::string>& axes) const override;
    void apply(CorruptionContext<float>& context) const override;
    void apply(CorruptionContext<double>& context) const override;
};

/// In a share `band_ratio` of the bands, a share `column_ratio` of the columns is set to 0: exactly
/// the rounded numbers, chosen at random, the columns anew for each band.
struct ColumnZeroCorruption final : Corruption {
    double band_ratio = 0.4;
    double column_ratio = 0.1;

    [[nodiscard]] std::string kind() const override { return "column-zero"; }
    void declare(OptionTable& table) override;
    void check(const Extents& shape, const std::vector<std::string>& axes) const override;
    void apply(CorruptionContext<float>& context) const override;
    void apply(CorruptionContext<double>& context) const override;
};

}  // namespace tessera
