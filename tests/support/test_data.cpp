#include "test_data.hpp"

#include <mpi.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <system_error>

#include "all_ranks.hpp"

namespace tessera::test_support {

std::filesystem::path test_data(const std::filesystem::path& relative) {
    const char* root = std::getenv("TESSERA_DATA");
    return root == nullptr || *root == '\0' ? std::filesystem::path{}
                                            : std::filesystem::path(root) / relative;
}

bool has_test_data(const std::filesystem::path& relative) {
    const auto path = test_data(relative);
    std::error_code ignored;
    int there = !path.empty() && std::filesystem::exists(path, ignored) ? 1 : 0;
    MPI_Allreduce(MPI_IN_PLACE, &there, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return there == 1;
}

std::filesystem::path scratch_folder() {
    // Rank 0's process number tells apart runs of the same test at several rank counts.
    long process = getpid();
    MPI_Bcast(&process, 1, MPI_LONG, 0, MPI_COMM_WORLD);
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string name =
        info == nullptr ? "suite" : std::string(info->test_suite_name()) + "." + info->name();
    for (char& c : name) {
        c = c == '/' ? '_' : c;
    }
    const auto folder =
        std::filesystem::temp_directory_path() / ("tessera-test-" + std::to_string(process)) / name;
    if (own_rank() == 0) {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    return folder;
}

}  // namespace tessera::test_support
