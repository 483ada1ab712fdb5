#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/app/deck_options.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/types.hpp"
#include "tessera/io/write_tensor.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

// The commands of the program, one function each. All are collective, return the exit code and
// throw Error for what a user can cause.

/// `tessera run DECK [key=value ...]`
struct RunArguments {
    std::string deck;
    std::vector<std::string> assignments;
    /// Of the monotonic clock, from which run.time_limit counts; left out: now.
    std::optional<double> start_seconds = {};
};
[[nodiscard]] ExitCode run_command(const Communicator& communicator, const RunArguments& arguments);

/// `tessera resume RUN [key=value ...]`
struct ResumeArguments {
    std::string folder;
    std::vector<std::string> assignments;
    std::optional<double> start_seconds = {};
};
[[nodiscard]] ExitCode resume_command(const Communicator& communicator,
                                      const ResumeArguments& arguments);

/// `tessera check DECK [key=value ...]`
[[nodiscard]] ExitCode check_command(const Communicator& communicator,
                                     const RunArguments& arguments);

/// `tessera plan DECK [--ranks 1,8,64] [--fit[=MEMORY]] [key=value ...]`
struct PlanArguments {
    std::string deck;
    std::vector<std::string> assignments;
    std::string ranks;               ///< numbers and commas; empty: those of the job
    std::optional<std::string> fit;  ///< memory per rank; empty: a core's share of this machine
    bool json = false;
};
[[nodiscard]] ExitCode plan_command(const Communicator& communicator,
                                    const PlanArguments& arguments);

/// `tessera info FILE`
[[nodiscard]] ExitCode info_command(const Communicator& communicator, const std::string& path);

/// `tessera evaluate TRUTH ESTIMATE`
struct EvaluateArguments {
    std::string truth;
    std::string estimate;
    std::string mask;  ///< empty: all entries count
    std::vector<std::string> axes;
    double range = 0.0;  ///< 0: the truth's
    bool per_band = false;
    bool json = false;
};
[[nodiscard]] ExitCode evaluate_command(const Communicator& communicator,
                                        const EvaluateArguments& arguments);

/// `tessera convert IN OUT`: what data.* is in decks, as text where the deck has a table.
struct ConvertArguments {
    std::string input;   ///< file[:dataset]
    std::string output;  ///< file; file[:dataset] for HDF5
    std::string axes;
    std::vector<Index> shape;
    FoldOrder fold_order = FoldOrder::natural;
    std::string order;
    std::string region;  ///< "rows 10:50, bands :100"
    std::string bin;     ///< "rows 2, cols 2"
    std::string mask;
    DataOptions::Missing missing = DataOptions::Missing::none;
    ScalingKind scale = ScalingKind::none;
    std::optional<Absent> absent;    ///< of a list of entries: what the others are
    std::optional<NumberType> type;  ///< none: the file's own where it can be written
    Interleave interleave = Interleave::bsq;
    bool overwrite = false;
};
[[nodiscard]] ExitCode convert_command(const Communicator& communicator,
                                       const ConvertArguments& arguments);

/// `tessera simulate DECK OUT [key=value ...]`
struct SimulateArguments {
    std::string deck;
    std::string output;  ///< cube.npy: cube.observation.npy, cube.mask.npy, cube.truth.npy
    std::vector<std::string> assignments;
    bool overwrite = false;
};
[[nodiscard]] ExitCode simulate_command(const Communicator& communicator,
                                        const SimulateArguments& arguments);

/// `tessera report RUN ...`
struct ReportArguments {
    std::vector<std::string> folders;
    bool json = false;
};
[[nodiscard]] ExitCode report_command(const Communicator& communicator,
                                      const ReportArguments& arguments);

/// `tessera selftest`
[[nodiscard]] ExitCode selftest_command(const Communicator& communicator);

/// `tessera help [TOPIC]`
[[nodiscard]] ExitCode help_command(const Communicator& communicator, const std::string& topic);

/// `tessera schema`
[[nodiscard]] ExitCode schema_command(const Communicator& communicator);

/// `tessera template METHOD [--task denoise|complete]`
struct TemplateArguments {
    std::string method;
    std::string task = "denoise";
};
[[nodiscard]] ExitCode template_command(const Communicator& communicator,
                                        const TemplateArguments& arguments);

/// Prints on rank 0's standard output.
void print(const Communicator& communicator, const std::string& text);

}  // namespace tessera
