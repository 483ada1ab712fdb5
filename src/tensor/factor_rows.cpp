#include "tessera/tensor/factor_rows.hpp"

namespace tessera {
namespace {

Communicator sharers_of(const ProcessGrid& grid, int mode) {
    std::vector<bool> others(static_cast<std::size_t>(grid.order()), true);
    others[static_cast<std::size_t>(mode)] = false;
    return grid.along(others);
}

}  // namespace

FactorRows::FactorRows(const UnevenPartition& partition, int mode, Index rank)
    : extent_(partition.shape()[mode]),
      rank_(rank),
      block_{partition.box().begin[mode], partition.box().end[mode]},
      sharers_(sharers_of(partition.grid(), mode)),
      rows_(even_parts(sharers_, block_.size())) {
    for (const Index row : rows_) {
        entries_.push_back(row * rank_);
    }
}

Range FactorRows::own() const {
    const auto part = static_cast<std::size_t>(sharers_.rank());
    return {block_.begin + rows_[part], block_.begin + rows_[part + 1]};
}

void FactorRows::reduce(const double* block_rows, double* own_rows) const {
    reduce_scatter_parts(sharers_, entries_, block_rows, own_rows);
}

void FactorRows::gather(const double* own_rows, double* block_rows) const {
    all_gather_parts(sharers_, entries_, own_rows, block_rows);
}

BlockPlace FactorRows::place() const {
    return {{extent_, rank_}, {{own().begin, 0}, {own().end, rank_}}};
}

}  // namespace tessera
