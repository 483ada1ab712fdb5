#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// WAV sound (RIFF): PCM of 8 (unsigned), 16, 24 or 32 bits and real numbers of 32 or 64; the shape
/// is samples x channels. Throws IoError for a malformed or truncated file and for a compressed
/// one.
[[nodiscard]] std::vector<DatasetInfo> list_wav(const std::string& path);
[[nodiscard]] std::unique_ptr<TensorReader> open_wav(const std::string& path);

/// How a WAV file begins.
[[nodiscard]] bool looks_like_wav(const std::string& first_bytes);

}  // namespace tessera
