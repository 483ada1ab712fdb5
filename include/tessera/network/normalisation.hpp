#pragma once

#include <string>
#include <vector>

#include "tessera/network/map_reader.hpp"
#include "tessera/network/parameter_store.hpp"
#include "tessera/network/site_slab.hpp"

namespace tessera {

/// Normalisation of each channel over all sites of all ranks (batch normalisation, Ioffe and
/// Szegedy 2015, with a batch of one), followed by a leaky ReLU: y = act(gamma (u - mean) /
/// sqrt(variance + 1e-5) + beta). Statistics are summed in float64 (forward from sums of eight
/// sites in T), with one reduction over the ranks forward and one backward.
template <typename T>
class Normalisation {
  public:
    /// Adds gamma and beta to the store. A `slope` of 1 means no activation.
    Normalisation(const SiteSlab& slab, Index channels, T slope, ParameterStore<T>& parameters,
                  const std::string& name);
    /// gamma = 1, beta = 0; after the store's allocate().
    void initialise();

    /// Forward, step 1: forgets the sums. Step 2: adds `count` sites of channels() values. Step 3:
    /// reduces the sums; the map can then be read. Collective.
    void begin();
    void accumulate(const T* rows, Index count);
    void finish();

    /// The map with normalisation and activation, for the values `data` that were accumulated.
    [[nodiscard]] MapReader<T> reader(const T* data) const;

    /// Turns d(loss)/dy of the own sites into d(loss)/du, in place, and adds this rank's part of
    /// the gradient of gamma and beta to the store. `map` and `gradient` hold held sites x
    /// channels. Collective.
    void backward(const T* map, T* gradient);

  private:
    SiteSlab slab_;
    Index channels_;
    T slope_;
    ParameterStore<T>* parameters_;
    Index gamma_;
    Index beta_;
    std::vector<double> sums_;   // of all workers: values, then squares (products)
    std::vector<double> total_;  // over workers and ranks
    std::vector<T> scale_;
    std::vector<T> shift_;
    std::vector<T> mean_;
    std::vector<T> inverse_deviation_;
    std::vector<T> mean_gradient_;
    std::vector<T> mean_product_;
};

}  // namespace tessera
