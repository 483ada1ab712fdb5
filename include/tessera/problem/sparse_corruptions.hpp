#pragma once

#include <string>
#include <vector>

#include "tessera/problem/corruption.hpp"

/// Corruptions that touch some entries, chosen at random one by one.
namespace tessera {

/// An entry is replaced with probability `ratio` by 0 or 1 (equally likely); `clip` then clips all
/// values to [0, 1]. `ratio` is one number, one per band or a range (resolve_band_levels).
struct SaltPepperCorruption final : Corruption {
    std::vector<double> ratio;
    bool clip = false;

    [[nodiscard]] std::string kind() const override { return "salt-pepper"; }
    void declare(OptionTable& table) override;
    void check(const Extents& shape, const std::vector<std::string>& axes) const override;
    void apply(CorruptionContext<float>& context) const override;
    void apply(CorruptionContext<double>& context) const override;
};

/// An entry gains U(low, high) with probability `ratio`.
struct ImpulseCorruption final : Corruption {
    double ratio = 0.0;
    double low = -1.0;
    double high = 1.0;

    [[nodiscard]] std::string kind() const override { return "impulse"; }
    void declare(OptionTable& table) override;
    void apply(CorruptionContext<float>& context) const override;
    void apply(CorruptionContext<double>& context) const override;
};

/// An entry is set to 0 with probability `ratio` (it stays an observation, a wrong one).
struct EntryZeroCorruption final : Corruption {
    double ratio = 0.0;

    [[nodiscard]] std::string kind() const override { return "entry-zero"; }
    void declare(OptionTable& table) override;
    void apply(CorruptionContext<float>& context) const override;
    void apply(CorruptionContext<double>& context) const override;
};

}  // namespace tessera
