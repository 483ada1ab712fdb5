#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/base/archive.hpp"
#include "tessera/base/memory.hpp"

namespace tessera {

/// All parameters of one network in contiguous arrays: their values, the gradient of the loss, the
/// two moments of Adam and, when wanted, their running average. One kernel updates them and one
/// call reduces the gradient.
///
/// Shared parameters (weights) come first and have the same values on every rank of the network's
/// communicator; behind them lie the own parts of parameters that are spread over the sites
/// (learned inputs, free factors).
template <typename T>
class ParameterStore {
  public:
    /// Appends shared parameters; returns where they begin. Before any spread ones, and before
    /// allocate().
    Index add(const std::string& name, Index count);
    /// Appends this rank's part, `place.box`, of parameters that are spread over the ranks.
    Index add_spread(const std::string& name, const BlockPlace& place);
    /// Allocates the arrays, all zero. Throws MemoryError.
    void allocate(const std::string& label, bool with_average = false);

    /// Parameters of this rank, and those of them that all ranks share.
    [[nodiscard]] Index size() const { return size_; }
    [[nodiscard]] Index shared_size() const { return shared_size_; }
    /// Parameters of the whole network, over all ranks.
    [[nodiscard]] Index total_size() const;
    /// Where the parameters of that name begin.
    [[nodiscard]] Index offset(const std::string& name) const;

    [[nodiscard]] const HostView<T>& value() const { return value_; }
    [[nodiscard]] const HostView<T>& gradient() const { return gradient_; }
    [[nodiscard]] const HostView<T>& first_moment() const { return first_moment_; }
    [[nodiscard]] const HostView<T>& second_moment() const { return second_moment_; }
    [[nodiscard]] bool has_average() const { return average_.extent(0) > 0; }
    [[nodiscard]] const HostView<T>& average() const { return average_; }

    void zero_gradient();
    /// Exchanges values and averages: before and after a forward pass with the averaged parameters.
    void swap_average();

    /// Room for a copy of the values. Throws MemoryError.
    void allocate_kept(const std::string& label);
    /// Copies the values; brings them back, with moments of 0.
    void keep();
    void restore();

    /// Values, moments, average and copy; collective over the archive's ranks. Where several ranks
    /// hold the same part of a spread parameter, all but one give `owner` = false.
    void serialise(Archive& archive, bool owner = true);

  private:
    struct Segment {
        std::string name;
        Index offset;
        Index count;
        std::optional<BlockPlace> place;  ///< of spread parameters
    };

    void serialise_array(Archive& archive, const std::string& name, const HostView<T>& array,
                         bool owner);

    std::vector<Segment> segments_;
    Index size_ = 0;
    Index shared_size_ = 0;
    HostView<T> value_;
    HostView<T> gradient_;
    HostView<T> first_moment_;
    HostView<T> second_moment_;
    HostView<T> average_;
    HostView<T> kept_;
};

}  // namespace tessera
