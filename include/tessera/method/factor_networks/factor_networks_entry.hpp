#pragma once

#include <memory>

#include "tessera/method/method.hpp"

namespace tessera {

/// The catalogue's entry of method factor_networks.
[[nodiscard]] std::unique_ptr<MethodEntry> make_factor_networks_entry();

}  // namespace tessera
