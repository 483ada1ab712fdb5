#pragma once

#include <memory>

#include "tessera/method/method.hpp"

namespace tessera {

/// The catalogue's entry of method nmf.
[[nodiscard]] std::unique_ptr<MethodEntry> make_nmf_entry();

}  // namespace tessera
