#pragma once

#include <gtest/gtest.h>

#include <filesystem>

namespace tessera::test_support {

/// A file below the folder that TESSERA_DATA names; an empty path when the variable is not set.
[[nodiscard]] std::filesystem::path test_data(const std::filesystem::path& relative);

/// True when all ranks see that file. Collective.
[[nodiscard]] bool has_test_data(const std::filesystem::path& relative);

/// A folder for the files of the running test, the same on all ranks, empty at first. Collective.
[[nodiscard]] std::filesystem::path scratch_folder();

}  // namespace tessera::test_support

/// Skips the test on all ranks where the file of real data is not there.
#define TESSERA_REQUIRE_DATA(path)                                                     \
    do {                                                                               \
        if (!::tessera::test_support::has_test_data(path)) {                           \
            GTEST_SKIP() << "needs " << (path) << " below the folder of TESSERA_DATA"; \
        }                                                                              \
    } while (false)
