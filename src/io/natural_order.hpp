#pragma once

#include <string>

namespace tessera {

/// Whether one name comes before another as a person counts: "s2/10.pgm" after "s2/9.pgm" and
/// before "s10/1.pgm".
[[nodiscard]] bool natural_less(const std::string& a, const std::string& b);

}  // namespace tessera
