#include <fmt/format.h>

#include "tessera/app/commands.hpp"
#include "tessera/app/problem_builder.hpp"
#include "tessera/app/study.hpp"

namespace tessera {

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
    text += arguments.deck + ": no fault found\n";
    print(communicator, text);
    return ExitCode::done;
}

}  // namespace tessera
