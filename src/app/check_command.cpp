#include <fmt/format.h>

#include "tessera/app/commands.hpp"
#include "tessera/app/memory_plan.hpp"
#include "tessera/app/problem_builder.hpp"
#include "tessera/app/sparse_study.hpp"
#include "tessera/app/study.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/linalg/slepc.hpp"

namespace tessera {
ExitCode check_command(const Communicator& communicator, const RunArguments& arguments) {
    Study study;
    study.bind(read_deck(communicator, arguments.deck, arguments.assignments));
    if (study.data.sparse()) {
        const SparseOutline outline = outline_sparse_data(communicator, study);
        print(communicator, fmt::format("{}\nmethod {}\n{}: no fault found\n", outline.understood,
                                        study.resolved().choice("method"), arguments.deck));
        return ExitCode::done;
    }
    const DataOutline outline = outline_data(communicator, study);
    const ProcessGrid grid = choose_grid(communicator, study, outline);
    std::string text = outline.understood + "\n";
    for (const std::string& note : study.resolved().notes()) {
        text += note + "\n";
    }
    text += fmt::format("method {}, process grid {}\n", study.resolved().choice("method"),
                        grid.dims().to_string());
    ensure_slepc();
    const RunPlan plan = plan_run(study, outline, communicator.size(),
                                  communicator.max(memory_use().peak_resident_bytes));
    text += fmt::format("peak memory on the largest rank {} (phase {}); see tessera plan\n",
                        format_bytes(plan.peak().bytes), plan.peak().phase);
    text += arguments.deck + ": no fault found\n";
    print(communicator, text);
    return ExitCode::done;
}

}  // namespace tessera
