#pragma once

#include <string>

namespace tessera {

/// Makes sure that the disk has room for the first `bytes` of the partial file of `path`, without
/// making the file longer; `what` is named when there is none. Where the file system cannot
/// reserve, only its free space is looked at; `more_bytes` of them are not reserved yet. For one
/// rank. Throws IoError.
void reserve_blocks(const std::string& path, double bytes, double more_bytes,
                    const std::string& what);

/// Frees what was reserved beyond the end of a file. For one rank.
void give_back_blocks(const std::string& file) noexcept;

}  // namespace tessera
