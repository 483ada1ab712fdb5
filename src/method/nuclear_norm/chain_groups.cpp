#include "tessera/method/nuclear_norm/chain_groups.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tessera/base/error.hpp"

namespace tessera {

Index ChainGroups::group_size(Index ranks, Index units, const NuclearNormOptions& options) {
    if (options.sampler == NuclearNormOptions::Sampler::svd_gibbs) {
        if (options.ranks_per_matrix > 1) {
            throw UsageError(
                fmt::format("method.sampler = \"svd_gibbs\" has each matrix on one rank, but "
                            "method.ranks_per_matrix is {}: leave it out, or use another sampler",
                            options.ranks_per_matrix));
        }
        return 1;
    }
    if (options.ranks_per_matrix > 0) {
        if (ranks % options.ranks_per_matrix != 0) {
            throw UsageError(fmt::format(
                "method.ranks_per_matrix is {}, which does not divide the {} ranks of the job",
                options.ranks_per_matrix, ranks));
        }
        return options.ranks_per_matrix;
    }
    Index size = 1;
    while (ranks % size != 0 || ranks / size > units) {
        ++size;
    }
    return size;
}

ChainGroups::ChainGroups(const Communicator& communicator, const MatrixLayout& layout,
                         const NuclearNormOptions& options)
    : group_count_(static_cast<int>(
          communicator.size() /
          group_size(communicator.size(), layout.count() * options.chains, options))),
      own_number_(communicator.rank() / (communicator.size() / group_count_)),
      group_(communicator.split(own_number_, communicator.rank())),
      units_(layout.count() * options.chains),
      chains_(options.chains) {}

Range ChainGroups::units(int group) const { return block_range(units_, group_count_, group); }

Range ChainGroups::matrices(int group) const {
    const Range range = units(group);
    const Index begin = range.begin / chains_;
    return {begin, range.size() > 0 ? (range.end + chains_ - 1) / chains_ : begin};
}

Range ChainGroups::groups_of(Index matrix) const {
    Range result{group_count_, 0};
    for (int group = 0; group < group_count_; ++group) {
        const Range held = matrices(group);
        if (held.begin <= matrix && matrix < held.end) {
            result.begin = std::min<Index>(result.begin, group);
            result.end = group + 1;
        }
    }
    return result;
}

}  // namespace tessera
