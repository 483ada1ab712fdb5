#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tessera/base/option_table.hpp"
#include "tessera/base/types.hpp"
#include "tessera/io/axes.hpp"
#include "tessera/problem/low_rank_scene.hpp"
#include "tessera/problem/scaling.hpp"
#include "tessera/problem/sparse_problem.hpp"

namespace tessera {

/// Where a tensor comes from and how it is to be understood: the part that [data] and [truth]
/// share.
struct SourceOptions {
    std::string path;                ///< file[:dataset]
    std::vector<std::string> axes;   ///< names of the file's own dimensions
    std::vector<Index> shape;        ///< folds the file's dimensions
    std::vector<std::string> order;  ///< wanted order of the axes
    FoldOrder fold_order = FoldOrder::natural;
    std::map<std::string, std::vector<Index>> region;  ///< axis -> [begin, end)
    std::map<std::string, Index> bin;                  ///< axis -> neighbours averaged

    void declare(OptionTable& table);
};

/// The deck's [data] table.
struct DataOptions {
    enum class Scene { none, hyperspectral, low_rank };
    enum class Missing { none, nan, zero };
    enum class Noise { unknown, gaussian, poisson };
    /// What a file that lists entries says of the others; stated: the file is such a list.
    enum class Listed { no, others_zero, others_missing };
    enum class Duplicates { sum, mean, refuse };

    SourceOptions source;
    Scene scene = Scene::none;
    std::vector<Index> scene_shape = {96, 96, 120};
    std::int64_t scene_endmembers = 6;
    Index scene_rank = 10;
    SceneFactors scene_factors = SceneFactors::gaussian;
    ScalingKind scale = ScalingKind::none;
    Missing missing = Missing::none;
    std::string mask;
    Noise noise = Noise::unknown;
    std::vector<double> noise_sigma;
    double noise_peak = 0.0;
    double noise_readout = 0.0;
    Listed listed = Listed::no;
    std::vector<Index> index_base;
    std::vector<Index> columns;
    Duplicates duplicates = Duplicates::sum;
    std::string test;
    double hold_out = 0.0;
    std::string covariance_over;  ///< axis of the samples; empty: the data are taken themselves

    [[nodiscard]] bool of_samples() const { return !covariance_over.empty(); }
    [[nodiscard]] bool sparse() const { return listed != Listed::no; }
    /// Of a list: what the entries are that it does not name.
    [[nodiscard]] Absent absent() const {
        return listed == Listed::others_zero ? Absent::zero : Absent::missing;
    }

    void declare(OptionTable& table);
};

/// The deck's [classify] table.
struct ClassifyOptions {
    std::string labels;  ///< file[:dataset]; empty: by samples_per_class
    Index samples_per_class = 0;
    double training_share = 0.25;
    Index splits = 10;
    double cost = 1.0;

    void declare(OptionTable& table);
};

/// The deck's [run] table.
struct RunOptions {
    enum class Precision { float32, float64 };

    std::uint64_t seed = 1;
    Precision precision = Precision::float64;
    std::optional<double> time_limit_seconds;
    double report_every_seconds = 10.0;
    std::int64_t quality_every_steps = 10;
    double checkpoint_every_seconds = 1200.0;
    std::int64_t checkpoint_every_steps = 0;
    std::string petsc_options;

    void declare(OptionTable& table);
};

/// The deck's [parallel] table.
struct ParallelOptions {
    std::vector<Index> grid;  ///< empty: chosen

    void declare(OptionTable& table);
};

/// The deck's [output] table.
struct OutputOptions {
    std::string folder = "runs";
    std::string name;  ///< empty: the deck's name and the time
    bool overwrite = false;
    std::vector<std::string> arrays = {"estimate", "input", "residual", "truth"};
    bool pictures = true;
    std::int64_t compression = 0;
    Index components = 10;
    double quality_range = 0.0;

    void declare(OptionTable& table);
};

}  // namespace tessera
