#include "envi.hpp"

#include <algorithm>
#include <bit>
#include <cctype>
#include <filesystem>
#include <map>

#include "dataset_info.hpp"
#include "envi_header.hpp"
#include "linear_session.hpp"
#include "tessera/base/error.hpp"

namespace tessera {

namespace {

namespace fs = std::filesystem;

/// A header is text of some kilobytes; a data file that begins with "ENVI" is not read as one.
constexpr Index most_header_bytes = Index{64} << 20;
constexpr const char* data_suffixes[] = {"",     ".raw", ".img", ".dat", ".bsq",
                                         ".bil", ".bip", ".bin", ".sli"};

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

bool is_file(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

/// The data files that may belong to a header: x.hdr has x, x.raw, x.img, ..., in small or capital
/// letters.
std::vector<std::string> data_candidates(const std::string& header_path) {
    const std::string stem = fs::path(header_path).replace_extension().string();
    std::vector<std::string> found;
    for (const std::string suffix : data_suffixes) {
        for (const std::string& candidate : {stem + suffix, stem + upper(suffix)}) {
            if (candidate != header_path && is_file(candidate) &&
                std::find(found.begin(), found.end(), candidate) == found.end()) {
                found.push_back(candidate);
            }
        }
    }
    return found;
}

struct EnviPair {
    std::string header;
    std::string data;  ///< empty until it is looked for
};

/// `path` is the header or the data file.
EnviPair locate(const std::string& path) {
    if (looks_like_envi(InputFile(path).text(0, 16))) {
        return {path, {}};
    }
    return {envi_header_of(path), path};
}

NumberType number_type(Index code, const std::string& path) {
    static const std::map<Index, NumberType> types = {
        {1, NumberType::uint8},   {2, NumberType::int16},   {3, NumberType::int32},
        {4, NumberType::float32}, {5, NumberType::float64}, {12, NumberType::uint16},
        {13, NumberType::uint32}, {14, NumberType::int64},  {15, NumberType::uint64}};
    const auto found = types.find(code);
    if (found == types.end()) {
        throw IoError(path + ": data type " + std::to_string(code) +
                      (code == 6 || code == 9 ? " is complex" : " is unknown") +
                      ", expected 1, 2, 3, 4, 5, 12, 13, 14 or 15");
    }
    return found->second;
}

/// The data file among several of the right name: the only one of exactly the right size, or else
/// the first.
std::string choose_data(const std::string& header_path, double expected_bytes,
                        std::string& remark) {
    const std::vector<std::string> candidates = data_candidates(header_path);
    if (candidates.empty()) {
        throw IoError(header_path + " is an ENVI header without a data file: expected " +
                      fs::path(header_path).replace_extension(".raw").filename().string() +
                      " (or .img, .dat, .bsq, .bil, .bip, or no suffix) beside it");
    }
    std::vector<std::string> fitting;
    for (const std::string& candidate : candidates) {
        std::error_code ignored;
        if (static_cast<double>(fs::file_size(candidate, ignored)) == expected_bytes) {
            fitting.push_back(candidate);
        }
    }
    std::string chosen = fitting.empty() ? candidates.front() : fitting.front();
    if (fitting.size() > 1) {
        remark = "of the data files that fit the header " + fs::path(chosen).filename().string() +
                 " was taken, name another instead of the header to read that";
    }
    return chosen;
}

struct EnviArray {
    DatasetInfo info;
    LinearLayout layout;
    std::string data_path;
};

void describe_layout(const EnviHeader& header, const std::string& path, EnviArray& array) {
    DatasetInfo& info = array.info;
    info.path = path;
    info.format = "ENVI";
    info.shape = {header.number("lines"), header.number("samples"), header.number("bands")};
    info.axes = {"rows", "cols", "bands"};
    const std::string interleave = lower(header.text("interleave"));
    if (interleave == "bsq") {
        info.storage_order = {2, 0, 1};
    } else if (interleave == "bil") {
        info.storage_order = {0, 2, 1};
    } else if (interleave == "bip") {
        info.storage_order = {0, 1, 2};
    } else {
        throw IoError(path + ": interleave is '" + interleave + "', expected bsq, bil or bip");
    }
    const Index byte_order = header.number("byte order", 0);
    if (byte_order > 1) {
        throw IoError(path + ": byte order is " + std::to_string(byte_order) + ", expected 0 or 1");
    }
    info.type = number_type(header.number("data type"), path);
    info.type_text = type_text(*info.type, byte_order == 1) + ", " + interleave;
    array.layout.type = *info.type;
    array.layout.offset = header.number("header offset", 0);
    array.layout.swapped = (byte_order == 1) != (std::endian::native == std::endian::big);
    for (const char* key : {"file compression", "major frame offsets", "minor frame offsets"}) {
        const std::string value = header.text(key);
        if (value.find_first_of("123456789") != std::string::npos) {
            throw IoError(path + ": '" + key + " = " + value +
                          "' cannot be read, write the cube without it");
        }
    }
}

void describe_bands(const EnviHeader& header, EnviArray& array) {
    DatasetInfo& info = array.info;
    const std::size_t bands = static_cast<std::size_t>(info.shape[2]);
    info.wavelengths = header.list("wavelength");
    info.wavelength_unit = header.text("wavelength units");
    if (info.wavelengths.size() != bands && header.has("wavelength")) {
        info.remark = "its " + std::to_string(info.wavelengths.size()) +
                      " readable wavelengths do not match its " + std::to_string(bands) +
                      " bands and are left out";
        info.wavelengths.clear();
    }
    for (const auto& [key, value] : header.entries()) {
        if (key != "wavelength") {
            info.attributes.emplace_back(key, value);
        }
    }
}

EnviArray describe(const std::string& path) {
    const EnviPair pair = locate(path);
    const InputFile header_file(pair.header);
    if (header_file.size() > most_header_bytes) {
        throw IoError(pair.header + " is too large for an ENVI header");
    }
    const EnviHeader header(header_file.text(0, most_header_bytes), pair.header);
    EnviArray array;
    describe_layout(header, pair.header, array);
    describe_bands(header, array);
    const double expected = static_cast<double>(array.layout.offset) +
                            byte_count(array.info.shape, size_of(array.layout.type));
    array.data_path =
        pair.data.empty() ? choose_data(pair.header, expected, array.info.remark) : pair.data;
    const InputFile data(array.data_path);
    check_file_size(data, array.layout, array.info.shape);
    if (static_cast<double>(data.size()) > expected) {
        array.info.remark = fs::path(array.data_path).filename().string() + " has " +
                            std::to_string(data.size()) + " bytes, more than the " +
                            std::to_string(static_cast<Index>(expected)) +
                            " that its header accounts for";
    }
    note_obstacles_of_shape(array.info);
    return array;
}

class EnviReader : public TensorReader {
  public:
    explicit EnviReader(EnviArray array)
        : TensorReader(std::move(array.info)),
          layout_(array.layout),
          data_path_(std::move(array.data_path)) {}

  private:
    [[nodiscard]] std::unique_ptr<ReadSession> start(const StorageShape& storage,
                                                     const Communicator&) const override {
        InputFile file(data_path_);
        check_file_size(file, layout_, info().shape);
        return std::make_unique<LinearSession>(std::move(file), layout_, storage);
    }

    LinearLayout layout_;
    std::string data_path_;
};

}  // namespace

bool looks_like_envi(const std::string& first_bytes) {
    return first_bytes.starts_with("ENVI") &&
           (first_bytes.size() == 4 || std::isspace(static_cast<unsigned char>(first_bytes[4])));
}

std::string envi_header_of(const std::string& data_path) {
    for (const std::string& candidate :
         {data_path + ".hdr", fs::path(data_path).replace_extension(".hdr").string(),
          data_path + ".HDR", fs::path(data_path).replace_extension(".HDR").string()}) {
        if (candidate != data_path && is_file(candidate) &&
            looks_like_envi(InputFile(candidate).text(0, 16))) {
            return candidate;
        }
    }
    return {};
}

std::vector<DatasetInfo> list_envi(const std::string& path) { return {describe(path).info}; }

std::unique_ptr<TensorReader> open_envi(const std::string& path) {
    EnviArray array = describe(path);
    require_readable(array.info);
    return std::make_unique<EnviReader>(std::move(array));
}

}  // namespace tessera
