#include "tessera/parallel/agree.hpp"

#include <memory>
#include <string>

#include "tessera/base/error.hpp"

namespace tessera {

void agree(const Communicator& communicator, const std::function<void()>& work) {
    std::unique_ptr<Error> failure;
    try {
        work();
    } catch (const Error& error) {
        failure = std::make_unique<Error>(error);
    } catch (const std::bad_alloc&) {
        failure = std::make_unique<MemoryError>("out of memory: use more ranks or nodes");
    }
    const int nobody = communicator.size();
    const int first = communicator.min(failure ? communicator.rank() : nobody);
    if (first == nobody) {
        return;
    }
    std::string message = failure ? failure->what() : "";
    int code = failure ? static_cast<int>(failure->code()) : 0;
    communicator.broadcast(message, first);
    communicator.broadcast(&code, 1, first);
    throw Error(static_cast<ExitCode>(code), message);
}

void agree_on_rank_0(const Communicator& communicator, const std::function<void()>& work) {
    agree(communicator, [&] {
        if (communicator.rank() == 0) {
            work();
        }
    });
}

}  // namespace tessera
