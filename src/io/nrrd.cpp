#include "nrrd.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <set>

#include "dataset_info.hpp"
#include "header_text.hpp"
#include "input_file.hpp"
#include "linear_session.hpp"
#include "stored_array.hpp"
#include "tessera/base/error.hpp"

namespace tessera {

namespace {

constexpr Index most_header_bytes = Index{1} << 20;

/// The lines "field: value" of a header, up to an empty line or, where the data are elsewhere, to
/// the end of the file. Names are in small letters, without blanks.
class NrrdHeader {
  public:
    explicit NrrdHeader(const InputFile& file) : path_(file.path()) {
        const std::string text = file.text(0, most_header_bytes);
        bool first = true;
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find('\n', begin), text.size());
            const std::string line = trimmed(text.substr(begin, end - begin));
            begin = end + 1;
            if (line.empty()) {
                size_ = static_cast<Index>(begin);
                return;
            }
            const std::size_t colon = line.find(':');
            if (!first && line.front() != '#' && colon == std::string::npos) {
                malformed("has the line '" + line.substr(0, 60) + "', expected 'field: value'");
            }
            if (!first && line.front() != '#' && line.substr(colon, 2) != ":=") {
                std::string name = lower_case(line.substr(0, colon));
                std::erase(name, ' ');
                entries_[name] = trimmed(line.substr(colon + 1));
            }
            first = false;
        }
        if (text_of("datafile").empty()) {
            malformed("has no empty line at the end of its header");
        }
    }

    [[noreturn]] void malformed(const std::string& what) const {
        throw IoError(path_ + " is not a proper NRRD file: it " + what);
    }

    [[nodiscard]] Index size() const { return size_; }
    [[nodiscard]] const std::map<std::string, std::string>& entries() const { return entries_; }

    [[nodiscard]] std::string text_of(const std::string& name) const {
        const auto found = entries_.find(name);
        return found == entries_.end() ? std::string() : found->second;
    }

    [[nodiscard]] Index number(const char* name, Index fallback) const {
        const std::string text = text_of(name);
        Index value = fallback;
        if (!text.empty() && !parse_number(text, value)) {
            malformed(std::string("has '") + name + ": " + text + "', expected a whole number");
        }
        return value;
    }

  private:
    const std::string& path_;
    std::map<std::string, std::string> entries_;
    Index size_ = 0;
};

NumberType number_type(const NrrdHeader& header) {
    static const std::map<std::string, NumberType> types = {
        {"signed char", NumberType::int8},
        {"int8", NumberType::int8},
        {"int8_t", NumberType::int8},
        {"uchar", NumberType::uint8},
        {"unsigned char", NumberType::uint8},
        {"uint8", NumberType::uint8},
        {"uint8_t", NumberType::uint8},
        {"short", NumberType::int16},
        {"short int", NumberType::int16},
        {"signed short", NumberType::int16},
        {"signed short int", NumberType::int16},
        {"int16", NumberType::int16},
        {"int16_t", NumberType::int16},
        {"ushort", NumberType::uint16},
        {"unsigned short", NumberType::uint16},
        {"unsigned short int", NumberType::uint16},
        {"uint16", NumberType::uint16},
        {"uint16_t", NumberType::uint16},
        {"int", NumberType::int32},
        {"signed int", NumberType::int32},
        {"int32", NumberType::int32},
        {"int32_t", NumberType::int32},
        {"uint", NumberType::uint32},
        {"unsigned int", NumberType::uint32},
        {"uint32", NumberType::uint32},
        {"uint32_t", NumberType::uint32},
        {"longlong", NumberType::int64},
        {"long long", NumberType::int64},
        {"long long int", NumberType::int64},
        {"signed long long", NumberType::int64},
        {"signed long long int", NumberType::int64},
        {"int64", NumberType::int64},
        {"int64_t", NumberType::int64},
        {"ulonglong", NumberType::uint64},
        {"unsigned long long", NumberType::uint64},
        {"unsigned long long int", NumberType::uint64},
        {"uint64", NumberType::uint64},
        {"uint64_t", NumberType::uint64},
        {"float", NumberType::float32},
        {"double", NumberType::float64}};
    const auto found = types.find(header.text_of("type"));
    if (found == types.end()) {
        header.malformed("has the type '" + header.text_of("type") +
                         "', expected uint8 to uint64, float or double");
    }
    return found->second;
}

/// Length of each axis' step, from "spacings" or from "space directions": (1,0,0) (0,1,0) none.
std::vector<double> spacings(const NrrdHeader& header, std::size_t count) {
    std::vector<double> values;
    std::string text = header.text_of("spacings");
    if (text.empty()) {
        text = header.text_of("spacedirections");
        // Each vector as one word.
        bool inside = false;
        std::erase_if(text, [&](char c) {
            inside = c == '(' || (inside && c != ')');
            return inside && c == ' ';
        });
    }
    for (std::string word : words_of(text)) {
        double sum = 0.0;
        std::replace_if(
            word.begin(), word.end(), [](char c) { return c == '(' || c == ')' || c == ','; }, ' ');
        for (const std::string& part : words_of(word)) {
            double value = 0.0;
            sum += parse_number(part, value) ? value * value : 0.0;
        }
        values.push_back(std::isfinite(sum) && sum > 0.0 ? std::sqrt(sum) : 1.0);
    }
    return values.size() == count ? values : std::vector<double>();
}

/// Words in quotes.
std::vector<std::string> quoted(const std::string& text) {
    std::vector<std::string> words;
    for (std::size_t begin = text.find('"'); begin != std::string::npos;) {
        const std::size_t end = text.find('"', begin + 1);
        if (end == std::string::npos) {
            break;
        }
        words.push_back(text.substr(begin + 1, end - begin - 1));
        begin = text.find('"', end + 1);
    }
    return words;
}

/// For each axis of the file whether its positions are components of one entry.
std::vector<bool> component_axes(const NrrdHeader& header, std::size_t count) {
    static const std::set<std::string> places = {"domain", "space", "time", "???", "none"};
    std::vector<bool> result(count, false);
    const std::vector<std::string> kinds = words_of(lower_case(header.text_of("kinds")));
    for (std::size_t axis = 0; axis < count && kinds.size() == count; ++axis) {
        result[axis] = !places.contains(kinds[axis]);
    }
    return result;
}

void describe_axes(const NrrdHeader& header, DatasetInfo& info) {
    for (const std::string& word : words_of(header.text_of("sizes"))) {
        info.shape.push_back(0);
        if (!parse_number(word, info.shape.back()) || info.shape.back() < 0) {
            header.malformed("has 'sizes: " + header.text_of("sizes") +
                             "', expected whole numbers");
        }
    }
    const std::size_t count = info.shape.size();
    if (count == 0 || header.number("dimension", 0) != static_cast<Index>(count)) {
        header.malformed("has 'dimension: " + header.text_of("dimension") + "' and 'sizes: " +
                         header.text_of("sizes") + "', expected one size per dimension");
    }
    const std::vector<bool> components = component_axes(header, count);
    const auto inner =
        static_cast<std::size_t>(std::count(components.begin(), components.end(), true));
    info.spacing = spacings(header, count);
    std::vector<std::string> units = quoted(header.text_of("units"));
    const std::vector<std::string> space_units = quoted(header.text_of("spaceunits"));
    if (units.size() != count && space_units.size() == count - inner) {
        units.clear();
        for (std::size_t axis = 0, space = 0; axis < count; ++axis) {
            units.push_back(components[axis] ? "" : space_units[space++]);
        }
    }
    if (units.size() == count) {
        info.units = units;
    }
    std::vector<std::string> names = image_axis_names(count - inner);
    std::size_t named = 0;
    for (std::size_t axis = count; axis-- > 0;) {
        info.axes.push_back(!components[axis] ? names[named++]
                            : inner == 1      ? "components"
                                              : "components" + std::to_string(axis));
    }
    std::reverse(info.shape.begin(), info.shape.end());
    std::reverse(info.spacing.begin(), info.spacing.end());
    std::reverse(info.units.begin(), info.units.end());
    set_storage_order(info, false);
}

StoredArray::Coding coding_of(const NrrdHeader& header) {
    const std::string encoding = lower_case(header.text_of("encoding"));
    if (encoding == "raw") {
        return StoredArray::Coding::plain;
    }
    if (encoding == "gz" || encoding == "gzip") {
        return StoredArray::Coding::gzip;
    }
    if (encoding == "txt" || encoding == "text" || encoding == "ascii") {
        return StoredArray::Coding::text;
    }
    header.malformed("has the encoding '" + encoding + "', expected raw, gzip or text");
}

/// Offset behind so many lines.
Index skip_lines(const InputFile& file, Index begin, Index lines) {
    constexpr Index part_bytes = Index{64} << 10;
    while (lines > 0) {
        const std::string part = file.text(begin, part_bytes);
        std::size_t place = 0;
        while (lines > 0 && place != std::string::npos) {
            const std::size_t end = part.find('\n', place);
            place = end == std::string::npos ? end : end + 1;
            lines -= place == std::string::npos ? 0 : 1;
        }
        if (part.empty()) {
            break;
        }
        begin += place == std::string::npos ? static_cast<Index>(part.size())
                                            : static_cast<Index>(place);
    }
    return begin;
}

void locate(const NrrdHeader& header, StoredArray& array) {
    const std::string name = header.text_of("datafile");
    if (name.find('%') != std::string::npos || name.starts_with("LIST")) {
        throw IoError(array.info.path +
                      " keeps its data in a list of files, which cannot be read: save it in one");
    }
    array.data_path = name.empty() ? array.info.path : beside(array.info.path, name);
    const InputFile data(array.data_path);
    array.begin = skip_lines(data, name.empty() ? header.size() : 0, header.number("lineskip", 0));
    array.end = data.size();
    const Index skip = header.number("byteskip", 0);
    if (skip < -1 || (skip != 0 && array.coding == StoredArray::Coding::text)) {
        header.malformed("has 'byte skip: " + std::to_string(skip) + "'");
    }
    if (array.coding == StoredArray::Coding::gzip) {
        // Of a compressed file the unpacked bytes are skipped.
        array.offset = std::max<Index>(skip, 0);
    } else if (skip == -1) {
        const double bytes = byte_count(array.info.shape, size_of(*array.info.type));
        array.begin =
            data.size() - static_cast<Index>(std::min(bytes, static_cast<double>(data.size())));
    } else {
        array.begin += skip;
    }
    if (array.begin > array.end) {
        throw_truncated(array.data_path, static_cast<double>(array.begin),
                        static_cast<double>(array.end));
    }
}

StoredArray describe(const std::string& path) {
    const InputFile file(path);
    const NrrdHeader header(file);
    StoredArray array;
    DatasetInfo& info = array.info;
    info.path = path;
    info.format = "NRRD";
    describe_axes(header, info);
    info.type = number_type(header);
    array.coding = coding_of(header);
    const std::string endian = lower_case(header.text_of("endian"));
    const bool binary = array.coding != StoredArray::Coding::text;
    if (binary && size_of(*info.type) > 1 && endian != "little" && endian != "big") {
        header.malformed("has the endian '" + endian + "', expected little or big");
    }
    const bool big_endian = binary && endian == "big";
    array.swapped =
        binary && !endian.empty() && big_endian != (std::endian::native == std::endian::big);
    info.type_text = type_text(*info.type, big_endian) +
                     (array.coding == StoredArray::Coding::gzip ? ", gzip" : "") +
                     (binary ? "" : ", as text");
    for (const auto& [key, value] : header.entries()) {
        info.attributes.emplace_back(key, value);
    }
    locate(header, array);
    note_obstacles_of_shape(info);
    check_stored_size(array);
    return array;
}

}  // namespace

bool looks_like_nrrd(const std::string& first_bytes) { return first_bytes.starts_with("NRRD000"); }

std::vector<DatasetInfo> list_nrrd(const std::string& path) { return {describe(path).info}; }

std::unique_ptr<TensorReader> open_nrrd(const std::string& path) {
    return open_stored(describe(path));
}

}  // namespace tessera
