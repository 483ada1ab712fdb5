#include "base64_region.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "tessera/base/error.hpp"

namespace tessera {

namespace {

constexpr Index most_groups = 16384;  ///< of four characters, decoded at once
constexpr std::uint8_t no_digit = 255;

constexpr std::array<std::uint8_t, 256> make_digits() {
    std::array<std::uint8_t, 256> digits = {};
    digits.fill(no_digit);
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        digits[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return digits;
}

constexpr std::array<std::uint8_t, 256> digits = make_digits();

/// The bytes of four characters, 1 to 3 of them; 0 where these are no base64.
Index decode(const char* group, std::array<std::uint8_t, 3>& bytes) {
    Index padding = 0;
    std::uint32_t bits = 0;
    for (int i = 0; i < 4; ++i) {
        const std::uint8_t digit = digits[static_cast<unsigned char>(group[i])];
        const bool pads = group[i] == '=' && i >= 2;
        if ((digit == no_digit && !pads) || (!pads && padding > 0)) {
            return 0;
        }
        padding += pads ? 1 : 0;
        bits = (bits << 6) | (pads ? 0u : digit);
    }
    for (std::size_t i = 0; i < 3; ++i) {
        bytes[i] = static_cast<std::uint8_t>(bits >> (16 - 8 * i));
    }
    return 3 - padding;
}

}  // namespace

void Base64Region::damaged(const std::string& what) const {
    throw IoError(file_.path() + " is damaged: its base64 data from byte " +
                  std::to_string(begin_) + " on " + what + "; copy it again");
}

void Base64Region::read(Index offset, void* target, Index bytes) {
    auto* place = static_cast<std::uint8_t*>(target);
    const Index end = offset + bytes;
    while (offset < end) {
        const Index group = offset / 3;
        const Index groups = std::min(most_groups, (end + 2) / 3 - group);
        const Index from = begin_ + 4 * group;
        if (from + 4 * groups > end_) {
            damaged("end early");
        }
        text_ = file_.text(from, 4 * groups);
        if (static_cast<Index>(text_.size()) != 4 * groups) {
            damaged("end early");
        }
        for (Index i = 0; i < groups; ++i) {
            std::array<std::uint8_t, 3> decoded = {};
            const Index count = decode(text_.data() + 4 * i, decoded);
            const Index first = offset - 3 * (group + i);
            const Index wanted = std::min<Index>(3, end - 3 * (group + i));
            if (count < wanted) {
                damaged(count == 0 ? "hold a character that is not of base64" : "end early");
            }
            place = std::copy(decoded.begin() + first, decoded.begin() + wanted, place);
            offset += wanted - first;
        }
    }
}

}  // namespace tessera
