#include "tessera/app/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "tessera/base/error.hpp"
#include "tessera/base/log.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/base/profile.hpp"

namespace tessera {

template <typename T>
Runner<T>::Runner(Communicator communicator, Method<T>& method, const RunOptions& options,
                  RunnerFiles files, double start_seconds)
    : communicator_(std::move(communicator)),
      method_(method),
      options_(options),
      files_(std::move(files)),
      start_seconds_(start_seconds),
      checkpoints_(communicator_, files_.folder + "/checkpoint"),
      progress_(options_.report_every_seconds),
      last_saved_seconds_(monotonic_seconds()) {}

template <typename T>
bool Runner<T>::restore(const std::function<void(const CheckpointHeader&)>& check) {
    if (!has_checkpoint()) {
        log::info("no checkpoint was written before the run ended: it starts from the beginning");
        return false;
    }
    const FoundCheckpoint found = checkpoints_.find_newest_valid();
    for (const std::string& remark : found.remarks) {
        log::warning(remark);
    }
    check(found.header);
    CheckpointReader archive(communicator_, found.path);
    serialise(archive);
    restored_step_ = found.header.step;
    last_saved_step_ = found.header.step;
    log::info(fmt::format("resumed after step {} from {} (written by {} ranks, now {})",
                          found.header.step, found.path, found.header.ranks, communicator_.size()));
    return true;
}

template <typename T>
bool Runner<T>::has_checkpoint() const {
    std::error_code ignored;
    const std::filesystem::path folder = std::filesystem::path(files_.folder) / "checkpoint";
    return communicator_.any(communicator_.rank() == 0 &&
                             (std::filesystem::exists(folder / "a.h5", ignored) ||
                              std::filesystem::exists(folder / "b.h5", ignored)));
}

template <typename T>
RunEnd Runner<T>::run() {
    metrics_.emplace(communicator_, files_.folder + "/metrics.jsonl",
                     restored_step_ >= 0 ? restored_step_ : -1);
    const StopRequest stop(communicator_, files_.folder, options_.time_limit_seconds,
                           start_seconds_);
    RunEnd end;
    const double begin = monotonic_seconds();
    tell_remarks();
    while (!method_.finished()) {
        if (const auto reason = stop.poll(reserve_seconds())) {
            end.stopped_early = true;
            end.reason = *reason;
            break;
        }
        const double before = monotonic_seconds();
        method_.step();
        after_step(communicator_.max(monotonic_seconds() - before));
    }
    progress_.clear();
    if (end.stopped_early) {
        save_checkpoint();
        stop.acknowledge();
    }
    end.seconds = monotonic_seconds() - begin;
    end.oracle = oracle_;
    return end;
}

template <typename T>
void Runner<T>::after_step(double step_seconds) {
    slowest_step_seconds_ = std::max(slowest_step_seconds_, step_seconds);
    step_seconds_sum_ += step_seconds;
    ++steps_here_;
    std::vector<NamedValue> values = method_.report();
    for (const auto& [name, value] : values) {
        if (!std::isfinite(value)) {
            throw ConvergenceError(
                fmt::format("step {}: {} is no number; the last good state is in {}/checkpoint",
                            method_.steps_done(), name, files_.folder));
        }
    }
    const Index step = method_.steps_done();
    const bool judged = judge_ && options_.quality_every_steps > 0 &&
                        (step % options_.quality_every_steps == 0 || method_.finished());
    if (judged) {
        const DenseTensor<T> estimate = method_.estimate();
        const std::vector<NamedValue> quality = judge_(estimate);
        values.insert(values.end(), quality.begin(), quality.end());
        remember_best(quality);
        if (method_.finished()) {
            judged_estimate_ = estimate;
        }
    }
    const double memory = communicator_.max(memory_use().resident_bytes);
    // Rank 0's clock decides for all.
    const bool show = communicator_.any(communicator_.rank() == 0 && progress_.due());
    if (show && communicator_.rank() == 0) {
        progress_.show({step, method_.steps_expected(), values,
                        step_seconds_sum_ / static_cast<double>(steps_here_), memory});
    }
    values.emplace_back("seconds_per_step", step_seconds);
    values.emplace_back("memory_bytes_per_rank", memory);
    metrics_->append({step, values});
    tell_remarks();
    if (!method_.finished() && checkpoint_due()) {
        save_checkpoint();
    }
}

template <typename T>
void Runner<T>::remember_best(const std::vector<NamedValue>& quality) {
    for (const auto& [name, value] : quality) {
        if (name == oracle_.figure && (oracle_.step < 0 || value > oracle_.psnr)) {
            oracle_.psnr = value;
            oracle_.step = method_.steps_done();
        }
    }
}

template <typename T>
void Runner<T>::serialise(Archive& archive) {
    {
        const ArchiveGroup group(archive, "method");
        method_.serialise(archive);
    }
    const ArchiveGroup group(archive, "oracle");
    archive.value("psnr", oracle_.psnr);
    archive.value("step", oracle_.step);
}

template <typename T>
DenseTensor<T> Runner<T>::take_estimate() {
    if (judged_estimate_) {
        DenseTensor<T> estimate = *judged_estimate_;
        judged_estimate_.reset();
        return estimate;
    }
    return method_.estimate();
}

template <typename T>
void Runner<T>::tell_remarks() {
    const std::vector<std::string> remarks = method_.take_remarks();
    if (!remarks.empty()) {
        progress_.clear();
    }
    for (const std::string& remark : remarks) {
        log::info(remark);
    }
}

template <typename T>
bool Runner<T>::checkpoint_due() const {
    const Index steps = method_.steps_done() - std::max<Index>(0, last_saved_step_);
    const bool by_steps =
        options_.checkpoint_every_steps > 0 && steps >= options_.checkpoint_every_steps;
    const bool by_time =
        monotonic_seconds() - last_saved_seconds_ >= options_.checkpoint_every_seconds;
    return communicator_.any(communicator_.rank() == 0 && (by_steps || by_time));
}

template <typename T>
void Runner<T>::save_checkpoint() {
    const Phase phase("checkpoint");
    const double before = monotonic_seconds();
    CheckpointHeader header;
    header.step = method_.steps_done();
    header.deck = files_.resolved_deck;
    checkpoints_.save(header, [this](Archive& archive) { serialise(archive); });
    last_saved_step_ = header.step;
    last_saved_seconds_ = monotonic_seconds();
    checkpoint_seconds_ =
        std::max(checkpoint_seconds_, communicator_.max(last_saved_seconds_ - before));
}

template <typename T>
double Runner<T>::reserve_seconds() const {
    // Twice a checkpoint and half as much again as the slowest step: file systems and steps vary.
    return 2.0 * checkpoint_seconds_ + 1.5 * slowest_step_seconds_;
}

template class Runner<float>;
template class Runner<double>;

}  // namespace tessera
