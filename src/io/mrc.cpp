#include "mrc.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>

#include "binary_header.hpp"
#include "dataset_info.hpp"
#include "stored_array.hpp"
#include "tessera/base/error.hpp"

namespace tessera {

namespace {

constexpr Index header_bytes = 1024;
// Byte offsets of the standard's words.
constexpr std::size_t size_at = 0;
constexpr std::size_t mode_at = 12;
constexpr std::size_t sampling_at = 28;
constexpr std::size_t cell_at = 40;
constexpr std::size_t axes_at = 64;
constexpr std::size_t extended_bytes_at = 92;
constexpr std::size_t origin_at = 196;
constexpr std::size_t map_at = 208;
constexpr std::size_t stamp_at = 212;

/// The stamp is 0x44 0x44 (or 0x44 0x41) for little-endian files, 0x11 0x11 for others.
bool is_big_endian(const std::string& bytes) { return bytes[stamp_at] == '\x11'; }

NumberType number_type(std::int32_t mode, const std::string& path) {
    static const std::map<std::int32_t, NumberType> types = {{0, NumberType::int8},
                                                             {1, NumberType::int16},
                                                             {2, NumberType::float32},
                                                             {6, NumberType::uint16}};
    const auto found = types.find(mode);
    if (found == types.end()) {
        throw IoError(path + " has the MRC mode " + std::to_string(mode) +
                      (mode == 3 || mode == 4 ? ", which is complex" : "") +
                      ", expected 0, 1, 2 or 6");
    }
    return found->second;
}

StoredArray describe(const std::string& path) {
    const InputFile file(path);
    if (file.size() < header_bytes) {
        throw_truncated(path, static_cast<double>(header_bytes), static_cast<double>(file.size()));
    }
    const std::string bytes = file.text(0, header_bytes);
    StoredArray array;
    const bool big_endian = is_big_endian(bytes);
    array.swapped = big_endian != (std::endian::native == std::endian::big);
    const BinaryHeader header(bytes, array.swapped);
    DatasetInfo& info = array.info;
    info.path = path;
    info.format = "MRC";
    info.type = number_type(header.at<std::int32_t>(mode_at), path);
    info.type_text = type_text(*info.type, big_endian);
    info.axes = image_axis_names(3);
    info.units.assign(3, "angstrom");
    std::string order;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const std::size_t word = 4 * (2 - axis);  // the file counts columns, rows, sections
        const auto extent = header.at<std::int32_t>(size_at + word);
        if (extent < 0) {
            throw IoError(path + " is not a proper MRC file: it has " + std::to_string(extent) +
                          " positions along an axis");
        }
        info.shape.push_back(extent);
        // Cell lengths go with x, y, z; MAPC, MAPR and MAPS say which of these the axis is.
        const auto xyz = header.at<std::int32_t>(axes_at + word);
        order += std::string(axis > 0 ? ", " : "") +
                 (xyz >= 1 && xyz <= 3 ? std::string(1, static_cast<char>('w' + xyz)) : "?");
        const std::size_t cell =
            xyz >= 1 && xyz <= 3 ? 4 * static_cast<std::size_t>(xyz - 1) : word;
        const double length = static_cast<double>(header.at<float>(cell_at + cell)) /
                              header.at<std::int32_t>(sampling_at + cell);
        const double origin = static_cast<double>(header.at<float>(origin_at + cell));
        info.spacing.push_back(std::isfinite(length) && length > 0.0 ? length : 1.0);
        info.origin.push_back(std::isfinite(origin) ? origin : 0.0);
    }
    info.attributes.emplace_back("axes in space", order);
    set_storage_order(info, false);
    array.data_path = path;
    const auto extended = header.at<std::int32_t>(extended_bytes_at);
    if (extended < 0) {
        throw IoError(path + " is not a proper MRC file: its extended header has " +
                      std::to_string(extended) + " bytes");
    }
    array.begin = header_bytes + extended;
    array.end = file.size();
    note_obstacles_of_shape(info);
    check_stored_size(array);
    return array;
}

}  // namespace

bool looks_like_mrc(const std::string& first_bytes) {
    return first_bytes.size() > stamp_at + 1 && first_bytes.compare(map_at, 3, "MAP") == 0 &&
           (first_bytes[stamp_at] == '\x44' || first_bytes[stamp_at] == '\x11');
}

std::vector<DatasetInfo> list_mrc(const std::string& path) { return {describe(path).info}; }

std::unique_ptr<TensorReader> open_mrc(const std::string& path) {
    return open_stored(describe(path));
}

}  // namespace tessera
