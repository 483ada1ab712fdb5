#pragma once

#include <memory>

#include "tessera/method/method.hpp"

namespace tessera {

/// The catalogue's entry of method tucker.
[[nodiscard]] std::unique_ptr<MethodEntry> make_tucker_entry();

}  // namespace tessera
