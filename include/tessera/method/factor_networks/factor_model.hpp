#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/method/factor_networks/model_spectrum.hpp"
#include "tessera/method/factor_networks/network_factor.hpp"
#include "tessera/method/factor_networks/singular_basis.hpp"
#include "tessera/method/method.hpp"
#include "tessera/tensor/listed_contraction.hpp"

namespace tessera {

/// The factors of a tensor, made by networks, with the vector of weights or the core between them.
/// All functions are collective but for `contraction`.
template <typename T>
class FactorModel {
  public:
    /// What the networks made at some step: the rows of each generator's factor that this rank
    /// holds, then the weights or the core.
    using Rows = std::vector<std::vector<T>>;

    /// `scale` is the size of the data: networks make numbers of the order of 1.
    FactorModel(const UnevenPartition& partition, const FactorLayout& layout,
                const FactorNetworksOptions& options, double scale, std::uint64_t seed);

    /// The layout's basis is these singular vectors, the weights are the sizes of components.
    void set_basis(const SingularBasis& basis);

    void forward(std::int64_t step);
    /// Sends scale * gradient back through the networks.
    void backward(double scale);
    /// One step of Adam with all parameters.
    void update(double step_size);

    /// Remembers all parameters; goes back to them, and forgets what Adam knows.
    void keep();
    void restore();

    /// Of the rows of the last forward; gradients are added up in this object.
    [[nodiscard]] FusedContraction<T> contraction() { return contract<FusedContraction<T>>(); }
    [[nodiscard]] ListedContraction<T> listed_contraction() {
        return contract<ListedContraction<T>>();
    }
    /// Of rows that were kept; without gradients.
    [[nodiscard]] FusedContraction<T> contraction(const Rows& rows) const {
        return contract<FusedContraction<T>>(rows);
    }
    [[nodiscard]] ListedContraction<T> listed_contraction(const Rows& rows) const {
        return contract<ListedContraction<T>>(rows);
    }
    /// The rows of the last forward.
    [[nodiscard]] Rows rows() const;
    /// kept = decay kept + (1 - decay) rows of the last forward; the rows alone where kept is
    /// empty.
    void average_into(Rows& kept, double decay) const;

    /// What the model of these rows is made of, and what it needs of that.
    [[nodiscard]] AnalysedModel analyse(const Rows& rows, double tolerance) const;
    /// Rows of the model of the needed components: those columns come first, the others are 0.
    void reduce(const AnalysedModel& analysed, Rows& rows) const;

    /// As named factors of the result, with the sizes of the components where they are known; of
    /// rows that were reduced only the columns that have stayed.
    [[nodiscard]] std::vector<Factor> factors(const Rows& rows,
                                              const std::optional<ModelSpectrum>& spectrum,
                                              bool reduced,
                                              const std::vector<std::string>& axes) const;
    void serialise(Archive& archive);
    void serialise_rows(Archive& archive, const std::string& name, Rows& rows) const;
    /// Whether the replicated networks are the same on all ranks, to the last bit.
    [[nodiscard]] bool in_step() const;
    /// One sentence per network.
    [[nodiscard]] std::vector<std::string> describe(const std::vector<std::string>& axes) const;

  private:
    using RowPointers = std::vector<const T*>;
    template <typename Contraction>
    [[nodiscard]] Contraction contract(const RowPointers& rows,
                                       const std::vector<double*>& gradients) const;
    template <typename Contraction>
    [[nodiscard]] Contraction contract();
    template <typename Contraction>
    [[nodiscard]] Contraction contract(const Rows& rows) const;
    [[nodiscard]] std::size_t generator_of(std::size_t factor) const {
        return layout_.form == FactorLayout::Form::symmetric ? 0 : factor;
    }
    void start_centre(std::uint64_t seed, bool sums_add_up);

    Communicator communicator_;
    FactorLayout layout_;
    bool mixable_;  ///< whether components may be mixed: ModelParts
    std::vector<NetworkFactor<T>> factors_;
    double scale_;
    ParameterStore<T> centre_;   ///< weights or core, in units of the scale
    std::vector<T> centre_row_;  ///< the same in units of the data
    Adam<T> centre_adam_;
    std::vector<double> centre_gradient_;
};

}  // namespace tessera
