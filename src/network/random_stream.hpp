#pragma once

#include <cstdint>
#include <string>

#include "tessera/base/random.hpp"

namespace tessera {

/// The random numbers of one named set of parameters: the stream is the FNV-1a hash of the name.
inline Random random_stream(std::uint64_t seed, const std::string& name) {
    std::uint32_t hash = 2166136261U;
    for (const char letter : name) {
        hash = (hash ^ static_cast<unsigned char>(letter)) * 16777619U;
    }
    return {seed, hash};
}

}  // namespace tessera
