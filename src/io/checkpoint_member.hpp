#pragma once

#include <cstdint>
#include <string>

#include "hdf5_handle.hpp"
#include "tessera/base/extents.hpp"

namespace tessera {

/// What both sides of a checkpoint agree on; private to the layer.
///
///     /                   attributes format, format_version, step, ranks, program_version,
///                         git_commit
///     /deck               text
///     /state/GROUP/NAME   one dataset per member
///
/// Each dataset has the attributes `kind` and `checksum`.
inline constexpr const char* checkpoint_format = "tessera checkpoint";
inline constexpr Index checkpoint_format_version = 1;

/// Word that stands in the attribute `kind` of a member.
namespace member_kind {
inline constexpr const char* integer = "integer";
inline constexpr const char* real = "real";
inline constexpr const char* boolean = "boolean";
inline constexpr const char* text = "text";
inline constexpr const char* integers = "integers";
inline constexpr const char* reals = "reals";
template <typename T>
inline constexpr const char* block = nullptr;
template <>
inline constexpr const char* block<float> = "float32 block";
template <>
inline constexpr const char* block<double> = "float64 block";
}  // namespace member_kind

/// Sum over the entries of a box, modulo 2^64, of a hash of (position in the whole array, bits).
/// Sums of boxes that tile an array add up to the same number however it is cut. The mixing
/// function is the finaliser of SplitMix64 (Steele, Lea, Flood 2014): every input bit reaches every
/// output bit, so a changed, lost or exchanged entry shows.
template <typename T>
[[nodiscard]] std::uint64_t checksum(const Extents& shape, const Box& box, const T* values);

/// Name and storage of a member's dataset.
struct MemberInfo {
    std::string path;  ///< in the file
    std::string kind;
    Extents shape;
    std::uint64_t checksum = 0;
};

/// Looks at an open dataset of a checkpoint without trusting it. Throws IoError, beginning with
/// `where` (file and member), when it is none that a CheckpointWriter makes.
[[nodiscard]] MemberInfo inspect_member(hid_t dataset, const std::string& path,
                                        const std::string& where);

}  // namespace tessera
