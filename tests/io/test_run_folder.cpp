#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include "all_ranks.hpp"
#include "failure.hpp"
#include "small_disk.hpp"
#include "tessera/io/run_folder.hpp"
#include "test_data.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using test_support::failure_of;
using test_support::scratch_folder;

const Communicator& world() { return Communicator::world(); }

TEST(RunFolder, IsNewEveryTimeAndTheSameOnAllRanks) {
    unsetenv("SLURM_JOB_ID");
    const fs::path base = scratch_folder() / "runs" / "of today";
    std::set<std::string> names;
    // Several in the same second: the counter has to tell them apart.
    for (int run = 0; run < 3; ++run) {
        const std::string folder = make_run_folder(world(), base.string(), "pavia");
        std::string of_rank_0 = folder;
        world().broadcast(of_rank_0);
        ASSERT_ALL_RANKS(folder == of_rank_0);
        EXPECT_ALL_RANKS(is_incomplete(folder));
        EXPECT_ALL_RANKS(std::regex_match(fs::path(folder).filename().string(),
                                          std::regex(R"(pavia-\d{8}T\d{6}Z(-\d)?)")));
        names.insert(folder);
    }
    EXPECT_ALL_RANKS(names.size() == 3);
}

TEST(RunFolder, CarriesTheBatchJobInItsName) {
    const fs::path base = scratch_folder();
    setenv("SLURM_JOB_ID", "4711", 1);
    setenv("SLURM_ARRAY_TASK_ID", "3", 1);
    const std::string folder = make_run_folder(world(), base.string(), "sweep");
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_ARRAY_TASK_ID");
    EXPECT_ALL_RANKS(folder.ends_with("Z-4711_3"));
}

TEST(RunFolder, TellsAllRanksThatItCannotBeMade) {
    const fs::path base = scratch_folder() / "base";
    if (world().rank() == 0) {
        std::ofstream(base) << "a file in the way";
    }
    world().barrier();
    const std::string failure =
        failure_of([&] { (void)make_run_folder(world(), base.string(), "pavia"); });
    EXPECT_ALL_RANKS(failure.starts_with("3 " + base.string() + "/pavia-"));
    EXPECT_ALL_RANKS(failure.find("choose another place") != std::string::npos);
}

TEST(RunFolder, IsNotTakenFromSomebodyElse) {
    const std::string folder = (scratch_folder() / "mine").string();
    claim_run_folder(world(), folder, false);
    EXPECT_ALL_RANKS(is_incomplete(folder));
    world().barrier();
    if (world().rank() == 0) {
        mark_complete(folder);
        std::ofstream(fs::path(folder) / "result.h5") << "precious";
    }
    world().barrier();
    EXPECT_ALL_RANKS(!is_incomplete(folder));

    const std::string failure = failure_of([&] { claim_run_folder(world(), folder, false); });
    EXPECT_ALL_RANKS(failure == "2 " + folder +
                                    ": this folder already holds something: name another "
                                    "one, or allow overwriting");
    EXPECT_ALL_RANKS(!is_incomplete(folder));
    world().barrier();
    claim_run_folder(world(), folder, true);
    EXPECT_ALL_RANKS(is_incomplete(folder) && fs::exists(fs::path(folder) / "result.h5"));
}

}  // namespace
}  // namespace tessera
