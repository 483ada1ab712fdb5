#include "dataset_info.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "tessera/base/error.hpp"

namespace tessera {

namespace {

/// Byte counts of arrays of up to this many entries fit into an Index.
constexpr double most_entries = 1e18;

}  // namespace

bool DatasetInfo::column_major() const {
    return storage_order.size() > 1 && std::is_sorted(storage_order.rbegin(), storage_order.rend());
}

std::string DatasetInfo::short_name() const {
    const std::string file = std::filesystem::path(path).filename().string();
    return dataset.empty() ? file : file + ":" + dataset;
}

std::string DatasetInfo::shape_text() const {
    std::string text;
    for (const Index extent : shape) {
        text += (text.empty() ? "" : " x ") + std::to_string(extent);
    }
    return text.empty() ? "scalar" : text;
}

void set_storage_order(DatasetInfo& info, bool column_major) {
    info.storage_order.resize(info.shape.size());
    std::iota(info.storage_order.begin(), info.storage_order.end(), 0);
    if (column_major) {
        std::reverse(info.storage_order.begin(), info.storage_order.end());
    }
}

std::string type_text(NumberType type, bool big_endian) {
    return to_string(type) + (big_endian && size_of(type) > 1 ? ", big-endian" : "");
}

void note_obstacles_of_shape(DatasetInfo& info) {
    if (info.shape.empty()) {
        info.obstacle = "is a single number, not an array";
    } else if (info.shape.size() > static_cast<std::size_t>(max_order)) {
        info.obstacle = "has " + std::to_string(info.shape.size()) + " axes, at most " +
                        std::to_string(max_order) + " can be read";
    } else if (std::find(info.shape.begin(), info.shape.end(), 0) != info.shape.end()) {
        info.obstacle = "has no entries: its shape is " + info.shape_text();
    } else if (std::accumulate(info.shape.begin(), info.shape.end(), 1.0,
                               [](double product, Index extent) {
                                   return product * static_cast<double>(extent);
                               }) > most_entries) {
        info.obstacle =
            "has more entries than any file can hold: its shape is " + info.shape_text();
    }
}

void require_readable(const DatasetInfo& info) {
    if (!info.readable()) {
        throw UsageError(info.short_name() + " " + info.obstacle);
    }
}

}  // namespace tessera
