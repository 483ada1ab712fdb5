#include "tessera/app/memory_marks.hpp"

#include <nlohmann/json.hpp>

#include "tessera/base/memory.hpp"

namespace tessera {

void MemoryMarks::set(const std::string& part) {
    marks_.emplace_back(part, communicator_.max(memory_use().peak_resident_bytes));
}

std::string MemoryMarks::describe() const {
    return format_bytes(peak()) + " on the largest rank" +
           (predicted_ ? " (" + format_bytes(predicted_->bytes) + " predicted)" : "");
}

void MemoryMarks::add_to(nlohmann::json& summary) const {
    summary["peak_memory_bytes_per_rank"] = peak();
    if (predicted_) {
        summary["predicted_peak_memory_bytes_per_rank"] = predicted_->bytes;
        summary["predicted_peak_phase"] = predicted_->phase;
    }
    nlohmann::json& after = summary["memory_high_water_bytes_after"] = nlohmann::json::object();
    for (const auto& [part, bytes] : marks_) {
        after[part] = bytes;
    }
}

}  // namespace tessera
