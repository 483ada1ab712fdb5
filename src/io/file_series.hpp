#pragma once

#include <string>
#include <vector>

namespace tessera {

/// Whether a path stands for many files: a folder, or a pattern such as "slices/*.tif".
[[nodiscard]] bool is_file_series(const std::string& path);

/// The files of a folder (those whose names end in one of `suffixes`, in small or capital letters)
/// or of a pattern, in natural order: slice9 before slice10. Throws IoError when there are none,
/// when two have the same number, and, where the names differ in one number only, when one is
/// missing in between.
[[nodiscard]] std::vector<std::string> list_file_series(const std::string& path,
                                                        const std::vector<std::string>& suffixes);

}  // namespace tessera
