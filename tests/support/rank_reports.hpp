#pragma once

#include <gtest/gtest.h>
#include <mpi.h>

#include <string>
#include <vector>

namespace tessera::test_support {

/// "rank 2" or "ranks 0, 2, 3".
[[nodiscard]] std::string rank_names(const std::vector<int>& ranks);

/// Brings what failed or was skipped on other ranks to rank 0, where it becomes part of the same
/// test's result: printed with its place, counted and written to the report file there.
class RankReports : public ::testing::EmptyTestEventListener {
  public:
    /// Works on a duplicate of `world` (collective), so that messages which a broken test left
    /// behind are not taken for reports.
    explicit RankReports(MPI_Comm world);
    ~RankReports() override;
    RankReports(const RankReports&) = delete;
    RankReports& operator=(const RankReports&) = delete;

    void OnTestEnd(const ::testing::TestInfo& info) override;
    void OnTestSuiteEnd(const ::testing::TestSuite& suite) override;

    /// Worst exit code of all ranks (collective).
    [[nodiscard]] int agree(int exit_code) const;

  private:
    void exchange(const ::testing::TestResult& result, const std::string& name);
    void wait_for_others(const ::testing::TestResult& result, const std::string& name) const;

    MPI_Comm comm_ = MPI_COMM_NULL;
    int rank_ = 0;
    int size_ = 1;
};

}  // namespace tessera::test_support
