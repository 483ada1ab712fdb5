#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tessera/io/tensor_file.hpp"

namespace tessera {

/// Position of the array of that name, or of the one that is meant when the name is empty: the
/// format's principal array (the projections of a scan), or the only readable array with at least
/// two axes longer than 1, or else the only one with three. Throws
/// UsageError, which lists the readable arrays, when there is none or a choice, and when the array
/// cannot be read.
[[nodiscard]] std::size_t find_dataset(const std::vector<DatasetInfo>& infos,
                                       const std::string& path, const std::string& dataset);

}  // namespace tessera
