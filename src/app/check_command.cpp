#include <fmt/format.h>

#include "tessera/app/commands.hpp"
#include "tessera/app/problem_builder.hpp"
#include "tessera/app/study.hpp"
#include "tessera/base/memory.hpp"

namespace tessera {
namespace {

// What the largest rank will hold: rank 0's block is never smaller than another.
std::string describe_memory(const Study& study, const DataOutline& outline,
                            const ProcessGrid& grid) {
    const Extents block = Partition(outline.shape, grid).box(0).shape();
    const std::size_t scalar_bytes =
        study.run.precision == RunOptions::Precision::float32 ? sizeof(float) : sizeof(double);
    const double tensor_bytes =
        static_cast<double>(block.product()) * static_cast<double>(scalar_bytes);
    const bool has_truth = study.has_truth_file() || !study.corruptions.empty();
    const bool masked = study.masks_entries();
    const double problem_bytes = (has_truth ? 2.0 : 1.0) * tensor_bytes +
                                 (masked ? static_cast<double>(block.product()) : 0.0);
    std::string text =
        fmt::format("tensors on the largest rank: problem {}", format_bytes(problem_bytes));
    for (const PhaseMemory& phase :
         study.method().plan(outline.shape, block, outline.axes, scalar_bytes, masked)) {
        text += fmt::format(", {} {}", phase.phase, format_bytes(problem_bytes + phase.bytes));
    }
    return text + "\n";
}

}  // namespace

ExitCode check_command(const Communicator& communicator, const RunArguments& arguments) {
    Deck deck = Deck::from_text(read_text_everywhere(communicator, arguments.deck), arguments.deck);
    deck.set_all(arguments.assignments);
    Study study;
    study.bind(deck);
    const DataOutline outline = outline_data(communicator, study);
    const ProcessGrid grid = choose_grid(communicator, study, outline);
    std::string text = outline.understood + "\n";
    for (const std::string& note : study.resolved().notes()) {
        text += note + "\n";
    }
    text += fmt::format("method {}, process grid {}\n", study.resolved().choice("method"),
                        grid.dims().to_string());
    text += describe_memory(study, outline, grid);
    text += arguments.deck + ": no fault found\n";
    print(communicator, text);
    return ExitCode::done;
}

}  // namespace tessera
