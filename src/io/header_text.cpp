#include "header_text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>

namespace tessera {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr Index most_number = Index{1} << 56;

template <typename T>
bool parse(std::string_view text, T& value) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string lower_case(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

std::string trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(blanks);
    return begin == std::string_view::npos
               ? std::string()
               : std::string(text.substr(begin, text.find_last_not_of(blanks) - begin + 1));
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for (std::size_t begin = text.find_first_not_of(blanks); begin < text.size();) {
        const std::size_t end = std::min(text.find_first_of(blanks, begin), text.size());
        words.emplace_back(text.substr(begin, end - begin));
        begin = text.find_first_not_of(blanks, end);
    }
    return words;
}

bool parse_number(std::string_view text, Index& value) {
    return parse(text, value) && value >= -most_number && value <= most_number;
}

bool parse_number(std::string_view text, double& value) { return parse(text, value); }

std::string beside(const std::string& path, const std::string& name) {
    return (std::filesystem::path(path).parent_path() / name).string();
}

}  // namespace tessera
