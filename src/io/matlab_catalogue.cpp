#include "matlab_catalogue.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "dataset_info.hpp"
#include "tessera/base/error.hpp"

namespace tessera {

namespace {

constexpr Index file_header_bytes = 128;
constexpr Index tag_bytes = 8;
/// Deeper structs, and more arrays, are taken for damage.
constexpr int most_depth = 16;
constexpr std::size_t most_arrays = 100000;
constexpr Index most_axes = 64;
constexpr Index most_name_bytes = Index{1} << 20;

// Element types and array classes of the format description, tables 1-1 and 1-3.
enum ElementType : std::uint32_t {
    mi_int8 = 1,
    mi_int32 = 5,
    mi_uint32 = 6,
    mi_matrix = 14,
    mi_compressed = 15
};
enum ArrayClass : std::uint32_t {
    class_cell = 1,
    class_struct = 2,
    class_object = 3,
    class_char = 4,
    class_sparse = 5,
    class_double = 6,
    class_uint64 = 15,
    class_function = 16,
    class_opaque = 17
};
constexpr std::uint32_t logical_flag = 0x0200;
constexpr std::uint32_t complex_flag = 0x0800;

std::optional<NumberType> element_number_type(std::uint32_t type) {
    switch (type) {
        case 1:
            return NumberType::int8;
        case 2:
            return NumberType::uint8;
        case 3:
            return NumberType::int16;
        case 4:
            return NumberType::uint16;
        case 5:
            return NumberType::int32;
        case 6:
            return NumberType::uint32;
        case 7:
            return NumberType::float32;
        case 9:
            return NumberType::float64;
        case 12:
            return NumberType::int64;
        case 13:
            return NumberType::uint64;
        default:
            return std::nullopt;
    }
}

/// MATLAB's name of a numeric class.
const char* class_name(std::uint32_t array_class) {
    constexpr std::array names = {"double", "single", "int8",   "uint8", "int16",
                                  "uint16", "int32",  "uint32", "int64", "uint64"};
    return names[array_class - class_double];
}

/// The number type of that class, which the file may keep in a smaller one.
NumberType class_number_type(std::uint32_t array_class) {
    constexpr std::array types = {NumberType::float64, NumberType::float32, NumberType::int8,
                                  NumberType::uint8,   NumberType::int16,   NumberType::uint16,
                                  NumberType::int32,   NumberType::uint32,  NumberType::int64,
                                  NumberType::uint64};
    return types[array_class - class_double];
}

/// What an array that is no numeric one is called; empty for numeric ones.
std::string other_kind(std::uint32_t array_class) {
    switch (array_class) {
        case class_cell:
            return "cell array";
        case class_struct:
            return "struct";
        case class_object:
        case class_opaque:
            return "object";
        case class_char:
            return "text";
        case class_sparse:
            return "sparse matrix";
        case class_function:
            return "function";
        default:
            return array_class >= class_double && array_class <= class_uint64 ? ""
                                                                              : "unknown class";
    }
}

struct Tag {
    std::uint32_t type = 0;
    Index bytes = 0;
    Index padding = 0;  ///< to the next element
    bool small = false;
};

class Catalogue {
  public:
    explicit Catalogue(const InputFile& file) : file_(file) {
        const std::string header = file.text(0, file_header_bytes);
        if (static_cast<Index>(header.size()) < file_header_bytes) {
            throw_truncated(file.path(), static_cast<double>(file_header_bytes),
                            static_cast<double>(file.size()));
        }
        big_endian_ = header[126] == 'M';
        swapped_ = big_endian_ != (std::endian::native == std::endian::big);
    }

    std::vector<MatlabArray> walk() {
        for (Index place = file_header_bytes; place < file_.size();) {
            if (place + tag_bytes > file_.size()) {
                throw_truncated(file_.path(), static_cast<double>(place + tag_bytes),
                                static_cast<double>(file_.size()));
            }
            PlainSource plain(file_, place);
            const Tag tag = read_tag(plain);
            const Index begin = place + tag_bytes;
            place = begin + tag.bytes;
            if (tag.small || (tag.type != mi_matrix && tag.type != mi_compressed)) {
                malformed("a variable begins with type " + std::to_string(tag.type));
            }
            if (place > file_.size()) {
                throw_truncated(file_.path(), static_cast<double>(place),
                                static_cast<double>(file_.size()));
            }
            current_ = {};
            current_.swapped = swapped_;
            if (tag.type == mi_matrix) {
                matrix(plain, place, "", 0);
                continue;
            }
            current_.compressed = true;
            current_.packed_begin = begin;
            current_.packed_bytes = tag.bytes;
            InflateSource unpacked(file_, begin, tag.bytes);
            const Tag inner = read_tag(unpacked);
            if (inner.small || inner.type != mi_matrix) {
                malformed("a compressed variable holds type " + std::to_string(inner.type));
            }
            matrix(unpacked, tag_bytes + inner.bytes, "", 0);
        }
        return std::move(arrays_);
    }

  private:
    [[noreturn]] void malformed(const std::string& what) const {
        throw IoError(file_.path() + " is not a proper MATLAB v5 file: " + what);
    }

    std::uint32_t word(ByteSource& source) const {
        std::uint32_t value = 0;
        source.read(&value, sizeof value);
        if (swapped_) {
            swap_bytes(reinterpret_cast<std::byte*>(&value), 1, sizeof value);
        }
        return value;
    }

    /// The small form packs type, length and up to 4 bytes of data into 8 bytes.
    Tag read_tag(ByteSource& source) const {
        Tag tag;
        const std::uint32_t first = word(source);
        tag.small = (first >> 16) != 0;
        if (tag.small) {
            tag.type = first & 0xffff;
            tag.bytes = first >> 16;
            if (tag.bytes > 4) {
                malformed("a small element states " + std::to_string(tag.bytes) + " bytes");
            }
            tag.padding = 4 - tag.bytes;
        } else {
            tag.type = first;
            tag.bytes = word(source);
            tag.padding = (8 - tag.bytes % 8) % 8;
        }
        return tag;
    }

    /// The tag of an element inside an array that ends at `end`.
    Tag inner_tag(ByteSource& source, Index end) const {
        if (source.position() + tag_bytes > end) {
            malformed("an array ends before its parts do");
        }
        const Tag tag = read_tag(source);
        if (source.position() + tag.bytes > end) {
            malformed("a part of " + std::to_string(tag.bytes) +
                      " bytes does not fit into its array");
        }
        return tag;
    }

    /// Past the padding, which the last element of a variable may lack.
    static void skip_padding(ByteSource& source, const Tag& tag, Index end) {
        source.skip(std::min(tag.padding, end - source.position()));
    }

    std::string text(ByteSource& source, Index end) const {
        const Tag tag = inner_tag(source, end);
        if (tag.bytes > most_name_bytes) {
            malformed("a name has " + std::to_string(tag.bytes) + " bytes");
        }
        std::string result(static_cast<std::size_t>(tag.bytes), '\0');
        source.read(result.data(), tag.bytes);
        skip_padding(source, tag, end);
        return result;
    }

    std::vector<Index> extents(ByteSource& source, Index end) const {
        const Tag tag = inner_tag(source, end);
        if ((tag.type != mi_int32 && tag.type != mi_uint32) || tag.bytes % 4 != 0 ||
            tag.bytes == 0 || tag.bytes > 4 * most_axes) {
            malformed("the size of an array is no list of whole numbers");
        }
        std::vector<Index> shape;
        for (Index i = 0; i < tag.bytes / 4; ++i) {
            shape.push_back(static_cast<std::int32_t>(word(source)));
            if (shape.back() < 0) {
                malformed("the size of an array is negative");
            }
        }
        skip_padding(source, tag, end);
        return shape;
    }

    /// One array, from behind its tag up to `end`; leaves the source anywhere up to there.
    void matrix(ByteSource& source, Index end, const std::string& name, int depth) {
        if (arrays_.size() > most_arrays || depth > most_depth) {
            malformed("its structs are too deep or too many");
        }
        DatasetInfo info;
        info.path = file_.path();
        info.format = "MATLAB v5";
        info.dataset = name;
        if (source.position() == end) {  // how an empty field is written
            info.shape = {0, 0};
            add_other(info, "empty array");
            return;
        }
        const Tag flags_tag = inner_tag(source, end);
        if (flags_tag.type != mi_uint32 || flags_tag.bytes != 8) {
            malformed("an array lacks its flags");
        }
        const std::uint32_t flags = word(source);
        source.skip(4);
        const std::uint32_t array_class = flags & 0xff;
        if (array_class != class_opaque) {
            info.shape = extents(source, end);
        }
        const std::string own_name = text(source, end);
        if (depth == 0) {
            info.dataset = own_name;
            if (own_name.empty()) {
                return;  // what MATLAB keeps for its own use, such as functions' workspaces
            }
        }
        const std::string kind = other_kind(array_class);
        if (array_class == class_struct) {
            structure(source, end, info, depth);
        } else if (!kind.empty()) {
            add_other(info, kind);
        } else {
            numeric(source, end, info, flags);
        }
    }

    void structure(ByteSource& source, Index end, const DatasetInfo& info, int depth) {
        if (std::any_of(info.shape.begin(), info.shape.end(), [](Index n) { return n != 1; })) {
            add_other(info, "struct array");
            return;
        }
        const Tag tag = inner_tag(source, end);
        const Index width = tag.type == mi_int32 && tag.bytes == 4 ? word(source) : 0;
        skip_padding(source, tag, end);
        const std::string names = text(source, end);
        if (width == 0 || static_cast<Index>(names.size()) % width != 0) {
            malformed("the field names of " + info.dataset + " are cut off");
        }
        add_other(info, "struct");
        for (std::size_t place = 0; place < names.size();
             place += static_cast<std::size_t>(width)) {
            const std::string padded = names.substr(place, static_cast<std::size_t>(width));
            const std::string field = padded.substr(0, padded.find('\0'));
            const Tag field_tag = inner_tag(source, end);
            if (field_tag.type != mi_matrix) {
                malformed("field " + field + " of " + info.dataset + " is no array");
            }
            const Index field_end = source.position() + field_tag.bytes;
            matrix(source, field_end, info.dataset + "." + field, depth + 1);
            source.skip(field_end - source.position());
        }
    }

    void numeric(ByteSource& source, Index end, DatasetInfo info, std::uint32_t flags) {
        const std::uint32_t array_class = flags & 0xff;
        set_storage_order(info, true);
        info.type = class_number_type(array_class);
        note_obstacles_of_shape(info);
        if ((flags & complex_flag) != 0) {
            info.type_text = std::string("complex ") + class_name(array_class);
            info.obstacle = "is complex, only real arrays can be read";
            info.type.reset();
        } else if (!info.readable()) {
            info.type_text = type_text(*info.type, big_endian_);
        }
        MatlabArray array = current_;
        if (info.readable()) {
            info.type = stored_type(source, end, info);
            array.data_begin = source.position();
            if ((flags & logical_flag) != 0 && size_of(*info.type) == 1) {
                info.type = NumberType::logical;
            }
            info.type_text = type_text(*info.type, big_endian_);
            if (*info.type != class_number_type(array_class) && (flags & logical_flag) == 0) {
                info.type_text += std::string(", ") + class_name(array_class) + " in MATLAB";
            }
        }
        array.info = std::move(info);
        arrays_.push_back(std::move(array));
    }

    /// Reads the tag in front of the numbers and checks that they are as many as the shape says.
    NumberType stored_type(ByteSource& source, Index end, const DatasetInfo& info) const {
        const Tag tag = inner_tag(source, end);
        const std::optional<NumberType> stored = element_number_type(tag.type);
        if (!stored) {
            malformed(info.dataset + " holds numbers of the unknown type " +
                      std::to_string(tag.type));
        }
        Index entries = 1;
        for (const Index extent : info.shape) {
            entries *= extent;  // cannot overflow: note_obstacles_of_shape has looked
        }
        if (tag.bytes != entries * static_cast<Index>(size_of(*stored))) {
            malformed(info.dataset + " is " + info.shape_text() + " " + to_string(*stored) +
                      " but has " + std::to_string(tag.bytes) + " bytes");
        }
        return *stored;
    }

    void add_other(DatasetInfo info, const std::string& kind) {
        set_storage_order(info, true);
        info.type_text = kind;
        const bool vowel = kind.find_first_of("aeio") == 0;
        info.obstacle = kind == "text"            ? "is text, not numbers"
                        : kind == "struct"        ? "is a struct: name one of its fields"
                        : kind == "unknown class" ? "is of a class that is not known"
                                                  : (vowel ? "is an " : "is a ") + kind +
                                                        ", only full numeric arrays can be read";
        MatlabArray array = current_;
        array.info = std::move(info);
        arrays_.push_back(std::move(array));
    }

    const InputFile& file_;
    bool big_endian_ = false;
    bool swapped_ = false;
    MatlabArray current_;
    std::vector<MatlabArray> arrays_;
};

}  // namespace

std::vector<MatlabArray> matlab_arrays(const InputFile& file) { return Catalogue(file).walk(); }

}  // namespace tessera
