#include <algorithm>

#include "tessera/app/commands.hpp"
#include "tessera/app/study.hpp"

namespace tessera {

ExitCode help_command(const Communicator& communicator, const std::string& topic) {
    const Study study;
    print(communicator, topic.empty() ? study.schema().overview() : study.schema().help(topic));
    return ExitCode::done;
}

ExitCode template_command(const Communicator& communicator, const TemplateArguments& arguments) {
    const Study study;
    DeckTemplateRequest request;
    request.choices["method"] = {arguments.method};
    request.title = "A deck for method " + arguments.method + ", task " + arguments.task +
                    ". It runs as it is, on a simulated scene: give data.path for your own.";
    request.values["data.scene"] = "\"hyperspectral\"";
    const auto& methods = study.methods();
    const bool counts = std::any_of(methods.begin(), methods.end(), [&](const auto& entry) {
        return entry->name() == arguments.method && entry->needs_nonnegative_data();
    });
    if (arguments.task == "denoise" && counts) {
        request.choices["corrupt"] = {"poisson"};
        request.values["corrupt.0.peak"] = "500.0";
    } else if (arguments.task == "denoise") {
        request.choices["corrupt"] = {"gaussian"};
        request.values["corrupt.0.sigma"] = "0.05";
    } else if (arguments.task == "complete") {
        request.choices["corrupt"] = {"missing"};
        request.values["corrupt.0.keep"] = "0.3";
    } else {
        throw UsageError("--task is \"" + arguments.task +
                         "\": expected \"denoise\" or \"complete\"");
    }
    print(communicator, study.schema().template_deck(request));
    return ExitCode::done;
}

}  // namespace tessera
