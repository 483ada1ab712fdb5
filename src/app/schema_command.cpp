#include "tessera/app/commands.hpp"
#include "tessera/app/study.hpp"

namespace tessera {

ExitCode schema_command(const Communicator& communicator) {
    print(communicator, Study().schema().json_schema());
    return ExitCode::done;
}

}  // namespace tessera
