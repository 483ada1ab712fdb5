#pragma once

#include <string>
#include <vector>

#include "tessera/base/archive.hpp"
#include "tessera/linalg/matrix.hpp"
#include "tessera/method/factor_networks/factor_layout.hpp"
#include "tessera/network/generator_options.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// Whether the components of a model may be mixed: there are two factors, of any sign, and at most
/// 2048 components (beyond, the small SVD would take minutes).
[[nodiscard]] bool components_mix(const FactorLayout& layout, OutputActivation activation);

/// A fitted model as it lies on the ranks.
template <typename T>
struct ModelParts {
    Communicator communicator;
    FactorLayout layout;
    /// Whether its components may be mixed.
    bool mixable = false;
    /// Of each generator's factor the rows that this rank has and no lower one.
    std::vector<SlabMatrix<const T>> own_rows;
    std::vector<double> centre;  ///< weights of the components, or the core, row-major
};

/// How large the components of a model are, largest first, and how many of them it needs: the
/// fewest without which no more than a given share of its norm is lost.
///
/// Of two factors that may be mixed these are the singular values of the model. Of CP, and of
/// nonnegative factors, the norms of the components as they are. Of a Tucker model the singular
/// values of its unfolding along each factor's modes, each with the share divided by the root of
/// the number of factors, so that the bound holds for the core without all that is not needed (De
/// Lathauwer, De Moor and Vandewalle 2000, property 10).
struct ModelSpectrum {
    std::vector<std::vector<double>> sizes;  ///< one list; for Tucker one per factor
    std::vector<Index> needed;               ///< of each list
    double lost = 0.0;                       ///< share of the norm without the others, at most

    /// Of several lists the largest number.
    [[nodiscard]] Index effective_rank() const;
    /// Columns of each of the factors after what is not needed has gone.
    [[nodiscard]] std::vector<Index> kept(std::size_t factors) const;
    /// "effective rank 7 of 20: ...".
    [[nodiscard]] std::string describe(bool pruned) const;
    void serialise(Archive& archive);
};

/// A spectrum, and how the model of the needed components follows from the whole one. What it does
/// not need is left away; one component stays where none is needed.
struct AnalysedModel {
    ModelSpectrum spectrum;
    std::vector<Matrix> mixing;  ///< of each generator: its rows times this are the new ones
    std::vector<Index> chosen;   ///< instead of these, where components are as they are
    std::vector<double> centre;  ///< as large as before, 0 where components have gone
};

/// What the norms of components have in common with singular values: nothing as large as the tensor
/// is formed, only matrices of width x width, and of blocks of these for CP. The same on all ranks
/// to the last bit. Singular vectors have norm 1; what they are multiplied by is in the centre.
/// Collective; throws ConvergenceError (NaN or Inf), MemoryError.
template <typename T>
[[nodiscard]] AnalysedModel analyse_model(const ModelParts<T>& model, double tolerance);

/// Writes the new rows over those of one generator's factor (`count` of them, as wide as before: 0
/// where components have gone). Not collective.
template <typename T>
void reduce_rows(const AnalysedModel& analysed, std::size_t generator, Index width, T* rows,
                 Index count);

/// Bytes that the analysis holds at most beside the model.
[[nodiscard]] double analysis_bytes(const FactorLayout& layout, bool mixable);

}  // namespace tessera
