#pragma once

#include <memory>

#include "tessera/method/method.hpp"

namespace tessera {

/// The catalogue's entry of method nuclear_norm.
[[nodiscard]] std::unique_ptr<MethodEntry> make_nuclear_norm_entry();

}  // namespace tessera
