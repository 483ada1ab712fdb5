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

// True when every rank gets here within the time: a barrier that can be given up.
bool all_arrive(const Communicator& communicator, double seconds) {
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(MPI_Ibarrier(communicator.handle(), &request), "MPI_Ibarrier");
    const double limit = monotonic_seconds() + seconds;
    int arrived = 0;
    while (arrived == 0 && monotonic_seconds() < limit) {
        check_mpi(MPI_Test(&request, &arrived, MPI_STATUS_IGNORE), "MPI_Test");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return arrived != 0;
}

[[noreturn]] void end_job(const Communicator& communicator, const Failure& failure) {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    std::fprintf(stderr, "error: rank %d on %s: %s\n", communicator.rank(), host.data(),
                 failure.message.c_str());
    std::fflush(stderr);
    MPI_Abort(MPI_COMM_WORLD, static_cast<int>(failure.code));
    std::abort();
}

}  // namespace

int run_and_leave_together(const Communicator& communicator,
                           const std::function<ExitCode()>& work) {
    // A communicator of its own: the others may be inside a collective on any other one.
    const Communicator leaving = communicator.split(0, communicator.rank());
    ExitCode code = ExitCode::done;
    const std::optional<Failure> failure = attempt(work, code);
    if (!failure) {
        return static_cast<int>(code);
    }
    constexpr double patience_seconds = 3.0;
    if (!all_arrive(leaving, patience_seconds)) {
        end_job(leaving, *failure);
    }
    log::error(failure->message);
    log::detach_file();
    return static_cast<int>(failure->code);
}

}  // namespace tessera
