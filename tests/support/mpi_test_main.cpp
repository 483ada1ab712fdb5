// main() of every test program: one Runtime, results of all ranks told by rank 0.

#include <gtest/gtest.h>
#include <mpi.h>

#include <string>

#include "all_ranks.hpp"
#include "rank_reports.hpp"
#include "tessera/parallel/runtime.hpp"

namespace {

/// Suites named *OneRank hold what does not depend on MPI: on more ranks they would only repeat.
void leave_out_one_rank_suites() {
    std::string filter = GTEST_FLAG_GET(filter);
    filter += filter.find('-') == std::string::npos ? "-" : ":";
    GTEST_FLAG_SET(filter, filter + "*OneRank.*:*OneRank/*");
}

int run_tests() {
    auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
    if (tessera::test_support::own_rank() != 0) {
        delete listeners.Release(listeners.default_result_printer());
        delete listeners.Release(listeners.default_xml_generator());
    }
    if (tessera::test_support::rank_count() > 1) {
        leave_out_one_rank_suites();
    }
    // Last in the list, so that its OnTestEnd comes first and what it adds is still printed.
    auto* reports = new tessera::test_support::RankReports(MPI_COMM_WORLD);
    listeners.Append(reports);
    const int code = reports->agree(RUN_ALL_TESTS());
    delete listeners.Release(reports);
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    tessera::Runtime runtime(argc, argv);
    return run_tests();
}
