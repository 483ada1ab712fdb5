#include "tessera/base/memory.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>

#include "tessera/base/error.hpp"

namespace tessera {

MemoryUse memory_use() {
    MemoryUse use;
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        const bool peak = line.starts_with("VmHWM:");
        if (peak || line.starts_with("VmRSS:")) {
            const double bytes = 1024.0 * std::stod(line.substr(6));
            (peak ? use.peak_resident_bytes : use.resident_bytes) = bytes;
        }
    }
    return use;
}

std::string format_bytes(double bytes) {
    constexpr std::array units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    std::size_t unit = 0;
    for (; bytes >= 1024.0 && unit + 1 < units.size(); ++unit) {
        bytes /= 1024.0;
    }
    return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, units[unit]);
}

void detail::allocation_failed(const std::string& label, double bytes) {
    throw MemoryError(fmt::format(
        "no memory for \"{}\" ({} on this rank): use more ranks or nodes, float32, or a "
        "smaller data.region",
        label, format_bytes(bytes)));
}

}  // namespace tessera
