#pragma once

#include <string>
#include <vector>

#include "tessera/app/problem_builder.hpp"
#include "tessera/app/study.hpp"

namespace tessera {

/// How a run was made: program, libraries, machine, job, deck and input, as JSON text. The same on
/// every rank (collective).
[[nodiscard]] std::string make_manifest(const Communicator& communicator, const Study& study,
                                        const std::vector<std::string>& assignments,
                                        const std::string& source);

/// The manifest with what was done to the values, so that a result can be brought back to the
/// file's units: value = scaled * factor + offset, one pair or one per band.
[[nodiscard]] std::string manifest_with_scaling(const std::string& json_text,
                                                const Scaling& scaling);

/// The command line's assignments that a manifest records. Throws IoError.
[[nodiscard]] std::vector<std::string> assignments_of_manifest(const std::string& json_text,
                                                               const std::string& path);

/// A sentence for each way in which the input file differs from the one that the manifest records
/// (size, time of change).
[[nodiscard]] std::vector<std::string> input_changes(const std::string& json_text,
                                                     const std::string& source);

}  // namespace tessera
