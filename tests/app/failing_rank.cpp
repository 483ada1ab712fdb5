// Fails in the way that its argument names, on all ranks or on the last one alone while the others
// wait in a collective for it. test_failing_rank.py looks at how the job ends.

#include <chrono>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

#include "tessera/app/leave_together.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/parallel/runtime.hpp"

namespace {

using tessera::Communicator;
using tessera::ExitCode;

[[noreturn]] void fail(const std::string& kind) {
    if (kind == "io") {
        throw tessera::IoError("cube.h5: the disk is full");
    }
    if (kind == "memory") {
        throw std::bad_alloc();
    }
    throw std::runtime_error("nobody expected this");
}

ExitCode work(const Communicator& world, const std::string& how, const std::string& kind) {
    const bool last = world.rank() == world.size() - 1;
    if (how == "together") {
        fail(kind);
    } else if (how == "one-after-another") {
        std::this_thread::sleep_for(std::chrono::milliseconds(300 * world.rank()));
        fail(kind);
    } else if (how == "agreed") {
        tessera::agree(world, [&] {
            if (last) {
                fail(kind);
            }
        });
    } else if (how == "alone") {
        if (last) {
            fail(kind);
        }
        world.barrier();
    } else if (how == "others-done" && last) {
        fail(kind);
    }
    return ExitCode::done;
}

}  // namespace

int main(int argc, char** argv) {
    const tessera::Runtime runtime(argc, argv);
    const Communicator& world = Communicator::world();
    return tessera::run_and_leave_together(world, [&] { return work(world, argv[1], argv[2]); });
}
