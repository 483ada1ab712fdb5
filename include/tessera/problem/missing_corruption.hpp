#pragma once

#include <string>
#include <vector>

#include "tessera/problem/corruption.hpp"

namespace tessera {

/// Takes entries out of the problem: they get mask 0 and value 0. A share `keep` of the pattern's
/// units stays observed: of bands and views exactly the rounded number, of the others each unit
/// with that probability. An entry that was already missing stays so.
struct MissingCorruption final : Corruption {
    enum class Pattern {
        entries,  ///< single entries
        pixels,   ///< all bands of a pixel together (fibres along bands)
        bands,    ///< whole bands
        lines,    ///< whole columns of single bands (fibres along rows)
        fibres,   ///< fibres along `mode`
        views     ///< whole views
    };
    Pattern pattern = Pattern::entries;
    double keep = 0.5;
    std::string mode;  ///< name or number of the fibres' mode

    [[nodiscard]] std::string kind() const override { return "missing"; }
    void declare(OptionTable& table) override;
    [[nodiscard]] std::optional<double> observed_share() const override { return keep; }
    void check(const Extents& shape, const std::vector<std::string>& axes) const override;
    void apply(CorruptionContext<float>& context) const override;
    void apply(CorruptionContext<double>& context) const override;
};

}  // namespace tessera
