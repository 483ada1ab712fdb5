#pragma once

#include <string>
#include <vector>

#include "tessera/app/commands.hpp"
#include "tessera/io/write_tensor.hpp"

namespace tessera {

/// The file that `convert` is to write, which does not exist unless it may be replaced. Collective;
/// throws UsageError.
[[nodiscard]] TensorOutput place_output(const Communicator& communicator,
                                        const ConvertArguments& arguments);

/// Refuses values that the type cannot hold (UsageError); otherwise says what is lost. Collective.
template <typename T>
[[nodiscard]] std::string check_type(const DenseTensor<T>& values, const TensorOutput& output);

/// How the modes lie in the file, where that is not their own order.
[[nodiscard]] std::string mapping(const TensorOutput& output, const std::vector<int>& stored);

/// `convert` of a list of entries. Collective; throws UsageError, IoError, MemoryError.
[[nodiscard]] ExitCode convert_list(const Communicator& communicator,
                                    const ConvertArguments& arguments);

}  // namespace tessera
