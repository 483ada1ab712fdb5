#include "tessera/network/generator_memory.hpp"

#include <algorithm>
#include <vector>

#include "tessera/network/deep_decoder.hpp"
#include "tessera/network/generator_counts.hpp"
#include "tessera/network/site_slab.hpp"
#include "tessera/network/skip_network.hpp"

namespace tessera {
namespace {

// One rank's share of a map at one scale.
struct Share {
    Extents sites;
    Index own_rows;

    [[nodiscard]] Index row() const { return sites.product(1, sites.order()); }
    [[nodiscard]] double own() const { return static_cast<double>(own_rows * row()); }
    [[nodiscard]] double held() const {
        return static_cast<double>(std::min(sites[0], own_rows + 2) * row());
    }
    [[nodiscard]] Share coarser() const { return {halved(sites), (own_rows + 1) / 2}; }
};

// Arrays of a parameter store: value, gradient, two moments, average.
double store_arrays(const GeneratorOptions& options) { return options.average ? 5.0 : 4.0; }

double shared_entries(const GeneratorOptions& options, const Extents& sites, double rank) {
    return store_arrays(options) *
           generator_parameters(options, sites, static_cast<Index>(rank)).shared;
}

// The input of a network: as parameters or fixed, and the map with its halo.
double input_entries(const GeneratorOptions& options, const Share& share, double channels) {
    return channels *
           (share.own() * (options.learn_input ? store_arrays(options) : 1.0) + share.held());
}

double skip_entries(const GeneratorOptions& options, const Extents& sites, Index own_rows,
                    double rank) {
    const Index scales = std::min(options.scales, SkipNetwork<float>::most_scales(sites));
    const auto channels = static_cast<double>(options.channels);
    const auto skips = static_cast<double>(options.skip_channels);
    const double joined = channels + skips;
    const double inputs =
        options.input_channels > 0 ? static_cast<double>(options.input_channels) : rank;
    std::vector<Share> shares = {{sites, own_rows}};
    double maps = 0.0;
    for (Index scale = 0; scale < scales; ++scale) {
        const Share fine = shares.back();
        shares.push_back(fine.coarser());
        maps += fine.held() * (2.0 * skips + joined + 2.0 * channels) +
                shares.back().held() * 2.0 * channels;
    }
    double arena = 2.0 * channels * shares.back().held();
    for (Index scale = scales; scale-- > 0;) {
        const double held = shares[static_cast<std::size_t>(scale)].held();
        const double first = held * std::max(joined, scale == 0 ? inputs : channels);
        arena = first + std::max(held * channels, arena);
    }
    // Winograd's transformed weights and their gradient, and two batches of 48 tiles.
    constexpr double products = 36.0;
    constexpr double tiles = 48.0;
    const bool is_image = sites.order() == 2;
    const double workspace =
        is_image ? products * (2.0 * channels * joined + tiles * (channels + joined)) : 0.0;
    return shared_entries(options, sites, rank) + input_entries(options, shares[0], inputs) + maps +
           arena + workspace + shares[0].own() * rank;
}

double decoder_entries(const GeneratorOptions& options, const Extents& sites, Index own_rows,
                       double rank) {
    const auto channels = static_cast<double>(options.channels);
    const double inputs =
        options.input_channels > 0 ? static_cast<double>(options.input_channels) : channels;
    Share share{sites, own_rows};
    const Share finest = share;
    double maps = finest.held() * (channels + 2.0 * std::max(channels, inputs));
    const Index doublings = std::min(options.scales, DeepDecoder<float>::most_doublings(sites));
    for (Index i = 0; i < doublings; ++i) {
        maps += share.held() * channels;
        share = share.coarser();
    }
    return shared_entries(options, sites, rank) + input_entries(options, share, inputs) + maps +
           finest.own() * rank;
}

double sine_entries(const GeneratorOptions& options, const Extents& sites, Index own_rows,
                    double rank) {
    const std::vector<Index> extents = sites.to_vector();
    const auto channels = static_cast<double>(
        options.channels > 0 ? options.channels
                             : *std::max_element(extents.begin(), extents.end()));
    const auto hidden = static_cast<double>(options.hidden_layers);
    const auto modes = static_cast<double>(sites.order());
    const double own = Share{sites, own_rows}.own();
    return shared_entries(options, sites, rank) +
           own * (2.0 * channels * (hidden + 1.0) + rank + modes);
}

}  // namespace

double generator_bytes(const GeneratorOptions& options, const Extents& sites, Index own_rows,
                       Index rank, std::size_t entry_bytes) {
    const auto columns = static_cast<double>(rank);
    const double rows = Share{sites, own_rows}.own() * columns;
    double entries = options.activation == OutputActivation::none ? 0.0 : 2.0 * rows;
    switch (options.kind) {
        case GeneratorKind::skip_network:
            entries += skip_entries(options, sites, own_rows, columns);
            break;
        case GeneratorKind::deep_decoder:
            entries += decoder_entries(options, sites, own_rows, columns);
            break;
        case GeneratorKind::sine_network:
            entries += sine_entries(options, sites, own_rows, columns);
            break;
        case GeneratorKind::free_factor:
            entries += store_arrays(options) * rows;
            break;
    }
    // Panels of the other convolutions.
    constexpr double panel_bytes = 2.0 * 512.0 * 1024.0;
    const bool has_layers = options.kind != GeneratorKind::free_factor;
    return entries * static_cast<double>(entry_bytes) + (has_layers ? panel_bytes : 0.0);
}

}  // namespace tessera
