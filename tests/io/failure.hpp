#pragma once

#include <functional>
#include <string>

#include "tessera/base/error.hpp"

namespace tessera::test_support {

/// Exit code and sentence of the Error that `work` ends with on this rank, "3 cube.h5: ...".
[[nodiscard]] inline std::string failure_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return std::to_string(static_cast<int>(error.code())) + " " + error.what();
    }
    return "no error";
}

}  // namespace tessera::test_support
