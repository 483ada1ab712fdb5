#include "tessera/method/factor_networks/network_memory.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tessera/network/skip_network.hpp"

namespace tessera {
namespace {

// Value, gradient and both moments.
constexpr double copies_of_parameters = 4.0;

Extents coarser(Extents sites) {
    for (int mode = 0; mode < sites.order(); ++mode) {
        sites[mode] = (sites[mode] + 1) / 2;
    }
    return sites;
}

double count(const Extents& sites) { return static_cast<double>(sites.product()); }

/// Numbers of the gradients of maps from a scale on (SkipNetwork's arena).
double skip_gradients(const std::vector<double>& sites, std::size_t scale, double joined,
                      double inputs, double channels) {
    const double deeper = scale + 2 < sites.size()
                              ? skip_gradients(sites, scale + 1, joined, channels, channels)
                              : 2.0 * sites[scale + 1] * channels;
    return sites[scale] * std::max(joined, inputs) + std::max(sites[scale] * channels, deeper);
}

double skip_numbers(const GeneratorOptions& options, const Extents& whole, const Extents& own,
                    double rank) {
    const Index scales = std::min(options.scales, SkipNetwork<float>::most_scales(whole));
    const auto channels = static_cast<double>(options.channels);
    const auto skip = static_cast<double>(options.skip_channels);
    const double joined = skip + channels;
    const double taps = std::pow(3.0, whole.order());
    const double inputs =
        options.input_channels > 0 ? static_cast<double>(options.input_channels) : rank;
    std::vector<double> sites = {count(own)};
    Extents extents = own;
    double maps = 0.0;
    double parameters = rank * (channels + 1.0);
    double before = inputs;
    for (Index scale = 0; scale < scales; ++scale) {
        extents = coarser(extents);
        const double fine = sites.back();
        sites.push_back(count(extents));
        maps += fine * (2.0 * skip + joined + 2.0 * channels) + sites.back() * 2.0 * channels;
        parameters += before * skip + taps * channels * (before + channels + joined) +
                      channels * channels + 3.0 * skip + 14.0 * channels + 2.0 * skip;
        before = channels;
    }
    const double learned = options.learn_input ? copies_of_parameters : 1.0;
    return maps + skip_gradients(sites, 0, joined, inputs, channels) +
           copies_of_parameters * parameters + sites[0] * (inputs * (1.0 + learned) + rank);
}

double decoder_numbers(const GeneratorOptions& options, const Extents& own, double rank) {
    const auto channels = static_cast<double>(options.channels);
    const double sites = count(own);
    const double halving = std::pow(0.5, own.order());
    double maps = 2.0;  // a map before it is doubled, and a gradient
    double share = 1.0;
    for (Index layer = 0; layer <= options.scales; ++layer) {
        maps += layer == 0 ? 1.0 : share;
        share *= layer == 0 ? 1.0 : halving;
    }
    const double parameters =
        channels * (static_cast<double>(options.scales + 1) * (channels + 2.0) + rank);
    return sites * (maps * channels + rank) + copies_of_parameters * parameters +
           5.0 * sites * share * channels;
}

double sine_numbers(const GeneratorOptions& options, const Extents& whole, const Extents& own,
                    double rank) {
    Index widest = options.channels;
    for (int mode = 0; mode < whole.order() && options.channels == 0; ++mode) {
        widest = std::max(widest, whole[mode]);
    }
    const auto channels = static_cast<double>(widest);
    const auto layers = static_cast<double>(options.hidden_layers);
    return count(own) * (2.0 * channels * (layers + 1.0) + rank) +
           copies_of_parameters * channels * (layers * channels + rank + 1.0);
}

}  // namespace

double network_bytes(const GeneratorOptions& options, const Extents& sites, const Extents& own,
                     Index rank, std::size_t scalar_bytes) {
    const auto columns = static_cast<double>(rank);
    double numbers = 0.0;
    switch (options.kind) {
        case GeneratorKind::skip_network:
            numbers = skip_numbers(options, sites, own, columns);
            break;
        case GeneratorKind::deep_decoder:
            numbers = decoder_numbers(options, own, columns);
            break;
        case GeneratorKind::sine_network:
            numbers = sine_numbers(options, sites, own, columns);
            break;
        case GeneratorKind::free_factor:
            numbers = copies_of_parameters * count(own) * columns;
            break;
    }
    if (options.activation != OutputActivation::none) {
        numbers += 2.0 * count(own) * columns;
    }
    return numbers * static_cast<double>(scalar_bytes);
}

}  // namespace tessera
