#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/app/deck_options.hpp"
#include "tessera/io/tensor_reader.hpp"
#include "tessera/problem/problem.hpp"

namespace tessera {

// How the data of a deck, of its truth and of `tessera convert` become tensors and masks.

/// A file whose header has been read, and how it is to be understood.
struct OpenSource {
    std::unique_ptr<TensorReader> reader;
    ReadPlan plan;
};

/// Looks for the file where the program was started, then below TESSERA_DATA, so that decks name
/// the shared data without knowing where they lie.
[[nodiscard]] std::string find_data_file(const std::string& location);

/// Opens the file that `find_data_file` finds. Collective; throws UsageError or IoError on all
/// ranks alike, as do all below.
[[nodiscard]] OpenSource open_source(const Communicator& communicator, const SourceOptions& source);

/// The same for what must have the data's shape; `key` leads the message when it has not.
[[nodiscard]] OpenSource open_companion(const Communicator& communicator,
                                        const SourceOptions& source, const Extents& shape,
                                        const char* key);

/// The file of data.mask, folded, ordered and cut like the data.
[[nodiscard]] OpenSource open_mask(const Communicator& communicator, const DataOptions& data,
                                   const Extents& shape);

/// What is observed of `values` according to data.mask or data.missing; nothing when that is all.
/// Entries that are missing become 0. Collective.
template <typename T>
[[nodiscard]] std::optional<Mask> read_mask(const DataOptions& data, const DenseTensor<T>& values);

/// Throws the IoError of NaN and infinite values, with their number and the first position.
/// Collective.
template <typename T>
void refuse_non_finite(const DenseTensor<T>& tensor, const std::string& what,
                       const std::vector<std::string>& axes);

/// Makes 1 of every entry that is not 0: what all that works with masks relies on. Not collective.
void make_binary(const Mask& mask);

}  // namespace tessera
