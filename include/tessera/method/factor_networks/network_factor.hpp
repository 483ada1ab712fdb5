#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/method/factor_networks/factor_layout.hpp"
#include "tessera/network/factor_generator.hpp"
#include "tessera/parallel/box_exchange.hpp"
#include "tessera/parallel/uneven_partition.hpp"
#include "tessera/tensor/dense_tensor.hpp"
#include "tessera/tensor/row_product.hpp"

namespace tessera {

/// One factor of a model with the network that makes it, next to the tensor's partition.
///
/// A replicated factor is the same on all ranks: each runs the same network on the same gradient,
/// summed over all of them. A spread one is image-like: the network is cut into slabs of the first
/// of its modes, one per rank, and the rows travel to the ranks whose blocks need them (no message
/// where the blocks are the slabs). All functions are collective.
template <typename T>
class NetworkFactor {
  public:
    /// `shared_out` makes it a spread one. Throws UsageError where the network does not fit the
    /// modes.
    NetworkFactor(const UnevenPartition& partition, const FactorModes& modes, bool shared_out,
                  Index width, const GeneratorOptions& generator, const AdamOptions& adam,
                  std::uint64_t seed, const std::string& name);

    /// A free replicated factor that keeps these rows from now on.
    void fix_at(const Matrix& rows);

    /// Makes the rows anew; `step` chooses the jitter. Sets the gradient to 0.
    void forward(std::int64_t step);
    /// The rows that this rank holds: of its block where the factor is spread, else all.
    [[nodiscard]] const T* rows() const { return rows_.data(); }
    [[nodiscard]] Index size() const { return static_cast<Index>(gradient_.size()); }
    /// The rows of this rank's block in the modes from `first_mode` on (which are the factor's own,
    /// but for a symmetric model), out of an array such as `rows()`.
    [[nodiscard]] FactorPart<T> part(const T* rows, int first_mode, double* gradient) const;
    /// Null where the factor is fixed.
    [[nodiscard]] double* gradient() { return fixed_ ? nullptr : gradient_.data(); }
    /// Sends scale * gradient, summed over the ranks, back through the network.
    void backward(double scale);
    /// One step of Adam.
    void update(double step_size);

    /// Room for a copy of the parameters (not collective; throws MemoryError), the copy, and back.
    void allocate_kept(const std::string& label) { generator_->parameters().allocate_kept(label); }
    void keep() { generator_->parameters().keep(); }
    void restore() {
        generator_->parameters().restore();
        adam_.restart();
    }

    /// Where this rank's rows lie in the whole factor; an empty box on ranks whose rows another one
    /// has as well.
    [[nodiscard]] BlockPlace place() const;
    /// Parameters, moments and the number of steps.
    void serialise(Archive& archive);
    /// Rows in an array such as `rows()`.
    void serialise_rows(Archive& archive, const std::string& name, T* rows) const;
    [[nodiscard]] const ParameterStore<T>& parameters() const { return generator_->parameters(); }
    [[nodiscard]] std::string describe() const { return generator_->describe(); }

  private:
    [[nodiscard]] bool spread() const { return spread_; }
    [[nodiscard]] Box with_width(const Box& sites) const;

    UnevenPartition partition_;
    FactorModes modes_;
    bool spread_;
    Index width_;
    Box block_;      ///< of the modes, that this rank needs
    Box own_sites_;  ///< that its part of the network makes
    bool owner_;     ///< of the rows of its block
    Communicator sharers_;
    std::unique_ptr<FactorGenerator<T>> generator_;
    Adam<T> adam_;
    bool fixed_ = false;
    std::optional<BoxExchange> to_block_;  ///< none: the block is what the network makes
    std::optional<BoxExchange> to_network_;
    FactorMatrix<const T> rows_;
    FactorMatrix<T> received_;
    std::vector<double> gradient_;
};

}  // namespace tessera
