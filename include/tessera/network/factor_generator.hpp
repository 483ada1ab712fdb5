#pragma once

#include <Kokkos_Core.hpp>
#include <cstdint>
#include <string>

#include "tessera/base/types.hpp"
#include "tessera/network/parameter_store.hpp"

namespace tessera {

/// Rows x columns in host memory, row-major: rows of a factor matrix, or a map of sites by
/// channels (channel-last).
template <typename T>
using FactorMatrix = Kokkos::View<T**, Kokkos::LayoutRight, Kokkos::HostSpace>;

/// What makes the rows of one factor matrix: an untrained network, or a table of free numbers.
///
/// The rows are the sites of a grid: [n] for a vector mode, [height, width] for an image-like pair
/// of modes, [depth, height, width] for a volume, row-major. Each rank of the communicator that was
/// given to the constructor holds the rows of its own sites; a replicated factor has a communicator
/// of one rank on every rank. All functions are collective over that communicator, and results do
/// not depend on how the sites are shared out, but for the rounding of reductions.
template <typename T>
class FactorGenerator {
  public:
    virtual ~FactorGenerator() = default;
    FactorGenerator(const FactorGenerator&) = delete;
    FactorGenerator& operator=(const FactorGenerator&) = delete;

    /// Columns of the factor.
    [[nodiscard]] virtual Index rank() const = 0;
    /// The own rows, local sites x rank, valid until the next call. `step` chooses the jitter of
    /// the input: the same step gives the same rows.
    virtual FactorMatrix<const T> forward(std::int64_t step) = 0;
    /// Adds d(loss)/d(parameters) to the gradient of parameters(), where `gradient` is
    /// d(loss)/d(own rows) of the last forward. On return it is complete: summed over the
    /// communicator for the parameters that all its ranks share.
    virtual void backward(FactorMatrix<const T> gradient) = 0;
    virtual ParameterStore<T>& parameters() = 0;
    /// One sentence for the log, for example "skip network, 5 scales of 128 channels, 799176
    /// parameters".
    [[nodiscard]] virtual std::string describe() const = 0;

  protected:
    FactorGenerator() = default;
};

}  // namespace tessera
