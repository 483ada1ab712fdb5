#include "npy.hpp"

#include <bit>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

#include "dataset_info.hpp"
#include "linear_session.hpp"
#include "tessera/base/error.hpp"

namespace tessera {

namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t version_bytes = 2;
/// NumPy itself refuses headers from 10000 characters on unless told that the file can be trusted.
constexpr Index most_header_bytes = 1 << 20;

struct NpyHeader {
    std::string descr;  ///< empty when it is a list of fields
    bool fortran_order = false;
    std::vector<Index> shape;
    Index data_offset = 0;
};

/// Reads the header's Python dictionary, of which only literals are allowed:
///     {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class NpyDictionary {
  public:
    NpyDictionary(std::string_view text, const std::string& path) : text_(text), path_(path) {}

    void parse(NpyHeader& header) {
        expect('{');
        bool has_descr = false;
        bool has_order = false;
        bool has_shape = false;
        while (!accept('}')) {
            const std::string key = string();
            expect(':');
            if (key == "descr") {
                has_descr = true;
                header.descr = descr();
            } else if (key == "fortran_order") {
                has_order = true;
                header.fortran_order = boolean();
            } else if (key == "shape") {
                has_shape = true;
                header.shape = tuple();
            } else {
                malformed("has the unknown key '" + key + "'");
            }
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        if (!has_descr || !has_order || !has_shape) {
            malformed("lacks one of descr, fortran_order and shape");
        }
    }

  private:
    [[noreturn]] void malformed(const std::string& what) const {
        throw IoError(path_ + " is not a proper NPY file: its header " + what);
    }

    void skip_blanks() {
        while (place_ < text_.size() && (text_[place_] == ' ' || text_[place_] == '\n')) {
            ++place_;
        }
    }

    bool accept(char wanted) {
        skip_blanks();
        if (place_ < text_.size() && text_[place_] == wanted) {
            ++place_;
            return true;
        }
        return false;
    }

    void expect(char wanted) {
        if (!accept(wanted)) {
            malformed(std::string("has no '") + wanted + "' at character " +
                      std::to_string(place_ + 1));
        }
    }

    bool accept_word(std::string_view word) {
        skip_blanks();
        if (text_.substr(place_, word.size()) == word) {
            place_ += word.size();
            return true;
        }
        return false;
    }

    std::string string() {
        skip_blanks();
        const char quote = place_ < text_.size() ? text_[place_] : '\0';
        const std::size_t end =
            quote == '\'' || quote == '"' ? text_.find(quote, place_ + 1) : std::string_view::npos;
        if (end == std::string_view::npos) {
            malformed("has no text in quotes at character " + std::to_string(place_ + 1));
        }
        std::string result(text_.substr(place_ + 1, end - place_ - 1));
        place_ = end + 1;
        return result;
    }

    /// The type's name, or nothing for the list of fields of a structured array, which is skipped.
    std::string descr() {
        if (!accept('[')) {
            return string();
        }
        int depth = 1;
        while (depth > 0) {
            skip_blanks();
            if (place_ >= text_.size()) {
                malformed("has a list of fields without end");
            }
            const char c = text_[place_];
            if (c == '\'' || c == '"') {
                (void)string();
                continue;
            }
            depth += c == '[' ? 1 : c == ']' ? -1 : 0;
            ++place_;
        }
        return {};
    }

    bool boolean() {
        if (accept_word("True")) {
            return true;
        }
        if (!accept_word("False")) {
            malformed("has a fortran_order that is neither True nor False");
        }
        return false;
    }

    std::vector<Index> tuple() {
        std::vector<Index> values;
        expect('(');
        while (!accept(')')) {
            skip_blanks();
            Index value = 0;
            const char* begin = text_.data() + place_;
            const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
            if (error != std::errc() || value < 0) {
                malformed("has a shape that is not a list of whole numbers");
            }
            values.push_back(value);
            place_ += static_cast<std::size_t>(end - begin);
            accept('L');  // of long integers in Python 2
            if (!accept(',')) {
                expect(')');
                break;
            }
        }
        return values;
    }

    std::string_view text_;
    const std::string& path_;
    std::size_t place_ = 0;
};

using TextAt = std::function<std::string(Index offset, Index bytes)>;

NpyHeader read_header(const std::string& name, Index size, const TextAt& text_at) {
    const std::string start = text_at(0, static_cast<Index>(magic.size() + version_bytes) + 4);
    const auto byte = [&](std::size_t i) {
        return i < start.size() ? static_cast<Index>(static_cast<unsigned char>(start[i])) : 0;
    };
    const Index version = byte(magic.size());
    if (!looks_like_npy(start) || version < 1 || version > 3) {
        throw IoError(name + " is not an NPY file of version 1, 2 or 3");
    }
    const std::size_t place = magic.size() + version_bytes;
    Index length = byte(place) + (byte(place + 1) << 8);
    Index begin = static_cast<Index>(place) + 2;
    if (version > 1) {
        length += (byte(place + 2) << 16) + (byte(place + 3) << 24);
        begin += 2;
    }
    if (begin > size) {
        throw_truncated(name, static_cast<double>(begin), static_cast<double>(size));
    }
    NpyHeader header;
    header.data_offset = begin + length;
    if (header.data_offset > size) {
        throw_truncated(name, static_cast<double>(header.data_offset), static_cast<double>(size));
    }
    if (length > most_header_bytes) {
        throw IoError(name + " is not a proper NPY file: its header has " + std::to_string(length) +
                      " bytes");
    }
    const std::string text = text_at(begin, length);
    NpyDictionary(text, name).parse(header);
    return header;
}

std::optional<NumberType> number_type(std::string_view code) {
    static const std::map<std::string_view, NumberType> types = {
        {"b1", NumberType::logical}, {"i1", NumberType::int8},    {"u1", NumberType::uint8},
        {"i2", NumberType::int16},   {"u2", NumberType::uint16},  {"i4", NumberType::int32},
        {"u4", NumberType::uint32},  {"i8", NumberType::int64},   {"u8", NumberType::uint64},
        {"f4", NumberType::float32}, {"f8", NumberType::float64},
    };
    const auto found = types.find(code);
    return found == types.end() ? std::nullopt : std::optional(found->second);
}

NpyArray describe(const InputFile& file) {
    return describe_npy(file.path(), file.size(),
                        [&](Index offset, Index bytes) { return file.text(offset, bytes); });
}

class NpyReader : public TensorReader {
  public:
    explicit NpyReader(NpyArray array)
        : TensorReader(std::move(array.info)), layout_(array.layout) {}

  private:
    [[nodiscard]] std::unique_ptr<ReadSession> start(const StorageShape& storage,
                                                     const Communicator&) const override {
        InputFile file(info().path);
        check_file_size(file, layout_, info().shape);
        return std::make_unique<LinearSession>(std::move(file), layout_, storage);
    }

    LinearLayout layout_;
};

}  // namespace

NpyArray describe_npy(const std::string& name, Index size, const TextAt& text_at) {
    const NpyHeader header = read_header(name, size, text_at);
    NpyArray array;
    DatasetInfo& info = array.info;
    info.path = name;
    info.format = "NPY";
    info.shape = header.shape;
    set_storage_order(info, header.fortran_order);
    array.layout.offset = header.data_offset;

    std::string_view code = header.descr;
    bool big_endian = std::endian::native == std::endian::big;
    if (!code.empty() && std::string_view("<>|=").find(code[0]) != std::string_view::npos) {
        big_endian = code[0] == '>' || (code[0] != '<' && big_endian);
        code.remove_prefix(1);
    }
    info.type = number_type(code);
    if (!info.type) {
        info.type_text = code.empty() ? "structured" : "NumPy type '" + header.descr + "'";
        info.obstacle = code.empty() ? "is a structured array: save one field of it with numpy.save"
                                     : "has the " + info.type_text +
                                           ": save it as float32, float64 or integers";
        return array;
    }
    array.layout.type = *info.type;
    array.layout.swapped = big_endian != (std::endian::native == std::endian::big);
    info.type_text = type_text(*info.type, big_endian);
    const double expected =
        static_cast<double>(header.data_offset) + byte_count(info.shape, size_of(*info.type));
    if (expected > static_cast<double>(size)) {
        throw_truncated(name, expected, static_cast<double>(size));
    }
    note_obstacles_of_shape(info);
    return array;
}

bool looks_like_npy(const std::string& first_bytes) { return first_bytes.starts_with(magic); }

std::vector<DatasetInfo> list_npy(const std::string& path) {
    return {describe(InputFile(path)).info};
}

std::unique_ptr<TensorReader> open_npy(const std::string& path) {
    NpyArray array = describe(InputFile(path));
    require_readable(array.info);
    return std::make_unique<NpyReader>(std::move(array));
}

}  // namespace tessera
