#include "idx.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>

#include "dataset_info.hpp"
#include "linear_reader.hpp"
#include "tessera/base/error.hpp"

namespace tessera {
namespace {

constexpr Index fixed_bytes = 4;

std::optional<NumberType> number_type(char code) {
    static const std::map<char, NumberType> types = {
        {8, NumberType::uint8},  {9, NumberType::int8},     {11, NumberType::int16},
        {12, NumberType::int32}, {13, NumberType::float32}, {14, NumberType::float64}};
    const auto found = types.find(code);
    return found == types.end() ? std::nullopt : std::optional(found->second);
}

/// `start` holds unpacked bytes.
bool begins_like_idx(const std::string& start) {
    return start.size() >= static_cast<std::size_t>(fixed_bytes) && start[0] == 0 &&
           start[1] == 0 && number_type(start[2]).has_value() && start[3] > 0 &&
           start[3] <= max_order;
}

bool is_packed(const InputFile& file) { return looks_like_gzip(file.text(0, 16)); }

std::unique_ptr<ByteRegion> region_of(const std::string& path) {
    InputFile file(path);
    const Index size = file.size();
    if (is_packed(file)) {
        return std::make_unique<InflateRegion>(std::move(file), 0, size, Packing::gzip);
    }
    return std::make_unique<FileRegion>(std::move(file));
}

struct IdxArray {
    DatasetInfo info;
    LinearLayout layout;
};

IdxArray describe(const std::string& path) {
    const InputFile file(path);
    const bool packed = is_packed(file);
    const auto region = region_of(path);
    std::string head(fixed_bytes, '\0');
    region->read(0, head.data(), fixed_bytes);
    if (!begins_like_idx(head)) {
        throw IoError(path + " is not an IDX file");
    }
    IdxArray array;
    DatasetInfo& info = array.info;
    info.path = path;
    info.format = packed ? "IDX, gzip" : "IDX";
    info.type = number_type(head[2]);
    constexpr Index extent_bytes = 4;
    array.layout.offset = fixed_bytes + extent_bytes * head[3];
    array.layout.type = *info.type;
    array.layout.swapped = std::endian::native == std::endian::little;
    std::vector<unsigned char> extents(static_cast<std::size_t>(extent_bytes * head[3]));
    region->read(fixed_bytes, extents.data(), static_cast<Index>(extents.size()));
    for (std::size_t at = 0; at < extents.size(); at += extent_bytes) {
        info.shape.push_back((Index{extents[at]} << 24) + (Index{extents[at + 1]} << 16) +
                             (Index{extents[at + 2]} << 8) + Index{extents[at + 3]});
    }
    set_storage_order(info, false);
    info.type_text = type_text(*info.type, true);
    if (packed) {
        check_packed_size(file, file.size(), byte_count(info.shape, size_of(*info.type)));
    } else {
        check_file_size(file, array.layout, info.shape);
    }
    note_obstacles_of_shape(info);
    return array;
}

}  // namespace

bool looks_like_idx(const std::string& path, const std::string& first_bytes) {
    if (!looks_like_gzip(first_bytes)) {
        return begins_like_idx(first_bytes);
    }
    std::string start(fixed_bytes, '\0');
    try {
        region_of(path)->read(0, start.data(), fixed_bytes);
    } catch (const IoError&) {
        return false;  // shorter, or damaged: not for this format to say
    }
    return begins_like_idx(start);
}

std::vector<DatasetInfo> list_idx(const std::string& path) { return {describe(path).info}; }

std::unique_ptr<TensorReader> open_idx(const std::string& path) {
    const IdxArray array = describe(path);
    require_readable(array.info);
    return std::make_unique<LinearReader>(array.info, array.layout,
                                          [path] { return region_of(path); });
}

}  // namespace tessera
