#include "meta_image.hpp"

#include <algorithm>
#include <bit>
#include <map>

#include "byte_source.hpp"
#include "dataset_info.hpp"
#include "header_text.hpp"
#include "linear_session.hpp"
#include "stored_array.hpp"
#include "tessera/base/error.hpp"

namespace tessera {

namespace {

constexpr Index most_header_bytes = Index{1} << 20;

/// The lines "Key = Value" of a header; ElementDataFile is the last.
class MetaHeader {
  public:
    explicit MetaHeader(const InputFile& file) : path_(file.path()) {
        const std::string text = file.text(0, most_header_bytes);
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = text.find('\n', begin);
            const std::string line = text.substr(begin, end - begin);
            const std::size_t sign = line.find('=');
            if (sign == std::string::npos) {
                malformed("has a line without '=' in its header");
            }
            const std::string key = trimmed(line.substr(0, sign));
            entries_[key] = trimmed(line.substr(sign + 1));
            begin = end == std::string::npos ? text.size() : end + 1;
            if (key == "ElementDataFile") {
                size_ = static_cast<Index>(begin);
                return;
            }
        }
        malformed("has no ElementDataFile at the end of its header");
    }

    [[noreturn]] void malformed(const std::string& what) const {
        throw IoError(path_ + " is not a proper MetaImage: it " + what);
    }

    /// In bytes.
    [[nodiscard]] Index size() const { return size_; }
    [[nodiscard]] const std::map<std::string, std::string>& entries() const { return entries_; }

    /// The first of several names that is there; empty when none is.
    [[nodiscard]] std::string text(std::initializer_list<const char*> keys) const {
        for (const char* key : keys) {
            const auto found = entries_.find(key);
            if (found != entries_.end()) {
                return found->second;
            }
        }
        return {};
    }

    [[nodiscard]] bool flag(std::initializer_list<const char*> keys, bool fallback) const {
        const std::string value = lower_case(text(keys));
        if (value.empty()) {
            return fallback;
        }
        if (value != "true" && value != "false" && value != "1" && value != "0") {
            malformed(std::string("has ") + *keys.begin() + " = " + value +
                      ", expected True or False");
        }
        return value == "true" || value == "1";
    }

    template <typename T>
    [[nodiscard]] std::vector<T> numbers(std::initializer_list<const char*> keys) const {
        std::vector<T> values;
        for (const std::string& word : words_of(text(keys))) {
            values.emplace_back();
            if (!parse_number(word, values.back())) {
                malformed(std::string("has ") + *keys.begin() + " = " + text(keys) +
                          ", expected numbers");
            }
        }
        return values;
    }

    [[nodiscard]] Index number(const char* key, Index fallback) const {
        const std::vector<Index> values = numbers<Index>({key});
        return values.size() == 1 ? values.front() : fallback;
    }

  private:
    const std::string& path_;
    std::map<std::string, std::string> entries_;
    Index size_ = 0;
};

NumberType number_type(const MetaHeader& header) {
    static const std::map<std::string, NumberType> types = {
        {"MET_CHAR", NumberType::int8},       {"MET_UCHAR", NumberType::uint8},
        {"MET_SHORT", NumberType::int16},     {"MET_USHORT", NumberType::uint16},
        {"MET_INT", NumberType::int32},       {"MET_UINT", NumberType::uint32},
        {"MET_LONG", NumberType::int32},      {"MET_ULONG", NumberType::uint32},
        {"MET_LONG_LONG", NumberType::int64}, {"MET_ULONG_LONG", NumberType::uint64},
        {"MET_FLOAT", NumberType::float32},   {"MET_DOUBLE", NumberType::float64}};
    // "MET_FLOAT_ARRAY" is the old way to say that an entry has several components.
    std::string name = header.text({"ElementType"});
    constexpr std::string_view array = "_ARRAY";
    if (name.ends_with(array)) {
        name.resize(name.size() - array.size());
    }
    const auto found = types.find(name);
    if (found == types.end()) {
        header.malformed("has the ElementType '" + name + "', expected MET_UCHAR to MET_DOUBLE");
    }
    return found->second;
}

/// Reverses MetaImage's x, y, z where it is there for each axis.
std::vector<double> reversed_lengths(const MetaHeader& header,
                                     std::initializer_list<const char*> keys, std::size_t count) {
    std::vector<double> values = header.numbers<double>(keys);
    if (values.size() != count) {
        return {};
    }
    std::reverse(values.begin(), values.end());
    return values;
}

void describe_axes(const MetaHeader& header, DatasetInfo& info) {
    info.shape = header.numbers<Index>({"DimSize"});
    const std::size_t count = info.shape.size();
    if (count == 0 || header.number("NDims", 0) != static_cast<Index>(count) ||
        *std::min_element(info.shape.begin(), info.shape.end()) < 0) {
        header.malformed("has NDims = " + header.text({"NDims"}) + " and DimSize = " +
                         header.text({"DimSize"}) + ", expected one size per dimension");
    }
    std::reverse(info.shape.begin(), info.shape.end());
    info.axes = image_axis_names(count);
    info.spacing = reversed_lengths(header, {"ElementSpacing", "ElementSize"}, count);
    info.origin = reversed_lengths(header, {"Offset", "Position", "Origin"}, count);
    info.units.assign(count, "mm");
    const Index components = header.number("ElementNumberOfChannels", 1);
    if (components < 1) {
        header.malformed("has ElementNumberOfChannels = " + std::to_string(components));
    }
    if (components > 1) {
        info.shape.push_back(components);
        info.axes.emplace_back("components");
        info.units.emplace_back();
        if (!info.spacing.empty()) {
            info.spacing.push_back(1.0);
        }
        if (!info.origin.empty()) {
            info.origin.push_back(0.0);
        }
    }
    set_storage_order(info, false);
}

/// Where the numbers are.
void locate(const MetaHeader& header, StoredArray& array) {
    const std::string name = header.text({"ElementDataFile"});
    const bool local = lower_case(name) == "local";
    if (!local && (name.empty() || name.find('%') != std::string::npos || name == "LIST" ||
                   words_of(name).size() > 1)) {
        throw IoError(array.info.path +
                      " keeps its data in a list of files, which cannot be read: save it in one");
    }
    array.data_path = local ? array.info.path : beside(array.info.path, name);
    const InputFile data(array.data_path);
    array.begin = local ? header.size() : 0;
    array.end = data.size();
    const Index skip = header.number("HeaderSize", 0);
    if (skip > 0) {
        array.begin = skip;
    } else if (skip == -1) {
        // The numbers are at the end of the file, behind a header of another format.
        array.begin = data.size() - static_cast<Index>(std::min(
                                        byte_count(array.info.shape, size_of(*array.info.type)),
                                        static_cast<double>(data.size())));
    }
    if (array.begin > array.end) {
        throw_truncated(array.data_path, static_cast<double>(array.begin),
                        static_cast<double>(array.end));
    }
    if (array.coding == StoredArray::Coding::zlib) {
        const Index packed = header.number("CompressedDataSize", 0);
        if (packed > 0) {
            array.end = array.begin + packed;
        }
        if (looks_like_gzip(data.text(array.begin, 2))) {
            array.coding = StoredArray::Coding::gzip;
        }
    }
}

StoredArray describe(const std::string& path) {
    const InputFile file(path);
    const MetaHeader header(file);
    StoredArray array;
    DatasetInfo& info = array.info;
    info.path = path;
    info.format = "MetaImage";
    describe_axes(header, info);
    info.type = number_type(header);
    const bool big_endian = header.flag({"BinaryDataByteOrderMSB", "ElementByteOrderMSB"}, false);
    array.swapped = big_endian != (std::endian::native == std::endian::big);
    info.type_text = type_text(*info.type, big_endian);
    if (!header.flag({"BinaryData"}, true)) {
        array.coding = StoredArray::Coding::text;
        array.swapped = false;
        info.type_text = type_text(*info.type, false) + ", as text";
    } else if (header.flag({"CompressedData"}, false)) {
        array.coding = StoredArray::Coding::zlib;
        info.type_text += ", zlib";
    }
    for (const auto& [key, value] : header.entries()) {
        info.attributes.emplace_back(key, value);
    }
    locate(header, array);
    note_obstacles_of_shape(info);
    check_stored_size(array);
    return array;
}

}  // namespace

bool looks_like_meta_image(const std::string& first_bytes) {
    // The first key is one of these; comments are not allowed.
    for (const char* key : {"ObjectType", "NDims", "Comment"}) {
        if (first_bytes.starts_with(key) &&
            trimmed(first_bytes.substr(std::string_view(key).size(), 4)).starts_with('=')) {
            return true;
        }
    }
    return false;
}

std::vector<DatasetInfo> list_meta_image(const std::string& path) { return {describe(path).info}; }

std::unique_ptr<TensorReader> open_meta_image(const std::string& path) {
    return open_stored(describe(path));
}

}  // namespace tessera
