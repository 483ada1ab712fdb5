#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tessera/app/memory_plan.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// The high-water mark of the largest rank at the end of each part of a run, beside what was
/// predicted.
class MemoryMarks {
  public:
    explicit MemoryMarks(const Communicator& communicator) : communicator_(communicator) {}

    /// Notes the mark at the end of a part. Collective.
    void set(const std::string& part);
    /// Not called for lists of entries, whose number is known only once they are read.
    void predict(const RunPlan& plan) { predicted_ = plan.peak(); }

    /// Bytes of the last mark.
    [[nodiscard]] double peak() const { return marks_.empty() ? 0.0 : marks_.back().second; }
    /// For the log: "120 MiB on the largest rank (118 MiB predicted)".
    [[nodiscard]] std::string describe() const;
    /// Adds its members to a summary.json.
    void add_to(nlohmann::json& summary) const;

  private:
    const Communicator& communicator_;
    std::vector<NamedValue> marks_;
    std::optional<PhaseMemory> predicted_;
};

}  // namespace tessera
