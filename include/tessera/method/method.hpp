#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tessera/base/archive.hpp"
#include "tessera/base/option_table.hpp"
#include "tessera/problem/problem.hpp"
#include "tessera/problem/sparse_problem.hpp"
#include "tessera/tensor/sparse_products.hpp"

namespace tessera {

/// A named number that a method reports after a step.
using NamedValue = std::pair<std::string, double>;

/// A factor of an estimate: a row-major matrix (or tensor) of which every rank holds the block
/// `place.box`; replicated factors are held by rank 0 alone and empty elsewhere.
struct Factor {
    std::string name;
    BlockPlace place;
    std::vector<double> values;
};

/// A tensor of the estimate's shape and partition beside it: its uncertainty, say.
template <typename T>
struct EstimateMap {
    enum class Kind { standard_deviation, lower_quantile, upper_quantile };
    Kind kind;
    std::string name;  ///< of the array in result.h5
    DenseTensor<T> tensor;
};

/// One phase of a method and the bytes that its largest rank holds in it.
struct PhaseMemory {
    std::string phase;
    double bytes = 0.0;
};

/// What is known of the data before they are read.
struct ExpectedData {
    bool masked = false;          ///< some entries will be missing
    double observed_share = 1.0;  ///< of all entries; 1 where only the data will tell
    bool noise_known = false;     ///< the problem will have a noise model
    bool counts = false;          ///< it will be one of counts
};

/// What is known of a list of entries before it is read, of the rank that has most.
struct ExpectedList {
    Extents shape;
    Extents block;
    double entries = 0.0;
    Absent absent = Absent::zero;
    std::vector<std::string> axes = {};
};

/// What the busiest rank sends to others in one step.
struct StepTraffic {
    double messages = 0.0;
    double bytes = 0.0;
};

/// A recovery method as a state machine (DESIGN.md, chapter 1). It never reads a file, prints,
/// handles a signal or decides when to stop early: the Runner does, for every method alike.
/// All functions are collective.
template <typename T>
class Method {
  public:
    virtual ~Method() = default;
    Method(const Method&) = delete;
    Method& operator=(const Method&) = delete;

    /// Advances one iteration. Throws ConvergenceError when it cannot.
    virtual void step() = 0;
    /// True when there is nothing left to do; decided on values that all ranks share.
    [[nodiscard]] virtual bool finished() const = 0;
    /// False when the method ended without reaching what it was to reach (a tolerance, say): the
    /// result is written, and the program says so and ends with exit code 1.
    [[nodiscard]] virtual bool converged() const { return true; }
    /// Number of steps done.
    [[nodiscard]] virtual Index steps_done() const = 0;
    /// Steps expected in all, for the progress line; 0 when unknown.
    [[nodiscard]] virtual Index steps_expected() const = 0;

    /// What the last step did: "objective" and "change" first where they exist, then others.
    [[nodiscard]] virtual std::vector<NamedValue> report() const = 0;
    /// Sentences for the log about what was chosen (a rank, a route) since the last call.
    [[nodiscard]] virtual std::vector<std::string> take_remarks() = 0;

    /// Describes the whole state once, for saving and for loading.
    virtual void serialise(Archive& archive) = 0;

    /// The current answer, in the scale and partition of the observation. Not for methods of sparse
    /// problems: their answer is never formed as a whole.
    [[nodiscard]] virtual DenseTensor<T> estimate() const = 0;
    /// The current answer at the entries of `at`, which lie on the observation's partition; in
    /// their order, each rank its own.
    [[nodiscard]] virtual std::vector<double> predict(const SparseTensor<T>& at) const {
        return sample_entries(estimate(), at);
    }
    [[nodiscard]] virtual std::vector<Factor> factors() const = 0;
    /// What else is known of every entry of the estimate; nothing for most methods.
    [[nodiscard]] virtual std::vector<EstimateMap<T>> maps() const { return {}; }

  protected:
    Method() = default;
};

/// What the program knows of a method before it runs: its options and how to build it. One object
/// per method, listed in `method_catalogue()`: the registration line of a new method.
class MethodEntry {
  public:
    virtual ~MethodEntry() = default;
    MethodEntry(const MethodEntry&) = delete;
    MethodEntry& operator=(const MethodEntry&) = delete;

    [[nodiscard]] virtual std::string name() const = 0;
    [[nodiscard]] virtual std::string summary() const = 0;
    /// The keys of the deck's [method] table, bound to this object.
    virtual void declare(OptionTable& table) = 0;
    /// Checks the options against a shape; throws UsageError (a rank larger than its mode, say).
    virtual void check(const Extents& shape, const std::vector<std::string>& axes) const = 0;
    /// Whether the data must have no negative entries, which Gaussian noise would make.
    [[nodiscard]] virtual bool needs_nonnegative_data() const { return false; }
    /// Names of figures in `Method::report` beside "objective", "change" and "rank", for [expect].
    [[nodiscard]] virtual std::vector<std::string> figures() const { return {}; }
    /// Assignments to the deck ("method.steps=400") with which the method describes a small exact
    /// tensor within seconds, where the defaults are made for long runs: for the self-test.
    [[nodiscard]] virtual std::vector<std::string> quick_trial() const { return {}; }
    /// Which modes may be split over ranks without making this method communicate more.
    [[nodiscard]] virtual std::vector<bool> preferred_split(
        const Extents& shape, const std::vector<std::string>& axes) const = 0;
    /// Bytes beyond the Problem itself on a rank that owns `block`, by phase. The last phase is
    /// what is held while the estimate is judged and written: the estimate, the factors and
    /// whatever the method keeps beside them.
    [[nodiscard]] virtual std::vector<PhaseMemory> plan(const Extents& shape, const Extents& block,
                                                        const std::vector<std::string>& axes,
                                                        std::size_t scalar_bytes,
                                                        const ExpectedData& expected) const = 0;
    /// Messages and bytes per step on a process grid, where the method knows.
    [[nodiscard]] virtual std::optional<StepTraffic> traffic(
        const Extents& /*shape*/, const Extents& /*grid*/, const std::vector<std::string>& /*axes*/,
        std::size_t /*scalar_bytes*/, const ExpectedData& /*expected*/) const {
        return std::nullopt;
    }
    /// Bytes of one checkpoint, where the method knows.
    [[nodiscard]] virtual std::optional<double> checkpoint_bytes(
        const Extents& /*shape*/, const std::vector<std::string>& /*axes*/,
        std::size_t /*scalar_bytes*/, const ExpectedData& /*expected*/) const {
        return std::nullopt;
    }

    /// `seed` is the deck's run.seed. The Problem must outlive the method.
    [[nodiscard]] virtual std::unique_ptr<Method<float>> make(const Problem<float>& problem,
                                                              std::uint64_t seed) const = 0;
    [[nodiscard]] virtual std::unique_ptr<Method<double>> make(const Problem<double>& problem,
                                                               std::uint64_t seed) const = 0;

    /// Whether the method works on lists of entries, of which the others are zeros or missing.
    [[nodiscard]] virtual bool takes_sparse(Absent /*absent*/) const { return false; }
    /// As `plan`, for a list of entries: bytes beyond the list itself. Only called where
    /// `takes_sparse` says so.
    [[nodiscard]] virtual std::vector<PhaseMemory> plan_sparse(const ExpectedList& /*list*/,
                                                               std::size_t /*scalar_bytes*/) const {
        return {};
    }
    /// As `make`; only called where `takes_sparse` says so.
    [[nodiscard]] virtual std::unique_ptr<Method<float>> make_sparse(
        const SparseProblem<float>& /*problem*/, std::uint64_t /*seed*/) const {
        return nullptr;
    }
    [[nodiscard]] virtual std::unique_ptr<Method<double>> make_sparse(
        const SparseProblem<double>& /*problem*/, std::uint64_t /*seed*/) const {
        return nullptr;
    }

  protected:
    MethodEntry() = default;
};

/// All methods, with their default options (a fresh set of objects at every call).
[[nodiscard]] std::vector<std::unique_ptr<MethodEntry>> method_catalogue();

}  // namespace tessera
