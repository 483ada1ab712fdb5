#include "nifti.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>

#include "binary_header.hpp"
#include "byte_source.hpp"
#include "dataset_info.hpp"
#include "stored_array.hpp"
#include "tessera/base/error.hpp"

namespace tessera {

namespace {

namespace fs = std::filesystem;

constexpr Index header_bytes = 348;
// Byte offsets of the fields of nifti1.h.
constexpr std::size_t dim_at = 40;
constexpr std::size_t datatype_at = 70;
constexpr std::size_t pixdim_at = 76;
constexpr std::size_t vox_offset_at = 108;
constexpr std::size_t scl_slope_at = 112;
constexpr std::size_t scl_inter_at = 116;
constexpr std::size_t xyzt_units_at = 123;
constexpr std::size_t descrip_at = 148;
constexpr std::size_t magic_at = 344;

/// The header's bytes, unpacked where the file is compressed; fewer where there are no more.
std::string header_of(const InputFile& file) {
    if (!looks_like_gzip(file.text(0, 2))) {
        return file.text(0, header_bytes);
    }
    InflateSource source(file, 0, file.size(), Packing::gzip);
    std::string bytes(static_cast<std::size_t>(header_bytes), '\0');
    source.read(bytes.data(), header_bytes);
    return bytes;
}

bool has_magic(const std::string& header) {
    return static_cast<Index>(header.size()) >= header_bytes &&
           (header.compare(magic_at, 4, "n+1", 4) == 0 ||
            header.compare(magic_at, 4, "ni1", 4) == 0);
}

/// Whether the other file of a pair is there: x.img for x.hdr, compressed or not.
std::optional<std::string> partner(const std::string& path, const std::string& from,
                                   const std::string& to) {
    for (const std::string packed : {"", ".gz"}) {
        if (!path.ends_with(from + packed)) {
            continue;
        }
        const std::string stem = path.substr(0, path.size() - from.size() - packed.size());
        for (const std::string& other : {packed, std::string(packed.empty() ? ".gz" : "")}) {
            std::error_code ignored;
            if (fs::is_regular_file(stem + to + other, ignored)) {
                return stem + to + other;
            }
        }
    }
    return std::nullopt;
}

std::optional<NumberType> number_type(std::int16_t code) {
    static const std::map<std::int16_t, NumberType> types = {
        {2, NumberType::uint8},    {4, NumberType::int16},    {8, NumberType::int32},
        {16, NumberType::float32}, {64, NumberType::float64}, {256, NumberType::int8},
        {512, NumberType::uint16}, {768, NumberType::uint32}, {1024, NumberType::int64},
        {1280, NumberType::uint64}};
    const auto found = types.find(code);
    return found == types.end() ? std::nullopt : std::optional(found->second);
}

void describe_type(const BinaryHeader& header, bool big_endian, bool packed, DatasetInfo& info) {
    const auto code = header.at<std::int16_t>(datatype_at);
    info.type = number_type(code);
    if (!info.type) {
        info.type_text = "NIfTI type " + std::to_string(code);
        info.obstacle = code == 128 || code == 2304 ? "holds colours, save each as a volume"
                        : code == 32 || code == 1792
                            ? "is complex, only real arrays can be read"
                            : "has the " + info.type_text + ", save it as float or integers";
        return;
    }
    info.type_text = type_text(*info.type, big_endian) + (packed ? ", gzip" : "");
    const auto slope = static_cast<double>(header.at<float>(scl_slope_at));
    const auto intercept = static_cast<double>(header.at<float>(scl_inter_at));
    // A slope of 0 means that there is no scaling.
    if (slope != 0.0 && std::isfinite(slope) && std::isfinite(intercept)) {
        info.slope = slope;
        info.intercept = intercept;
    }
}

void describe_axes(const BinaryHeader& header, DatasetInfo& info) {
    static constexpr const char* names[] = {"cols", "rows", "slices", "time", "components"};
    static const std::map<int, const char*> lengths = {{1, "m"}, {2, "mm"}, {3, "um"}};
    static const std::map<int, const char*> times = {{8, "s"}, {16, "ms"}, {24, "us"}, {32, "Hz"}};
    const int code = header.at<std::uint8_t>(xyzt_units_at);
    const auto order = header.at<std::int16_t>(dim_at);
    for (std::int16_t axis = 0; axis < order; ++axis) {
        const auto place = static_cast<std::size_t>(axis);
        const auto extent = header.at<std::int16_t>(dim_at + 2 * (place + 1));
        if (extent < 0) {
            throw IoError(info.path + " is not a proper NIfTI file: it has " +
                          std::to_string(extent) + " positions along axis " +
                          std::to_string(axis + 1));
        }
        info.shape.push_back(extent);
        info.axes.push_back(place < std::size(names) ? names[place]
                                                     : "axis" + std::to_string(place));
        const auto step =
            std::abs(static_cast<double>(header.at<float>(pixdim_at + 4 * (place + 1))));
        info.spacing.push_back(std::isfinite(step) && step > 0.0 ? step : 1.0);
        const auto& units = place < 3 ? lengths : times;
        const auto unit = units.find(place < 3 ? code & 7 : place == 3 ? code & 56 : 0);
        info.units.emplace_back(unit == units.end() ? "" : unit->second);
    }
    set_storage_order(info, true);
}

StoredArray describe(const std::string& named_path) {
    // Of a pair either file may be named.
    const std::string path = partner(named_path, ".img", ".hdr").value_or(named_path);
    const InputFile file(path);
    const std::string bytes = header_of(file);
    if (!has_magic(bytes)) {
        throw IoError(path + " is not a proper NIfTI file: its header has no 'n+1' or 'ni1'");
    }
    // The number of axes is 1 to 7 in the right byte order only.
    constexpr std::int16_t most_axes = 7;
    const auto axes_in = [&](bool swapped) {
        return BinaryHeader(bytes, swapped).at<std::int16_t>(dim_at);
    };
    StoredArray array;
    array.swapped = axes_in(false) < 1 || axes_in(false) > most_axes;
    const BinaryHeader header(bytes, array.swapped);
    if (axes_in(array.swapped) < 1 || axes_in(array.swapped) > most_axes) {
        throw IoError(path + " is not a proper NIfTI file: it has " +
                      std::to_string(axes_in(false)) + " axes, expected 1 to 7");
    }
    const bool pair = bytes[magic_at + 1] == 'i';
    array.data_path = pair ? partner(path, ".hdr", ".img").value_or("") : path;
    if (array.data_path.empty()) {
        throw IoError(path + " is a NIfTI header without the .img file beside it");
    }
    const InputFile data(array.data_path);
    const bool packed = looks_like_gzip(data.text(0, 2));
    array.coding = packed ? StoredArray::Coding::gzip : StoredArray::Coding::plain;
    array.end = data.size();
    DatasetInfo& info = array.info;
    info.path = path;
    info.format = "NIfTI-1";
    describe_axes(header, info);
    describe_type(header, array.swapped != (std::endian::native == std::endian::big), packed, info);
    const auto offset = static_cast<double>(header.at<float>(vox_offset_at));
    constexpr double most_offset = 1e9;
    if (!(offset >= 0.0 && offset <= most_offset) || (!pair && offset < header_bytes)) {
        throw IoError(path + " is not a proper NIfTI file: its data begin at byte " +
                      std::to_string(offset));
    }
    array.offset = static_cast<Index>(offset);
    if (info.scaled()) {
        info.attributes.emplace_back("slope", std::to_string(info.slope));
        info.attributes.emplace_back("intercept", std::to_string(info.intercept));
    }
    info.attributes.emplace_back("description", header.text(descrip_at, 80));
    if (info.readable()) {
        note_obstacles_of_shape(info);
    }
    if (info.type) {
        check_stored_size(array);
    }
    return array;
}

}  // namespace

bool looks_like_nifti(const std::string& path, const std::string& first_bytes) {
    if (has_magic(first_bytes)) {
        return true;
    }
    try {
        if (looks_like_gzip(first_bytes)) {
            return has_magic(header_of(InputFile(path)));
        }
        const std::optional<std::string> header = partner(path, ".img", ".hdr");
        return header && has_magic(header_of(InputFile(*header)));
    } catch (const IoError&) {
        if (path.ends_with(".nii.gz")) {
            throw;
        }
        return false;  // too short, or damaged: another format may know better
    }
}

std::vector<DatasetInfo> list_nifti(const std::string& path) { return {describe(path).info}; }

std::unique_ptr<TensorReader> open_nifti(const std::string& path) {
    return open_stored(describe(path));
}

}  // namespace tessera
