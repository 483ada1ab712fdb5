#include "tessera/network/make_factor_generator.hpp"

#include <fmt/format.h>

#include "tessera/base/error.hpp"
#include "tessera/network/activated_factor.hpp"
#include "tessera/network/deep_decoder.hpp"
#include "tessera/network/free_factor.hpp"
#include "tessera/network/sine_network.hpp"
#include "tessera/network/skip_network.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

void check_slab(const Extents& sites, const Box& local, const std::string& name) {
    for (int mode = 1; mode < sites.order(); ++mode) {
        if (local.begin[mode] != 0 || local.end[mode] != sites[mode]) {
            throw UsageError(fmt::format(
                "{}: the sites of a factor can be split in their first mode only: set the entry of "
                "parallel.grid for its other modes to 1",
                name));
        }
    }
}

}  // namespace

template <typename T>
std::unique_ptr<FactorGenerator<T>> make_factor_generator(
    const GeneratorOptions& options, const Extents& sites, const Box& local, Index rank,
    const Communicator& communicator, std::uint64_t seed, const std::string& name) {
    check_slab(sites, local, name);
    const Range own{local.begin[0], local.end[0]};
    std::unique_ptr<FactorGenerator<T>> generator;
    switch (options.kind) {
        case GeneratorKind::skip_network:
            generator = std::make_unique<SkipNetwork<T>>(options, communicator, sites, own, rank,
                                                         seed, name);
            break;
        case GeneratorKind::deep_decoder:
            generator = std::make_unique<DeepDecoder<T>>(options, communicator, sites, own, rank,
                                                         seed, name);
            break;
        case GeneratorKind::sine_network:
            generator = std::make_unique<SineNetwork<T>>(options, communicator, sites, own, rank,
                                                         seed, name);
            break;
        case GeneratorKind::free_factor:
            agree(communicator, [&] {
                generator =
                    std::make_unique<FreeFactor<T>>(options, sites, local, rank, seed, name);
            });
            break;
    }
    if (options.activation != OutputActivation::none) {
        return std::make_unique<ActivatedFactor<T>>(std::move(generator), options.activation);
    }
    return generator;
}

template std::unique_ptr<FactorGenerator<float>> make_factor_generator<float>(
    const GeneratorOptions&, const Extents&, const Box&, Index, const Communicator&, std::uint64_t,
    const std::string&);
template std::unique_ptr<FactorGenerator<double>> make_factor_generator<double>(
    const GeneratorOptions&, const Extents&, const Box&, Index, const Communicator&, std::uint64_t,
    const std::string&);

}  // namespace tessera
