#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tessera/app/deck_options.hpp"
#include "tessera/app/progress.hpp"
#include "tessera/app/stop_request.hpp"
#include "tessera/io/checkpoint_files.hpp"
#include "tessera/io/json_lines.hpp"
#include "tessera/method/method.hpp"

namespace tessera {

/// The best of the estimates that were judged by the truth on the way: what stopping at the right
/// moment could have given. Nobody without the truth can know it.
struct Oracle {
    double psnr = 0.0;            ///< dB
    std::string figure = "psnr";  ///< which one: of all entries, or "missing_psnr"
    Index step = -1;              ///< -1: none was judged
};

/// How the loop ended.
struct RunEnd {
    bool stopped_early = false;  ///< a checkpoint was written; the run can be resumed
    std::string reason;          ///< of an early stop
    double seconds = 0.0;        ///< in steps, of this start of the program
    Oracle oracle;
};

/// Where the Runner writes, and what identifies the run.
struct RunnerFiles {
    std::string folder;
    std::string resolved_deck;  ///< kept in each checkpoint, compared on resume
};

/// Owns the loop of any method: progress, metrics, checkpoints, signals, limits. A method
/// implements none of it.
template <typename T>
class Runner {
  public:
    /// Quality figures of an estimate, where the truth is known (collective).
    using Judge = std::function<std::vector<NamedValue>(const DenseTensor<T>&)>;

    /// `start_seconds`: of the program on the monotonic clock, for the time limit.
    Runner(Communicator communicator, Method<T>& method, const RunOptions& options,
           RunnerFiles files, double start_seconds);

    /// `oracle_figure` is the one of its figures that tells the best of the estimates.
    void set_judge(Judge judge, std::string oracle_figure) {
        judge_ = std::move(judge);
        oracle_.figure = std::move(oracle_figure);
    }

    /// Loads the method's state from the newest valid checkpoint; returns false when the run has
    /// none yet. `check` may refuse its header. Collective.
    bool restore(const std::function<void(const CheckpointHeader&)>& check);

    /// Steps until the method has finished or something asks to stop. Collective.
    RunEnd run();

    /// The method's estimate after `run`; not computed again where the last step was judged.
    [[nodiscard]] DenseTensor<T> take_estimate();

  private:
    [[nodiscard]] bool has_checkpoint() const;
    void save_checkpoint();
    [[nodiscard]] bool checkpoint_due() const;
    void after_step(double step_seconds);
    void remember_best(const std::vector<NamedValue>& quality);
    /// The method's state and what the Runner itself remembers.
    void serialise(Archive& archive);
    void tell_remarks();
    [[nodiscard]] double reserve_seconds() const;

    Communicator communicator_;
    Method<T>& method_;
    RunOptions options_;
    RunnerFiles files_;
    double start_seconds_;
    Judge judge_;
    std::optional<DenseTensor<T>> judged_estimate_;  ///< of the last step, when that was judged
    CheckpointFiles checkpoints_;
    std::optional<JsonLines> metrics_;
    ProgressLine progress_;
    Index restored_step_ = -1;
    Index last_saved_step_ = -1;
    double last_saved_seconds_;
    Oracle oracle_;
    double slowest_step_seconds_ = 0.0;
    double checkpoint_seconds_ = 0.0;
    double step_seconds_sum_ = 0.0;
    Index steps_here_ = 0;
};

}  // namespace tessera
