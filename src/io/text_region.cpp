#include "text_region.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "tessera/base/error.hpp"

namespace tessera {

namespace {

constexpr Index window_bytes = Index{64} << 10;
constexpr const char* blanks = " \t\r\n,;";

}  // namespace

void TextRegion::fill() {
    for (;;) {
        place_ = std::min(window_.find_first_not_of(blanks, place_), window_.size());
        if (next_ >= end_ || window_.find_first_of(blanks, place_) != std::string::npos ||
            static_cast<Index>(window_.size() - place_) > window_bytes) {
            return;
        }
        window_.erase(0, place_);
        place_ = 0;
        const Index count = std::min(window_bytes, end_ - next_);
        window_ += file_.text(next_, count);
        next_ += count;
    }
}

std::string_view TextRegion::token() {
    fill();
    const std::size_t end = std::min(window_.find_first_of(blanks, place_), window_.size());
    const std::string_view word = std::string_view(window_).substr(place_, end - place_);
    place_ = end;
    return word;
}

void TextRegion::read(Index offset, void* target, Index bytes) {
    auto* place = static_cast<std::byte*>(target);
    const Index last = (offset + bytes) / entry_bytes_;
    const Index first = offset / entry_bytes_;
    for (; entry_ < last; ++entry_) {
        const std::string_view word = token();
        if (word.empty()) {
            throw IoError(file_.path() + " is truncated: its text holds " + std::to_string(entry_) +
                          " numbers, fewer than its header asks for; copy it again");
        }
        if (entry_ < first) {
            continue;
        }
        with_type(type_, [&](auto value) {
            const auto [end, error] =
                std::from_chars(word.data(), word.data() + word.size(), value);
            if (error != std::errc() || end != word.data() + word.size()) {
                throw IoError(file_.path() + " is damaged: '" + std::string(word.substr(0, 40)) +
                              "' is no " + to_string(type_) + " number");
            }
            std::memcpy(place, &value, sizeof value);
        });
        place += entry_bytes_;
    }
}

}  // namespace tessera
