#include "vti.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

#include "base64_region.hpp"
#include "block_region.hpp"
#include "dataset_info.hpp"
#include "find_dataset.hpp"
#include "linear_session.hpp"
#include "tessera/base/error.hpp"
#include "text_region.hpp"
#include "vti_header.hpp"

namespace tessera {

namespace {

struct VtiArray {
    DatasetInfo info;
    VtiElement element;
    Index length_bytes = 4;
    bool big_endian = false;
    bool base64 = false;
    bool compressed = false;
    Index begin = 0;  ///< of the encoded array in the file, and the end of what may belong to it
    Index end = 0;

    [[nodiscard]] bool swapped() const {
        return big_endian != (std::endian::native == std::endian::big);
    }
};

/// The numbers of an array, ready to be read.
struct Payload {
    std::unique_ptr<ByteRegion> bytes;
    LinearLayout layout;
};

[[noreturn]] void malformed(const VtiArray& array, const std::string& what) {
    throw IoError(array.info.path + " is not a proper VTI file: the array " + array.element.name +
                  " " + what);
}

double payload_bytes(const VtiArray& array) {
    return byte_count(array.info.shape, size_of(*array.info.type));
}

/// The encoded bytes from `begin` on, which are counted from 0.
std::unique_ptr<ByteRegion> encoded(const VtiArray& array, Index begin) {
    InputFile file(array.info.path);
    if (array.base64) {
        return std::make_unique<Base64Region>(std::move(file), begin, array.end);
    }
    return std::make_unique<FileRegion>(std::move(file), begin);
}

/// Bytes that can be there from `begin` on.
Index available(const VtiArray& array, Index begin) {
    return array.base64 ? (array.end - begin) / 4 * 3 : array.end - begin;
}

/// Throws for a truncated array.
void require_available(const VtiArray& array, Index begin, double bytes) {
    if (bytes > static_cast<double>(available(array, begin))) {
        throw_truncated(array.info.path,
                        static_cast<double>(begin) + (array.base64 ? bytes * 4 / 3 : bytes),
                        static_cast<double>(array.end));
    }
}

/// The numbers in front of an array, UInt32 or UInt64.
std::vector<Index> lengths(const VtiArray& array, ByteRegion& bytes, Index first, Index count) {
    std::vector<std::byte> raw(static_cast<std::size_t>(count * array.length_bytes));
    bytes.read(first * array.length_bytes, raw.data(), static_cast<Index>(raw.size()));
    if (array.swapped()) {
        swap_bytes(raw.data(), count, static_cast<std::size_t>(array.length_bytes));
    }
    constexpr std::uint64_t most = std::uint64_t{1} << 60;
    std::vector<Index> values;
    for (Index i = 0; i < count; ++i) {
        std::uint64_t value = 0;
        if (array.length_bytes == 8) {
            std::memcpy(&value, raw.data() + 8 * i, 8);
        } else {
            std::uint32_t narrow = 0;
            std::memcpy(&narrow, raw.data() + 4 * i, 4);
            value = narrow;
        }
        if (value > most) {
            malformed(array, "has a length that no file can have");
        }
        values.push_back(static_cast<Index>(value));
    }
    return values;
}

/// Where something begins behind `bytes` encoded bytes that begin at `begin` and are a base64 text
/// of their own.
Index behind(const VtiArray& array, Index begin, Index bytes) {
    return begin + (array.base64 ? (bytes + 2) / 3 * 4 : bytes);
}

/// Blocks that zlib has compressed: their number, their unpacked size, that of the last if it is
/// another, and the packed size of each.
Payload compressed_payload(const VtiArray& array) {
    require_available(array, array.begin, 3.0 * static_cast<double>(array.length_bytes));
    const std::unique_ptr<ByteRegion> header = encoded(array, array.begin);
    const std::vector<Index> sizes = lengths(array, *header, 0, 3);
    const Index blocks = sizes[0];
    const Index last = sizes[2];
    BlockRegion::Table table;
    table.block_bytes = sizes[1];
    const double expected = payload_bytes(array);
    const double whole = static_cast<double>(blocks - (last > 0 ? 1 : 0));
    if (blocks < 1 || table.block_bytes < 1 || last > table.block_bytes ||
        whole * static_cast<double>(table.block_bytes) + static_cast<double>(last) != expected) {
        malformed(array, "has compressed blocks that do not add up to its extent");
    }
    const double header_bytes =
        static_cast<double>(3 + blocks) * static_cast<double>(array.length_bytes);
    require_available(array, array.begin, header_bytes);
    const Index data_begin = behind(array, array.begin, (3 + blocks) * array.length_bytes);
    table.total_bytes = static_cast<Index>(expected);
    table.begin.push_back(0);
    const InputFile file(array.info.path);
    for (const Index bytes : lengths(array, *header, 3, blocks)) {
        // Checked one by one, so that the sum cannot overflow.
        const Index begin = table.begin.back();
        require_available(array, data_begin,
                          static_cast<double>(begin) + static_cast<double>(bytes));
        const auto block = static_cast<Index>(table.begin.size()) - 1;
        check_packed_size(file, bytes,
                          static_cast<double>(std::min(
                              table.block_bytes, table.total_bytes - block * table.block_bytes)));
        table.begin.push_back(begin + bytes);
    }
    Payload payload;
    payload.bytes = std::make_unique<BlockRegion>(encoded(array, data_begin), std::move(table),
                                                  array.info.short_name());
    return payload;
}

/// The number of bytes and the bytes. In base64 they are one text, or the number is one of its own,
/// which then ends in padding.
Payload plain_payload(const VtiArray& array) {
    require_available(array, array.begin, static_cast<double>(array.length_bytes));
    Payload payload;
    payload.bytes = encoded(array, array.begin);
    payload.layout.offset = array.length_bytes;
    const Index bytes = lengths(array, *payload.bytes, 0, 1).front();
    if (static_cast<double>(bytes) != payload_bytes(array)) {
        malformed(array, "has " + std::to_string(bytes) + " bytes, its extent asks for " +
                             std::to_string(static_cast<Index>(payload_bytes(array))));
    }
    const Index second = behind(array, array.begin, array.length_bytes);
    if (array.base64 && InputFile(array.info.path).text(second - 1, 1) == "=") {
        payload.bytes = encoded(array, second);
        payload.layout.offset = 0;
        require_available(array, second, static_cast<double>(bytes));
    } else {
        require_available(array, array.begin, static_cast<double>(array.length_bytes + bytes));
    }
    return payload;
}

Payload payload_of(const VtiArray& array) {
    Payload payload;
    const NumberType type = *array.info.type;
    if (array.element.format == "ascii") {
        // A number and the blank behind it are two characters at least.
        const double numbers = byte_count(array.info.shape, 1);
        if (2.0 * numbers - 1.0 > static_cast<double>(array.end - array.begin)) {
            throw_truncated(array.info.path, static_cast<double>(array.begin) + 2.0 * numbers - 1.0,
                            static_cast<double>(array.end));
        }
        payload.bytes =
            std::make_unique<TextRegion>(InputFile(array.info.path), array.begin, array.end, type);
    } else {
        payload = array.compressed ? compressed_payload(array) : plain_payload(array);
        payload.layout.swapped = array.swapped();
    }
    payload.layout.type = type;
    return payload;
}

void describe_type(VtiArray& array, const std::string& compressor) {
    static const std::map<std::string, NumberType> types = {
        {"Int8", NumberType::int8},       {"UInt8", NumberType::uint8},
        {"Int16", NumberType::int16},     {"UInt16", NumberType::uint16},
        {"Int32", NumberType::int32},     {"UInt32", NumberType::uint32},
        {"Int64", NumberType::int64},     {"UInt64", NumberType::uint64},
        {"Float32", NumberType::float32}, {"Float64", NumberType::float64}};
    DatasetInfo& info = array.info;
    const auto found = types.find(array.element.type);
    const bool text = array.element.format == "ascii";
    if (found == types.end()) {
        info.type_text = "VTK type '" + array.element.type + "'";
        info.obstacle = "holds the " + info.type_text + ", not real numbers";
        return;
    }
    info.type = found->second;
    info.type_text = type_text(*info.type, array.big_endian && !text) + ", " +
                     (array.element.format == "appended" ? "appended"
                      : text                             ? "as text"
                                                         : "inline") +
                     (array.compressed ? ", zlib" : "");
    if (array.compressed && compressor != "vtkZLibDataCompressor") {
        info.obstacle =
            "is compressed by " + compressor + ", only vtkZLibDataCompressor can be read";
    } else if (array.base64 && array.element.format == "binary" &&
               array.element.text_characters != array.element.text_end - array.element.text_begin) {
        info.obstacle = "has line breaks in its base64 data: load it in ParaView and save it anew";
    }
}

/// Extents, names and places of the axes: VTK's z, y, x and the components.
void describe_axes(const VtiHeader& header, VtiArray& array) {
    static constexpr const char* names[] = {"slices", "rows", "cols"};
    DatasetInfo& info = array.info;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const std::size_t xyz = 2 - axis;
        const Index begin = header.extent[2 * xyz];
        const Index end = header.extent[2 * xyz + 1];
        if (end < begin) {
            malformed(array,
                      "has the extent " + std::to_string(begin) + " to " + std::to_string(end));
        }
        // A plane of points has cells too: those of the plane.
        const Index extent =
            array.element.of_cells ? std::max<Index>(end - begin, 1) : end - begin + 1;
        if (axis == 0 && extent == 1) {
            continue;
        }
        info.shape.push_back(extent);
        info.axes.emplace_back(names[axis]);
        info.spacing.push_back(header.spacing[xyz]);
        info.origin.push_back(header.origin[xyz] +
                              (static_cast<double>(begin) + (array.element.of_cells ? 0.5 : 0.0)) *
                                  header.spacing[xyz]);
    }
    if (array.element.components > 1) {
        info.shape.push_back(array.element.components);
        info.axes.emplace_back("components");
        info.spacing.push_back(1.0);
        info.origin.push_back(0.0);
    }
    set_storage_order(info, false);
    if (!header.direction.empty() && header.direction != "1 0 0 0 1 0 0 0 1") {
        info.attributes.emplace_back("direction", header.direction);
    }
}

VtiArray describe(const InputFile& file, const VtiHeader& header, const VtiElement& element) {
    VtiArray array;
    array.element = element;
    array.length_bytes = header.length_bytes;
    array.big_endian = header.big_endian;
    const bool appended = element.format == "appended";
    array.base64 = element.format == "binary" || (appended && !header.appended_raw);
    array.compressed = element.format != "ascii" && !header.compressor.empty();
    array.info.path = file.path();
    array.info.format = "VTI";
    array.info.dataset = (element.of_cells ? "CellData/" : "") + element.name;
    if (appended) {
        if (header.appended_begin == 0) {
            malformed(array, "is appended, but nothing is appended to the file");
        }
        array.begin = header.appended_begin + element.offset;
        array.end = file.size();
        if (array.begin > array.end) {
            throw_truncated(file.path(), static_cast<double>(array.begin),
                            static_cast<double>(array.end));
        }
    } else {
        array.begin = element.text_begin;
        array.end = element.text_end;
    }
    describe_axes(header, array);
    describe_type(array, header.compressor);
    if (array.info.readable()) {
        note_obstacles_of_shape(array.info);
    }
    if (array.info.readable()) {
        static_cast<void>(payload_of(array));  // checks the sizes
    }
    return array;
}

std::vector<VtiArray> vti_arrays(const std::string& path) {
    const InputFile file(path);
    const VtiHeader header = read_vti_header(file);
    std::vector<VtiArray> arrays;
    for (const VtiElement& element : header.elements) {
        arrays.push_back(describe(file, header, element));
    }
    return arrays;
}

std::vector<DatasetInfo> infos_of(const std::vector<VtiArray>& arrays) {
    std::vector<DatasetInfo> infos;
    for (const VtiArray& array : arrays) {
        infos.push_back(array.info);
    }
    return infos;
}

class VtiReader : public TensorReader {
  public:
    explicit VtiReader(const VtiArray& array) : TensorReader(array.info), array_(array) {}

  private:
    [[nodiscard]] std::unique_ptr<ReadSession> start(const StorageShape& storage,
                                                     const Communicator&) const override {
        Payload payload = payload_of(array_);
        return std::make_unique<LinearSession>(std::move(payload.bytes), payload.layout, storage);
    }

    VtiArray array_;
};

}  // namespace

bool looks_like_vti(const std::string& first_bytes) {
    return first_bytes.find("<VTKFile") != std::string::npos;
}

std::vector<DatasetInfo> list_vti(const std::string& path) { return infos_of(vti_arrays(path)); }

std::unique_ptr<TensorReader> open_vti(const std::string& path, const std::string& dataset) {
    const std::vector<VtiArray> arrays = vti_arrays(path);
    return std::make_unique<VtiReader>(arrays[find_dataset(infos_of(arrays), path, dataset)]);
}

}  // namespace tessera
