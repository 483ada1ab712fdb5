#pragma once

#include <string>

#include "tessera/io/tensor_file.hpp"

/// What all formats do with a DatasetInfo that they fill in.
namespace tessera {

/// Fills in `storage_order` for `shape`.
void set_storage_order(DatasetInfo& info, bool column_major);

/// "uint16", ", big-endian" added where the entries have several bytes and that is so.
[[nodiscard]] std::string type_text(NumberType type, bool big_endian);

/// Fills in `obstacle` when the shape is none of a tensor: a scalar, more than 6 axes, no entries.
void note_obstacles_of_shape(DatasetInfo& info);

/// Throws UsageError with the obstacle when there is one.
void require_readable(const DatasetInfo& info);

}  // namespace tessera
