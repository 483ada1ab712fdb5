#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tessera/base/types.hpp"

/// Small things that the text headers of several formats need.
namespace tessera {

[[nodiscard]] std::string lower_case(std::string_view text);
/// Without blanks and line ends on both sides.
[[nodiscard]] std::string trimmed(std::string_view text);
/// The words between blanks.
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);

/// A whole number or a real one that is all of the text; false otherwise. Whole numbers are limited
/// to what products with a few bytes cannot overflow.
[[nodiscard]] bool parse_number(std::string_view text, Index& value);
[[nodiscard]] bool parse_number(std::string_view text, double& value);

/// `name` beside the file `path`, unless it is absolute.
[[nodiscard]] std::string beside(const std::string& path, const std::string& name);

}  // namespace tessera
