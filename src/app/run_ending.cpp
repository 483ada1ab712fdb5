#include "run_ending.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tessera/app/run_output.hpp"
#include "tessera/base/log.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/io/run_folder.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

nlohmann::json summary_json(const Session& session, const RunEnd& end, Index steps, bool converged,
                            const std::vector<NamedValue>& figures,
                            const std::vector<std::string>& missed, const MemoryMarks& memory) {
    nlohmann::json values = nlohmann::json::object();
    for (const auto& [name, value] : figures) {
        if (std::isfinite(value)) {
            values[name] = value;
        } else {
            values[name] = nullptr;
        }
    }
    nlohmann::json summary = {{"state", end.stopped_early ? "stopped" : "finished"},
                              {"reason", end.reason},
                              {"method", session.study.resolved().choice("method")},
                              {"steps", steps},
                              {"converged", converged},
                              {"seconds_in_steps", end.seconds},
                              {"seconds", monotonic_seconds() - session.start_seconds},
                              {"ranks", session.communicator.size()},
                              {"figures", values},
                              {"missed_expectations", missed}};
    memory.add_to(summary);
    return summary;
}

}  // namespace

ExitCode end_early(const Session& session, const RunEnd& end, Index steps, MemoryMarks& memory) {
    log::info(fmt::format("stopped after step {}: {}; go on with: tessera resume {}", steps,
                          end.reason, session.folder));
    memory.set("steps");
    agree_on_rank_0(session.communicator, [&] {
        write_text_atomically(
            session.folder + "/summary.json",
            summary_json(session, end, steps, false, {}, {}, memory).dump(2) + "\n");
    });
    return ExitCode::stopped;
}

Verdict verdict_of(const std::vector<QualityRow>& quality,
                   const std::vector<HeldOutRow>& held_out) {
    Verdict verdict{named_quality(quality), format_quality(quality)};
    verdict.add(named_held_out(held_out), format_held_out(held_out));
    return verdict;
}

void Verdict::add(const std::vector<NamedValue>& more_figures,
                  const std::vector<std::string>& lines) {
    figures.insert(figures.end(), more_figures.begin(), more_figures.end());
    table.insert(table.end(), lines.begin(), lines.end());
}

template <typename T>
ExitCode conclude(const Session& session, const Method<T>& method, const RunEnd& end,
                  const Verdict& verdict, const std::string& manifest, const MemoryMarks& memory) {
    const bool pictured = session.study.output.pictures && !session.study.data.sparse();
    std::vector<NamedValue> figures = verdict.figures;
    for (const NamedValue& value : method.report()) {
        figures.push_back(value);
    }
    figures.emplace_back("steps", static_cast<double>(method.steps_done()));
    // One step and nothing else to choose from: no oracle.
    const bool has_oracle = end.oracle.step >= 0 && method.steps_done() > 1;
    if (has_oracle) {
        figures.emplace_back("oracle_" + end.oracle.figure, end.oracle.psnr);
        figures.emplace_back("oracle_step", static_cast<double>(end.oracle.step));
    }
    const std::vector<std::string> missed =
        missed_expectations(session.study.resolved().expectations(), figures);
    const std::vector<std::string> profile = format_profile(session.communicator);
    agree_on_rank_0(session.communicator, [&] {
        std::string text;
        for (const std::string& line : profile) {
            text += line + "\n";
        }
        write_text_atomically(session.folder + "/manifest.json", manifest + "\n");
        write_text_atomically(session.folder + "/profile.txt", text);
        write_text_atomically(session.folder + "/summary.json",
                              summary_json(session, end, method.steps_done(), method.converged(),
                                           figures, missed, memory)
                                      .dump(2) +
                                  "\n");
        mark_complete(session.folder);
    });
    for (const std::string& line : profile) {
        log::info(line);
    }
    for (const std::string& line : verdict.table) {
        log::info(line);
    }
    if (has_oracle) {
        log::info(fmt::format(
            "oracle: {:.2f} dB{} after step {} is the best of the estimates that were judged on "
            "the "
            "way; only the truth tells which",
            end.oracle.psnr, end.oracle.figure == "psnr" ? "" : " of the missing entries",
            end.oracle.step));
    }
    log::info("peak memory " + memory.describe());
    log::info(fmt::format("result:  {}/result.h5", session.folder));
    if (pictured) {
        log::info(fmt::format("picture: {}/picture.png", session.folder));
    }
    for (const std::string& sentence : missed) {
        log::error(sentence);
    }
    if (!method.converged()) {
        log::error("method " + session.study.resolved().choice("method") +
                   " did not converge; the result is its last estimate");
    }
    return missed.empty() && method.converged() ? ExitCode::done : ExitCode::missed;
}

template ExitCode conclude<float>(const Session&, const Method<float>&, const RunEnd&,
                                  const Verdict&, const std::string&, const MemoryMarks&);
template ExitCode conclude<double>(const Session&, const Method<double>&, const RunEnd&,
                                   const Verdict&, const std::string&, const MemoryMarks&);

}  // namespace tessera
