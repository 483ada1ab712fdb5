#include "tessera/network/make_factor_generator.hpp"

#include <fmt/format.h>

#include "tessera/base/error.hpp"
#include "tessera/network/free_factor.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {

template <typename T>
std::unique_ptr<FactorGenerator<T>> make_factor_generator(
    const GeneratorOptions& options, const Extents& sites, const Box& local, Index rank,
    const Communicator& communicator, std::uint64_t seed, const std::string& name) {
    std::unique_ptr<FactorGenerator<T>> generator;
    agree(communicator, [&] {
        generator = std::make_unique<FreeFactor<T>>(options, sites, local, rank, seed, name);
    });
    return generator;
}

template std::unique_ptr<FactorGenerator<float>> make_factor_generator<float>(
    const GeneratorOptions&, const Extents&, const Box&, Index, const Communicator&, std::uint64_t,
    const std::string&);
template std::unique_ptr<FactorGenerator<double>> make_factor_generator<double>(
    const GeneratorOptions&, const Extents&, const Box&, Index, const Communicator&, std::uint64_t,
    const std::string&);

}  // namespace tessera
