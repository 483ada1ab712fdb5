#include "tessera/app/leave_together.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <new>
#include <optional>
#include <string>
#include <thread>

#include "tessera/base/log.hpp"
#include "tessera/base/profile.hpp"

namespace tessera {
namespace {

struct Failure {
    ExitCode code;
    std::string message;
};

std::optional<Failure> attempt(const std::function<ExitCode()>& work, ExitCode& code) {
    try {
        code = work();
        return std::nullopt;
    } catch (const Error& error) {
        return Failure{error.code(), error.what()};
    } catch (const std::bad_alloc&) {
        return Failure{ExitCode::memory, "out of memory: use more ranks or nodes, or float32"};
    } catch (const std::exception& error) {
        return Failure{ExitCode::missed, std::string("unexpected failure: ") + error.what()};
    }
}

// What the ranks know of each other when they leave.
struct Departure {
    bool everyone_failed;
    int first_failed;  // the number of ranks when nobody failed
};

// Every rank says how it fared. A rank that has failed waits so long for the others, who may be
// inside a collective for ever; one that is done waits as long as it takes.
std::optional<Departure> depart(const Communicator& leaving, bool failed, double patience_seconds) {
    std::array<int, 2> least = {failed ? 1 : 0, failed ? leaving.rank() : leaving.size()};
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(
        MPI_Iallreduce(MPI_IN_PLACE, least.data(), 2, MPI_INT, MPI_MIN, leaving.handle(), &request),
        "MPI_Iallreduce");
    const double limit = monotonic_seconds() + patience_seconds;
    for (;;) {
        int arrived = 0;
        check_mpi(MPI_Test(&request, &arrived, MPI_STATUS_IGNORE), "MPI_Test");
        if (arrived != 0) {
            return Departure{least[0] != 0, least[1]};
        }
        if (failed && monotonic_seconds() > limit) {
            return std::nullopt;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

std::string with_place(const Communicator& communicator, const std::string& message) {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    return "rank " + std::to_string(communicator.rank()) + " on " + host.data() + ": " + message;
}

[[noreturn]] void end_job(const Communicator& communicator, const Failure& failure) {
    std::fprintf(stderr, "error: %s\n", with_place(communicator, failure.message).c_str());
    std::fflush(stderr);
    MPI_Abort(MPI_COMM_WORLD, static_cast<int>(failure.code));
    std::abort();
}

// Rank 0 tells what the first rank that failed has to say, also in the log file.
ExitCode report(const Communicator& leaving, const Departure& departure,
                const std::optional<Failure>& failure) {
    std::string message;
    auto code = static_cast<int>(ExitCode::done);
    if (leaving.rank() == departure.first_failed) {
        message =
            departure.everyone_failed ? failure->message : with_place(leaving, failure->message);
        code = static_cast<int>(failure->code);
    }
    leaving.broadcast(message, departure.first_failed);
    leaving.broadcast(&code, 1, departure.first_failed);
    log::error(message);
    log::detach_file();
    return static_cast<ExitCode>(code);
}

}  // namespace

int run_and_leave_together(const Communicator& communicator,
                           const std::function<ExitCode()>& work) {
    // A communicator of its own: the others may be inside a collective on any other one.
    const Communicator leaving = communicator.split(0, communicator.rank());
    ExitCode code = ExitCode::done;
    const std::optional<Failure> failure = attempt(work, code);
    constexpr double patience_seconds = 3.0;
    const std::optional<Departure> departure =
        depart(leaving, failure.has_value(), patience_seconds);
    if (!departure) {
        end_job(leaving, *failure);
    }
    if (departure->first_failed < leaving.size()) {
        code = report(leaving, *departure, failure);
    }
    return static_cast<int>(code);
}

}  // namespace tessera
