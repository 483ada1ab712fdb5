#pragma once

#include <memory>

#include "tessera/method/method.hpp"

namespace tessera {

/// The catalogue's entry of method svd.
[[nodiscard]] std::unique_ptr<MethodEntry> make_svd_entry();

}  // namespace tessera
