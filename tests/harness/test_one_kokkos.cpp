// Debian's PETSc brings Kokkos 3.4 with it, with our Kokkos' symbol names over other layouts; the
// build keeps it out (cmake/tessera_old_kokkos.cmake). It must not come back unseen.

#include <gtest/gtest.h>
#include <link.h>
#include <slepcsys.h>

#include <string>
#include <vector>

namespace {

/// Paths of the shared libraries of this process whose name contains `part`.
std::vector<std::string> loaded_libraries(const std::string& part) {
    struct Search {
        std::string part;
        std::vector<std::string> found;
    } search{part, {}};
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* data) {
            auto& wanted = *static_cast<Search*>(data);
            const std::string path = info->dlpi_name;
            if (path.find(wanted.part) != std::string::npos) {
                wanted.found.push_back(path);
            }
            return 0;
        },
        &search);
    return search.found;
}

TEST(OneKokkos, PetscRunsWithoutTheOldOne) {
    ASSERT_EQ(SlepcInitializeNoArguments(), 0);
    EXPECT_FALSE(loaded_libraries("petsc").empty());
    for (const std::string& path : loaded_libraries("trilinos_kokkoscore")) {
        EXPECT_EQ(path.find("/usr/"), std::string::npos) << path << " is loaded";
    }
    ASSERT_EQ(SlepcFinalize(), 0);
}

}  // namespace
