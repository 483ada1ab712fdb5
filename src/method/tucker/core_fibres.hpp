#pragma once

#include <algorithm>
#include <vector>

#include "tessera/base/types.hpp"

namespace tessera {

/// Products of a core with one factor row per mode, one mode after the other. What leading modes
/// have in common from one entry to the next is kept: level l is the core times the rows of the
/// first l modes.
class CoreFibres {
  public:
    /// A mode that is contracted: its rank, and its rows (row-major).
    struct Mode {
        Index rank = 0;
        const double* rows = nullptr;

        [[nodiscard]] const double* row(Index position) const { return rows + position * rank; }
    };

    /// `core` is row-major over the modes in that order, `rest` entries for each.
    CoreFibres(std::vector<Mode> modes, Index rest, const std::vector<double>& core)
        : modes_(std::move(modes)), levels_(modes_.size() + 1) {
        for (auto level = modes_.size(); level > 0; --level) {
            levels_[level].resize(static_cast<std::size_t>(rest));
            rest *= modes_[level - 1].rank;
        }
        levels_.front() = core;
    }

    /// The `rest` entries for an entry of the tensor at position(mode), of which modes before
    /// `first_changed` are those of the previous call.
    template <typename Position>
    const std::vector<double>& operator()(std::size_t first_changed, const Position& position) {
        for (std::size_t level = first_changed; level < modes_.size(); ++level) {
            const std::vector<double>& from = levels_[level];
            std::vector<double>& to = levels_[level + 1];
            const double* row = modes_[level].row(position(level));
            const std::size_t size = to.size();
            std::fill(to.begin(), to.end(), 0.0);
            for (Index r = 0; r < modes_[level].rank; ++r) {
                const double* part = from.data() + static_cast<std::size_t>(r) * size;
                for (std::size_t i = 0; i < size; ++i) {
                    to[i] += row[r] * part[i];
                }
            }
        }
        return levels_.back();
    }

  private:
    std::vector<Mode> modes_;
    std::vector<std::vector<double>> levels_;
};

/// The adjoint: the sum over entries of term * (row of mode 0 x row of mode 1 x ..), formed fibre
/// by fibre from the last mode up.
class CoreAdjoint {
  public:
    explicit CoreAdjoint(std::vector<CoreFibres::Mode> modes)
        : modes_(std::move(modes)), sums_(modes_.size()) {
        std::size_t size = 1;
        for (auto level = modes_.size(); level > 0; --level) {
            size *= static_cast<std::size_t>(modes_[level - 1].rank);
            sums_[level - 1].assign(size, 0.0);
        }
    }

    /// Moves the sums of fibres that end up to their modes, before the positions change from
    /// `first_changed` on; `position` is that of the last entry added.
    template <typename Position>
    void leave(std::size_t first_changed, const Position& position) {
        for (std::size_t level = modes_.size() - 1; level > first_changed; --level) {
            std::vector<double>& from = sums_[level];
            std::vector<double>& to = sums_[level - 1];
            const double* row = modes_[level - 1].row(position(level - 1));
            for (Index r = 0; r < modes_[level - 1].rank; ++r) {
                double* part = to.data() + static_cast<std::size_t>(r) * from.size();
                for (std::size_t i = 0; i < from.size(); ++i) {
                    part[i] += row[r] * from[i];
                }
            }
            std::fill(from.begin(), from.end(), 0.0);
        }
    }
    void add(double term, Index last_position) {
        const double* row = modes_.back().row(last_position);
        for (std::size_t i = 0; i < sums_.back().size(); ++i) {
            sums_.back()[i] += term * row[i];
        }
    }
    /// After `leave` with 0: the whole sum.
    [[nodiscard]] const std::vector<double>& sum() const { return sums_.front(); }

  private:
    std::vector<CoreFibres::Mode> modes_;
    std::vector<std::vector<double>> sums_;
};

}  // namespace tessera
