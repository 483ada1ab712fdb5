#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/base/archive.hpp"
#include "tessera/network/generator_options.hpp"
#include "tessera/network/map_reader.hpp"
#include "tessera/network/parameter_store.hpp"
#include "tessera/network/site_slab.hpp"

namespace tessera {

/// The input map of a network: uniform noise or Fourier features at each site, fixed or learned as
/// spread parameters, with fresh normal jitter at every step where that is wanted.
template <typename T>
class NetworkInput {
  public:
    /// Adds the map to the store if it is learned; after all shared parameters.
    NetworkInput(const GeneratorOptions& options, const SiteSlab& slab, Index channels,
                 ParameterStore<T>& parameters);
    /// First values, keyed by (seed, prefix, global index); after the store's allocate().
    void initialise(std::uint64_t seed, const std::string& prefix);

    [[nodiscard]] Index channels() const { return channels_; }
    [[nodiscard]] bool is_learned() const { return options_.learn_input; }
    /// The map of that step, with its halo. Collective.
    MapReader<T> read(std::int64_t step);
    /// Adds the own sites of d(loss)/d(map), held sites x channels, to the store's gradient.
    void add_gradient(const T* gradient);

  private:
    void fill_uniform(std::uint64_t seed, const std::string& prefix, T* values) const;
    void fill_fourier(std::uint64_t seed, const std::string& prefix, T* values) const;
    void add_jitter(std::int64_t step, T* own) const;
    [[nodiscard]] T* values() const;

    GeneratorOptions options_;
    SiteSlab slab_;
    Index channels_;
    BlockPlace place_;
    ParameterStore<T>* parameters_;
    Index offset_ = 0;
    HostView<T> fixed_;
    HostView<T> map_;
    std::uint64_t seed_ = 0;
    std::string prefix_;
};

}  // namespace tessera
