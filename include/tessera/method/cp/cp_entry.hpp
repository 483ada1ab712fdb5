#pragma once

#include <memory>

#include "tessera/method/method.hpp"

namespace tessera {

/// The catalogue's entry of method cp.
[[nodiscard]] std::unique_ptr<MethodEntry> make_cp_entry();

}  // namespace tessera
