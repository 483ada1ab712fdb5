#include "tessera/network/generator_counts.hpp"

#include <algorithm>

#include "tessera/network/deep_decoder.hpp"
#include "tessera/network/site_slab.hpp"
#include "tessera/network/skip_network.hpp"
#include "tessera/parallel/partition.hpp"

namespace tessera {
namespace {

/// Grids of sites, finest first.
std::vector<Extents> grids_of(const GeneratorOptions& options, Extents sites) {
    std::vector<Extents> grids = {sites};
    Index halvings = 0;
    if (options.kind == GeneratorKind::skip_network) {
        halvings = std::min(options.scales, SkipNetwork<float>::most_scales(sites));
    } else if (options.kind == GeneratorKind::deep_decoder) {
        halvings = std::min(options.scales, DeepDecoder<float>::most_doublings(sites));
    }
    for (Index i = 0; i < halvings; ++i) {
        grids.push_back(halved(grids.back()));
    }
    return grids;
}

double input_channels(const GeneratorOptions& options, Index rank) {
    const bool decodes = options.kind == GeneratorKind::deep_decoder;
    const Index usual = decodes ? options.channels : rank;
    return static_cast<double>(options.input_channels > 0 ? options.input_channels : usual);
}

double skip_parameters(const GeneratorOptions& options, const Extents& sites, double scales,
                       double inputs, double rank) {
    const auto channels = static_cast<double>(options.channels);
    const auto skips = static_cast<double>(options.skip_channels);
    double taps = 1.0;
    for (int mode = 0; mode < sites.order(); ++mode) {
        taps *= 3.0;
    }
    const auto scale = [&](double from) {
        // Bias, gain and offset of every channel; the joined map has the latter two.
        return skips * (from + 3.0) + channels * (taps * from + 3.0) +
               channels * (taps * channels + 3.0) + 2.0 * (channels + skips) +
               channels * (taps * (channels + skips) + 3.0) + channels * (channels + 3.0);
    };
    return (channels + 1.0) * rank + scale(inputs) + (scales - 1.0) * scale(channels);
}

double sine_parameters(const GeneratorOptions& options, const Extents& sites, double rank) {
    const std::vector<Index> extents = sites.to_vector();
    const auto channels = static_cast<double>(
        options.channels > 0 ? options.channels
                             : *std::max_element(extents.begin(), extents.end()));
    const auto hidden = static_cast<double>(options.hidden_layers);
    return channels * (static_cast<double>(sites.order()) + 1.0 + rank) +
           (hidden - 1.0) * channels * (channels + 1.0) + rank;
}

/// Messages and rows of one exchange of halos, as SiteSlab does it.
struct HaloCount {
    double filled_messages = 0.0;
    double filled_rows = 0.0;
    double added_messages = 0.0;
    double added_rows = 0.0;
};

std::vector<HaloCount> halo_counts(const std::vector<Range>& own, Index rows) {
    std::vector<HaloCount> counts(own.size());
    const auto held = [&](const Range& range) {
        return Range{std::max<Index>(0, range.begin - 1), std::min(rows, range.end + 1)};
    };
    // Rows of `owner` in the halo of a rank with rows `range`.
    const auto wanted = [&](const Range& owner, const Range& range) {
        const Range wide = held(range);
        const Index below = std::min(owner.end, range.begin) - std::max(owner.begin, wide.begin);
        const Index above = std::min(owner.end, wide.end) - std::max(owner.begin, range.end);
        return std::max(below > 0 ? below : above, Index{0});
    };
    for (std::size_t low = 0; low < own.size(); ++low) {
        for (std::size_t high = low + 1; high < own.size(); ++high) {
            if (own[high].begin > own[low].end + 1) {
                break;
            }
            for (const auto& [from, to] : {std::pair{low, high}, std::pair{high, low}}) {
                if (const Index count = wanted(own[from], own[to]); count > 0) {
                    counts[from].filled_messages += 1.0;
                    counts[from].filled_rows += static_cast<double>(count);
                    counts[to].added_messages += 1.0;
                    counts[to].added_rows += static_cast<double>(count);
                }
            }
        }
    }
    return counts;
}

/// Channels of the maps at one scale whose halos are filled, and whose halos' gradients are added
/// up; a term per exchange.
struct Exchanges {
    std::vector<double> filled;
    std::vector<double> added;
};

std::vector<Exchanges> exchanges_of(const GeneratorOptions& options, std::size_t grids,
                                    double inputs) {
    const auto channels = static_cast<double>(options.channels);
    const double joined = channels + static_cast<double>(options.skip_channels);
    std::vector<Exchanges> exchanges(grids);
    if (options.kind == GeneratorKind::skip_network) {
        for (std::size_t scale = 0; scale + 1 < grids; ++scale) {
            const double from = scale == 0 ? inputs : channels;
            Exchanges& fine = exchanges[scale];
            Exchanges& coarse = exchanges[scale + 1];
            fine.filled.insert(fine.filled.end(), {from, joined});
            fine.added.push_back(joined);
            if (scale > 0 || options.learn_input) {
                fine.added.push_back(from);
            }
            coarse.filled.insert(coarse.filled.end(), {channels, channels});
            coarse.added.insert(coarse.added.end(), {channels, channels});
        }
    } else if (options.kind == GeneratorKind::deep_decoder) {
        exchanges.back().filled.push_back(inputs);
        for (std::size_t scale = 1; scale < grids; ++scale) {
            exchanges[scale].filled.push_back(channels);
            exchanges[scale].added.push_back(channels);
        }
    }
    return exchanges;
}

/// Reductions of two sums per channel by the normalisations, forward and backward.
std::pair<double, double> normalisation_sums(const GeneratorOptions& options, std::size_t grids) {
    const auto channels = static_cast<double>(options.channels);
    const auto skips = static_cast<double>(options.skip_channels);
    const auto levels = static_cast<double>(grids);
    double layers = 0.0;
    double normalised = 0.0;
    if (options.kind == GeneratorKind::skip_network) {
        layers = 6.0 * (levels - 1.0);
        normalised = (levels - 1.0) * (5.0 * channels + 2.0 * skips);
    } else if (options.kind == GeneratorKind::deep_decoder) {
        layers = levels;
        normalised = levels * channels;
    }
    return {2.0 * layers, 2.0 * 2.0 * sizeof(double) * normalised};
}

}  // namespace

GeneratorParameters generator_parameters(const GeneratorOptions& options, const Extents& sites,
                                         Index rank) {
    const auto columns = static_cast<double>(rank);
    const auto channels = static_cast<double>(options.channels);
    const std::vector<Extents> grids = grids_of(options, sites);
    const double inputs = input_channels(options, rank);
    const auto levels = static_cast<double>(grids.size());
    const auto finest = static_cast<double>(sites.product());
    switch (options.kind) {
        case GeneratorKind::skip_network:
            return {skip_parameters(options, sites, levels - 1.0, inputs, columns),
                    options.learn_input ? inputs * finest : 0.0};
        case GeneratorKind::deep_decoder:
            return {
                channels * (columns + inputs + 2.0) + (levels - 1.0) * channels * (channels + 2.0),
                options.learn_input ? inputs * static_cast<double>(grids.back().product()) : 0.0};
        case GeneratorKind::sine_network:
            return {sine_parameters(options, sites, columns), 0.0};
        case GeneratorKind::free_factor:
            break;
    }
    return {0.0, finest * columns};
}

std::vector<GeneratorTraffic> generator_traffic(const GeneratorOptions& options,
                                                const Extents& sites, Index ranks, Index rank,
                                                std::size_t entry_bytes) {
    std::vector<GeneratorTraffic> traffic(static_cast<std::size_t>(ranks));
    if (ranks == 1) {
        return traffic;
    }
    const auto scalar = static_cast<double>(entry_bytes);
    const std::vector<Extents> grids = grids_of(options, sites);
    const std::vector<Exchanges> exchanges =
        exchanges_of(options, grids.size(), input_channels(options, rank));
    std::vector<Range> own;
    for (Index part = 0; part < ranks; ++part) {
        own.push_back(block_range(sites[0], ranks, part));
    }
    for (std::size_t level = 0; level < grids.size(); ++level) {
        const std::vector<HaloCount> counts = halo_counts(own, grids[level][0]);
        const auto row = static_cast<double>(grids[level].product(1, sites.order())) * scalar;
        for (std::size_t r = 0; r < traffic.size(); ++r) {
            for (const double channels : exchanges[level].filled) {
                traffic[r].halo_messages += counts[r].filled_messages;
                traffic[r].halo_bytes += counts[r].filled_rows * row * channels;
            }
            for (const double channels : exchanges[level].added) {
                traffic[r].halo_messages += counts[r].added_messages;
                traffic[r].halo_bytes += counts[r].added_rows * row * channels;
            }
            own[r] = {(own[r].begin + 1) / 2, (own[r].end + 1) / 2};
        }
    }
    const double shared = generator_parameters(options, sites, rank).shared;
    const auto [calls, bytes] = normalisation_sums(options, grids.size());
    for (GeneratorTraffic& each : traffic) {
        each.reductions = calls + (options.kind == GeneratorKind::free_factor ? 0.0 : 1.0);
        each.reduced_bytes = bytes + shared * scalar;
    }
    return traffic;
}

}  // namespace tessera
