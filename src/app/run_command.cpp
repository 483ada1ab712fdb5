#include <fmt/format.h>

#include <Kokkos_Core.hpp>
#include <filesystem>

#include "run_ending.hpp"
#include "tessera/app/commands.hpp"
#include "tessera/app/held_out.hpp"
#include "tessera/app/interval_coverage.hpp"
#include "tessera/app/manifest.hpp"
#include "tessera/app/memory_marks.hpp"
#include "tessera/app/memory_plan.hpp"
#include "tessera/app/problem_builder.hpp"
#include "tessera/app/run_output.hpp"
#include "tessera/app/run_report.hpp"
#include "tessera/app/runner.hpp"
#include "tessera/app/sample_study.hpp"
#include "tessera/app/sparse_study.hpp"
#include "tessera/app/study.hpp"
#include "tessera/app/sweep.hpp"
#include "tessera/base/log.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/io/run_folder.hpp"
#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/linalg/slepc.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;

void log_surroundings(const Communicator& communicator) {
    log::info(fmt::format("{} ranks, {} threads each; {}", communicator.size(),
                          Kokkos::DefaultExecutionSpace().concurrency(), blas_description()));
}

void refuse_other_deck(const ResolvedDeck& deck, const CheckpointHeader& header,
                       const std::string& folder) {
    Study other;
    other.bind(Deck::from_text(header.deck, folder + "/checkpoint"));
    const std::vector<std::string> keys = differing_keys(other.resolved(), deck);
    if (keys.empty()) {
        return;
    }
    std::string list;
    for (const std::string& key : keys) {
        const auto before = other.resolved().value_text(key);
        const auto now = deck.value_text(key);
        list += fmt::format("{}{} (was {}, is {})", list.empty() ? "" : ", ", key,
                            before.value_or("not there"), now.value_or("not there"));
    }
    throw UsageError(fmt::format(
        "{}: its checkpoint belongs to another deck, which differs in {}: restore these values, or "
        "start a new run",
        folder, list));
}

template <typename T>
ExitCode finish(const Session& session, const StudyProblem<T>& problem, const Method<T>& method,
                const DenseTensor<T>& estimate, const RunEnd& end, MemoryMarks& memory) {
    memory.set("steps");
    const OutputOptions& output = session.study.output;
    std::vector<HeldOutRow> held_out;
    if (problem.held_out) {
        held_out =
            judge_held_out(observed_entries(problem.problem.observation, problem.problem.mask),
                           *problem.held_out, sample_entries(estimate, *problem.held_out));
    }
    Verdict verdict = verdict_of(judge_all(problem, estimate, output.quality_range), held_out);
    memory.set("quality");
    RunAnswer<T> answer{estimate, method.maps(), method.factors()};
    const IntervalCoverage coverage = judge_intervals(problem, answer);
    verdict.add(coverage.figures, coverage.table);
    if (problem.samples) {
        const SampleFindings found = analyse_samples(problem, estimate, session.study);
        answer.factors.insert(answer.factors.end(), found.factors.begin(), found.factors.end());
        verdict.add(found.figures, found.table);
        memory.set("components");
    }
    const std::string manifest = manifest_with_scaling(session.manifest, problem.scaling);
    write_result(session.folder + "/result.h5", problem, output, answer, manifest);
    memory.set("result");
    if (output.pictures) {
        write_pictures(session.folder, session.title, problem, answer, verdict.table);
    }
    memory.set("pictures");
    return conclude(session, method, end, verdict, manifest, memory);
}

template <typename T>
ExitCode finish(const Session& session, const SparseStudyProblem<T>& problem,
                const Method<T>& method, const RunEnd& end, MemoryMarks& memory) {
    memory.set("steps");
    std::vector<Factor> factors = method.factors();
    std::vector<HeldOutRow> held_out;
    if (problem.held_out) {
        const std::vector<double> predictions = method.predict(*problem.held_out);
        held_out = judge_held_out(problem.problem.observation, *problem.held_out, predictions);
        factors.push_back(prediction_table(*problem.held_out, predictions));
    }
    write_factors(session.communicator, session.folder + "/result.h5", problem.problem.axes,
                  factors, session.manifest);
    memory.set("result");
    return conclude(session, method, end, verdict_of({}, held_out), session.manifest, memory);
}

template <typename T>
void restore(Runner<T>& runner, const Session& session) {
    if (session.resumed) {
        runner.restore([&](const CheckpointHeader& header) {
            refuse_other_deck(session.study.resolved(), header, session.folder);
        });
    }
}

template <typename T>
ExitCode execute_sparse(const Session& session, MemoryMarks& memory) {
    const Study& study = session.study;
    const SparseStudyProblem<T> problem = build_sparse_problem<T>(session.communicator, study);
    memory.set("problem");
    for (const std::string& remark : problem.remarks) {
        log::info(remark);
    }
    const auto method = [&] {
        const Phase phase("prepare");
        return study.method().make_sparse(problem.problem, study.run.seed);
    }();
    memory.set("prepare");
    Runner<T> runner(session.communicator, *method, study.run,
                     {session.folder, study.resolved().to_toml()}, session.start_seconds);
    restore(runner, session);
    const RunEnd end = runner.run();
    return end.stopped_early ? end_early(session, end, method->steps_done(), memory)
                             : finish(session, problem, *method, end, memory);
}

template <typename T>
ExitCode execute(const Session& session) {
    const Study& study = session.study;
    log_surroundings(session.communicator);
    ensure_slepc(study.run.petsc_options);
    MemoryMarks memory(session.communicator);
    memory.set("start");
    if (study.data.sparse()) {
        const SparseOutline outline = outline_sparse_data(session.communicator, study);
        memory.predict(plan_run(study, outline, session.communicator.size(), memory.peak()));
        return execute_sparse<T>(session, memory);
    }
    const DataOutline outline = outline_data(session.communicator, study);
    memory.predict(plan_run(study, outline, session.communicator.size(), memory.peak()));
    const StudyProblem<T> problem = build_problem<T>(session.communicator, study);
    memory.set("problem");
    for (const std::string& remark : problem.remarks) {
        log::info(remark);
    }
    const auto method = [&] {
        const Phase phase("prepare");
        return study.method().make(problem.problem, study.run.seed);
    }();
    memory.set("prepare");
    Runner<T> runner(session.communicator, *method, study.run,
                     {session.folder, study.resolved().to_toml()}, session.start_seconds);
    if (problem.problem.truth) {
        runner.set_judge(
            [&](const DenseTensor<T>& estimate) {
                return judge_briefly(problem, estimate, study.output.quality_range);
            },
            problem.problem.mask ? "missing_psnr" : "psnr");
    }
    restore(runner, session);
    const RunEnd end = runner.run();
    return end.stopped_early
               ? end_early(session, end, method->steps_done(), memory)
               : finish(session, problem, *method, runner.take_estimate(), end, memory);
}

ExitCode execute_in_precision(const Session& session) {
    const ExitCode code = session.study.run.precision == RunOptions::Precision::float32
                              ? execute<float>(session)
                              : execute<double>(session);
    log::detach_file();
    return code;
}

// Checks everything that can be checked without the data; the path of their file.
std::string checked_source(const Communicator& communicator, const Study& study) {
    if (study.data.sparse()) {
        return outline_sparse_data(communicator, study).data.path;
    }
    const DataOutline outline = outline_data(communicator, study);
    static_cast<void>(choose_grid(communicator, study, outline));
    return outline.source;
}

std::string claim_folder(const Communicator& communicator, const Study& study,
                         const std::string& deck_name) {
    const OutputOptions& output = study.output;
    if (output.name.empty()) {
        return make_run_folder(communicator, output.folder, deck_name);
    }
    std::string folder = (fs::path(output.folder) / output.name).string();
    claim_run_folder(communicator, folder, output.overwrite);
    return folder;
}

// What a former run left in a folder that may be overwritten must not be taken for this run's.
void clear_former_run(const std::string& folder) {
    std::error_code ignored;
    for (const char* const name : {"result.h5", "summary.json", "metrics.jsonl", "profile.txt",
                                   "picture.png", "convergence.png", "log.txt", "stop_now"}) {
        fs::remove(fs::path(folder) / name, ignored);
    }
    fs::remove_all(fs::path(folder) / "checkpoint", ignored);
}

}  // namespace

ExitCode run_command(const Communicator& communicator, const RunArguments& arguments) {
    const double start_seconds = arguments.start_seconds.value_or(monotonic_seconds());
    const Deck deck = read_deck(communicator, arguments.deck, arguments.assignments);
    if (const std::optional<Sweep> sweep = read_sweep(deck)) {
        return run_sweep(communicator, arguments, deck, *sweep);
    }
    Study study;
    study.bind(deck);
    const std::string manifest = make_manifest(communicator, study, arguments.assignments,
                                               checked_source(communicator, study));

    const std::string stem = fs::path(arguments.deck).stem().string();
    const std::string folder = claim_folder(communicator, study, stem);
    agree_on_rank_0(communicator, [&] {
        clear_former_run(folder);
        write_text_atomically(folder + "/deck.toml", deck.text());
        write_text_atomically(folder + "/deck.resolved.toml", study.resolved().to_toml());
        write_text_atomically(folder + "/manifest.json", manifest + "\n");
        log::attach_file(folder + "/log.txt");
    });
    print(communicator, folder + "\n");
    for (const std::string& note : study.resolved().notes()) {
        log::info(note);
    }
    return execute_in_precision(
        {communicator, study, folder, stem, manifest, false, start_seconds});
}

ExitCode resume_command(const Communicator& communicator, const ResumeArguments& arguments) {
    const double start_seconds = arguments.start_seconds.value_or(monotonic_seconds());
    std::string folder = arguments.folder;
    while (folder.size() > 1 && folder.back() == '/') {
        folder.pop_back();
    }
    if (is_sweep_folder(communicator, folder)) {
        return resume_sweep(communicator, {folder, arguments.assignments, start_seconds});
    }
    const std::string manifest_path = folder + "/manifest.json";
    const std::string manifest = read_text_everywhere(communicator, manifest_path);
    Deck deck = read_deck(communicator, folder + "/deck.toml",
                          assignments_of_manifest(manifest, manifest_path));
    deck.set_all(arguments.assignments);
    Study study;
    study.bind(deck);
    bool incomplete = true;
    agree_on_rank_0(communicator, [&] { incomplete = is_incomplete(folder); });
    if (!communicator.any(communicator.rank() == 0 && incomplete)) {
        log::info(folder + ": this run has finished; there is nothing to go on with");
        return ExitCode::done;
    }
    agree_on_rank_0(communicator, [&] { log::attach_file(folder + "/log.txt"); });
    print(communicator, folder + "\n");
    const std::string source = checked_source(communicator, study);
    for (const std::string& change : input_changes(manifest, source)) {
        log::warning(change);
    }
    return execute_in_precision({communicator, study, folder, fs::path(folder).filename().string(),
                                 manifest, true, start_seconds});
}

}  // namespace tessera
