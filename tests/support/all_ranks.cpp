#include "all_ranks.hpp"

#include <mpi.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include "rank_reports.hpp"

namespace tessera::test_support {
namespace {

template <std::size_t N>
std::vector<std::array<double, N>> from_all_ranks(std::array<double, N> own) {
    std::vector<std::array<double, N>> all(static_cast<std::size_t>(rank_count()));
    const int count = static_cast<int>(N);
    MPI_Allgather(own.data(), count, MPI_DOUBLE, all.data(), count, MPI_DOUBLE, MPI_COMM_WORLD);
    return all;
}

}  // namespace

int rank_count() {
    int size = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    return size;
}

int own_rank() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

::testing::AssertionResult on_all_ranks(const std::function<bool()>& condition, const char* text) {
    bool holds = false;
    std::string thrown;
    try {
        holds = condition();
    } catch (const std::exception& error) {
        thrown = error.what();
    } catch (...) {
        thrown = "an exception that is no std::exception";
    }
    std::vector<int> failing;
    const auto verdicts = from_all_ranks<1>({holds ? 1.0 : 0.0});
    for (std::size_t rank = 0; rank < verdicts.size(); ++rank) {
        if (verdicts[rank][0] == 0.0) {
            failing.push_back(static_cast<int>(rank));
        }
    }
    if (failing.empty()) {
        return ::testing::AssertionSuccess();
    }
    auto failure = ::testing::AssertionFailure()
                   << "`" << text << "` is false on " << rank_names(failing) << " of "
                   << verdicts.size();
    if (!thrown.empty()) {
        failure << "; thrown here: " << thrown;
    }
    return failure;
}

::testing::AssertionResult near_on_all_ranks(double a, double b, double tolerance,
                                             const char* a_text, const char* b_text) {
    std::vector<int> failing;
    std::ostringstream values;
    values.precision(17);
    const auto all = from_all_ranks<3>({a, b, tolerance});
    for (std::size_t rank = 0; rank < all.size(); ++rank) {
        const double difference = std::abs(all[rank][0] - all[rank][1]);
        // Written so that NaN fails.
        if (!(difference <= all[rank][2])) {
            failing.push_back(static_cast<int>(rank));
            values << "\n  rank " << rank << ": " << all[rank][0] << " and " << all[rank][1]
                   << ", apart by " << difference << ", allowed " << all[rank][2];
        }
    }
    if (failing.empty()) {
        return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure()
           << "`" << a_text << "` and `" << b_text << "` differ on " << rank_names(failing)
           << " of " << all.size() << ":" << values.str();
}

}  // namespace tessera::test_support
