#pragma once

#include "tessera/tensor/fused_contraction.hpp"

namespace tessera::detail {

/// A tile of the model (`rows` x `columns`, row-major, on its own) and where its entries lie in the
/// block: row i begins at offset + i * stride.
template <typename T>
struct TileEntries {
    Index rows;
    Index columns;
    Index stride;
    Index offset;
    T* model;
};

/// Replaces the model by the derivative of the training entries' cost by it (0 elsewhere), steps
/// the outlier term, and returns the sums.
template <typename T>
FitSums derive_tile(const TileEntries<T>& tile, const FitData<T>& data, const EntryLoss& loss,
                    const OutlierTerm<T>& outliers);

/// The same for entry `at` of the data alone.
template <typename T>
FitSums derive_entry(const FitData<T>& data, const EntryLoss& loss, const OutlierTerm<T>& outliers,
                     Index at, T& model);

}  // namespace tessera::detail
