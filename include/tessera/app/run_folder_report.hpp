#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tessera/problem/problem.hpp"

namespace tessera {

/// What a run folder says of its run.
struct RunState {
    std::string folder;
    std::string state;  ///< "finished", "stopped", or "running" (or killed: it cannot tell)
    nlohmann::ordered_json summary = nlohmann::ordered_json::object();
    /// Final figures; of a run that has not finished those of its last step.
    nlohmann::ordered_json figures = nlohmann::ordered_json::object();
};

/// For one rank. Throws UsageError when it is no run folder, IoError.
[[nodiscard]] RunState read_run_folder(const std::string& folder);

/// Arrays of a result.h5, in the order of axes that runs work in.
struct ResultArrays {
    std::vector<std::string> axes;
    std::map<std::string, DenseTensor<double>> tensors;
    std::optional<Mask> mask;

    [[nodiscard]] const DenseTensor<double>& at(const std::string& name) const {
        return tensors.at(name);
    }
    [[nodiscard]] bool has(const std::string& name) const { return tensors.count(name) > 0; }
};

/// The arrays of these names that result.h5 has; nothing when there is no result or the first one
/// is not in it. "mask" is read as a mask. Collective; throws IoError.
[[nodiscard]] std::optional<ResultArrays> read_result(const Communicator& communicator,
                                                      const std::string& folder,
                                                      const std::vector<std::string>& names);

}  // namespace tessera
