#include "hdf5_catalogue.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

#include "dataset_info.hpp"
#include "hdf5_attribute.hpp"
#include "input_file.hpp"
#include "tessera/base/error.hpp"
#include "tomography.hpp"

namespace tessera {

namespace {

using hdf5::Handle;

/// Deeper groups, and more datasets, are taken for damage or for links in a circle.
constexpr int most_depth = 32;
constexpr std::size_t most_arrays = 100000;

bool is_matlab_file(const std::string& path) {
    return InputFile(path).text(0, 16).starts_with("MATLAB 7.3 MAT");
}

std::optional<NumberType> integer_type(std::size_t bytes, bool is_signed) {
    switch (bytes) {
        case 1:
            return is_signed ? NumberType::int8 : NumberType::uint8;
        case 2:
            return is_signed ? NumberType::int16 : NumberType::uint16;
        case 4:
            return is_signed ? NumberType::int32 : NumberType::uint32;
        case 8:
            return is_signed ? NumberType::int64 : NumberType::uint64;
        default:
            return std::nullopt;
    }
}

/// h5py's boolean: an enumeration of one byte with the members FALSE and TRUE.
bool is_boolean(hid_t type) {
    std::array<signed char, 2> values = {-1, -1};
    return H5Tget_size(type) == 1 && H5Tget_nmembers(type) == 2 &&
           H5Tenum_valueof(type, "FALSE", &values[0]) >= 0 &&
           H5Tenum_valueof(type, "TRUE", &values[1]) >= 0 && values[0] == 0 && values[1] == 1;
}

/// Fills in type, text of the type, and the obstacle when the entries are no real numbers.
void describe_type(hid_t type, DatasetInfo& info) {
    static const std::map<H5T_class_t, std::string> others = {
        {H5T_STRING, "text"},          {H5T_COMPOUND, "compound"},
        {H5T_REFERENCE, "references"}, {H5T_VLEN, "lists of varying length"},
        {H5T_ARRAY, "small arrays"},   {H5T_OPAQUE, "opaque"},
        {H5T_BITFIELD, "bit field"},   {H5T_TIME, "time"}};
    const H5T_class_t kind = H5Tget_class(type);
    const std::size_t bytes = H5Tget_size(type);
    if (kind == H5T_FLOAT) {
        // HDF5 widens half precision and narrows long double on the way.
        info.type = bytes <= 4 ? NumberType::float32 : NumberType::float64;
        info.type_text = "float" + std::to_string(8 * bytes);
    } else if (kind == H5T_INTEGER) {
        info.type = integer_type(bytes, H5Tget_sign(type) == H5T_SGN_2);
        info.type_text = info.type ? to_string(*info.type) : "odd integers";
    } else if (kind == H5T_ENUM) {
        const Handle base(H5Tget_super(type), H5Tclose);
        info.type = is_boolean(type) ? NumberType::logical
                                     : integer_type(bytes, H5Tget_sign(base.get()) == H5T_SGN_2);
        info.type_text = is_boolean(type) ? "logical" : "enumeration";
    } else {
        const auto found = others.find(kind);
        info.type_text = found == others.end() ? "an unknown type" : found->second;
    }
    if (info.type && bytes > 1 && H5Tget_order(type) == H5T_ORDER_BE) {
        info.type_text += ", big-endian";
    }
    if (!info.type) {
        info.obstacle = "holds " + info.type_text + ", not real numbers";
    }
}

/// What MATLAB says about the array beside HDF5's type.
void describe_matlab_class(hid_t dataset, DatasetInfo& info) {
    const std::string name = hdf5::attribute_text(dataset, "MATLAB_class");
    static const std::map<std::string, std::string> others = {{"char", "text"},
                                                              {"cell", "cell array"},
                                                              {"struct", "struct array"},
                                                              {"function_handle", "function"}};
    const auto other = others.find(name);
    if (hdf5::has_attribute(dataset, "MATLAB_empty")) {
        info.type_text = other == others.end() ? name : other->second;
        info.obstacle = "is empty";
    } else if (other != others.end()) {
        info.type_text = other->second;
        info.obstacle =
            "is " + std::string(name == "char" ? "" : "a ") + other->second + ", not numbers";
    } else if (name == "logical" && info.type) {
        info.type = NumberType::logical;
        info.type_text = "logical";
    }
    if (name != "logical" && !info.type &&
        H5Tget_class(Handle(H5Dget_type(dataset), H5Tclose).get()) == H5T_COMPOUND) {
        info.type_text = "complex " + name;
        info.obstacle = "is complex, only real arrays can be read";
    }
}

herr_t collect_name(hid_t, const char* name, const H5A_info_t*, void* names) {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
}

/// "theta:y:x" or "theta, y, x" as names of `count` axes; empty when they are not that.
std::vector<std::string> axis_names(const std::string& text, std::size_t count) {
    std::vector<std::string> names;
    std::string name;
    for (const char c : text + ",") {
        if (c == ',' || c == ':') {
            names.push_back(name);
            name.clear();
        } else if (c != ' ') {
            name += c;
        }
    }
    const std::set<std::string> distinct(names.begin(), names.end());
    const auto is_word = [](const std::string& word) {
        return !word.empty() && std::isalpha(static_cast<unsigned char>(word.front())) != 0;
    };
    const bool usable = names.size() == count && distinct.size() == count &&
                        std::all_of(names.begin(), names.end(), is_word);
    return usable ? names : std::vector<std::string>();
}

void describe_attributes(hid_t dataset, DatasetInfo& info) {
    std::vector<std::string> names;
    H5Aiterate2(dataset, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_name, &names);
    for (const std::string& name : names) {
        const std::string value = hdf5::attribute_text(dataset, name);
        info.attributes.emplace_back(name, value);
        // Dimension scales' labels, Data Exchange's "axes", and the "dims" of our own results.
        if ((name == "DIMENSION_LABELS" || name == "axes" || name == "dims") && info.axes.empty()) {
            info.axes = axis_names(value, info.shape.size());
        }
    }
}

/// The filters of the dataset that this HDF5 does not have.
std::string missing_filters(hid_t properties) {
    std::string missing;
    const int filters = H5Pget_nfilters(properties);
    for (int i = 0; i < filters; ++i) {
        unsigned flags = 0;
        unsigned settings = 0;
        std::size_t values = 0;
        std::array<char, 64> name{};
        const H5Z_filter_t filter =
            H5Pget_filter2(properties, static_cast<unsigned>(i), &flags, &values, nullptr,
                           name.size(), name.data(), &settings);
        name.back() = '\0';
        if (filter >= 0 && H5Zfilter_avail(filter) <= 0) {
            missing += (missing.empty() ? "" : ", ") + std::string(name.data()) + " (filter " +
                       std::to_string(filter) + ")";
        }
    }
    return missing;
}

void describe_storage(hid_t dataset, Hdf5Array& array) {
    const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
    DatasetInfo& info = array.info;
    if (!properties.valid() || !info.readable()) {
        return;
    }
    const std::string missing = missing_filters(properties.get());
    if (!missing.empty()) {
        info.obstacle = "is compressed by " + missing +
                        ", which this HDF5 lacks: install its plugin and set HDF5_PLUGIN_PATH, or "
                        "repack the file with h5repack";
    } else if (H5Dget_storage_size(dataset) == 0) {
        info.remark = "nothing was ever written into it, all entries are the fill value";
    }
    const H5D_layout_t layout = H5Pget_layout(properties.get());
    array.contiguous = layout == H5D_CONTIGUOUS && H5Dget_storage_size(dataset) > 0 &&
                       H5Pget_external_count(properties.get()) == 0;
    if (layout == H5D_CHUNKED) {
        std::array<hsize_t, max_order> chunk{};
        const int order = H5Pget_chunk(properties.get(), max_order, chunk.data());
        if (order == array.file_shape.order()) {
            array.chunk = array.file_shape;
            for (int mode = 0; mode < order; ++mode) {
                array.chunk[mode] = static_cast<Index>(chunk[static_cast<std::size_t>(mode)]);
            }
        }
    }
}

Hdf5Array describe(hid_t dataset, const std::string& path, const std::string& object,
                   bool matlab_file) {
    Hdf5Array array;
    array.object = object;
    DatasetInfo& info = array.info;
    info.path = path;
    const bool matlab = matlab_file || hdf5::has_attribute(dataset, "MATLAB_class");
    info.format = matlab ? "MATLAB v7.3" : "HDF5";
    info.dataset = object;
    if (matlab) {
        info.dataset.erase(0, 1);
        std::replace(info.dataset.begin(), info.dataset.end(), '/', '.');
    }
    const Handle space(H5Dget_space(dataset), H5Sclose);
    const Handle type(H5Dget_type(dataset), H5Tclose);
    const int order = H5Sget_simple_extent_ndims(space.get());
    if (!type.valid() || order < 0 || order > H5S_MAX_RANK) {
        info.type_text = "damaged";
        info.obstacle = "has a damaged header";
        return array;
    }
    std::array<hsize_t, H5S_MAX_RANK> extents{};
    H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr);
    bool countable = true;
    for (int mode = 0; mode < order; ++mode) {
        const hsize_t extent = extents[static_cast<std::size_t>(mode)];
        countable = countable && extent < (hsize_t{1} << 60);
        info.shape.push_back(static_cast<Index>(extent));
    }
    if (matlab) {
        std::reverse(info.shape.begin(), info.shape.end());
    }
    set_storage_order(info, matlab);
    describe_type(type.get(), info);
    if (matlab) {
        describe_matlab_class(dataset, info);
    }
    if (info.readable()) {
        note_obstacles_of_shape(info);
    }
    if (!countable) {
        info.obstacle = "has a damaged shape";
    }
    if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) {
        info.obstacle = "has no entries";
    }
    if (info.readable()) {
        array.file_shape = Extents(info.shape);
        for (int mode = 0; mode < order; ++mode) {
            array.file_shape[mode] = static_cast<Index>(extents[static_cast<std::size_t>(mode)]);
        }
    }
    describe_attributes(dataset, info);
    describe_storage(dataset, array);
    return array;
}

/// Walks groups by hard links, in order of their names.
class Walk {
  public:
    Walk(const std::string& path, bool matlab) : path_(path), matlab_(matlab) {}

    void group(hid_t group, const std::string& prefix, int depth) {
        H5G_info_t content = {};
        if (depth > most_depth || H5Gget_info(group, &content) < 0) {
            return;
        }
        for (hsize_t i = 0; i < content.nlinks && arrays.size() < most_arrays; ++i) {
            link(group, i, prefix, depth);
        }
    }

    std::vector<Hdf5Array> arrays;

  private:
    void link(hid_t group_id, hsize_t number, const std::string& prefix, int depth) {
        H5L_info_t info = {};
        if (H5Lget_info_by_idx(group_id, ".", H5_INDEX_NAME, H5_ITER_INC, number, &info,
                               H5P_DEFAULT) < 0 ||
            info.type != H5L_TYPE_HARD) {
            return;
        }
        const ssize_t length = H5Lget_name_by_idx(group_id, ".", H5_INDEX_NAME, H5_ITER_INC, number,
                                                  nullptr, 0, H5P_DEFAULT);
        if (length < 0) {
            return;
        }
        std::string name(static_cast<std::size_t>(length) + 1, '\0');
        H5Lget_name_by_idx(group_id, ".", H5_INDEX_NAME, H5_ITER_INC, number, name.data(),
                           name.size(), H5P_DEFAULT);
        name.resize(static_cast<std::size_t>(length));
        // MATLAB's own book-keeping.
        if (matlab_ && (name == "#refs#" || name == "#subsystem#")) {
            return;
        }
        const Handle object(H5Oopen(group_id, name.c_str(), H5P_DEFAULT), H5Oclose);
        const std::string place = prefix + "/" + name;
        if (!object.valid()) {
            throw IoError("cannot read " + path_ + ":" + place + ": " + hdf5::last_reason());
        }
        if (H5Iget_type(object.get()) == H5I_DATASET) {
            arrays.push_back(describe(object.get(), path_, place, matlab_));
        } else if (H5Iget_type(object.get()) == H5I_GROUP) {
            if (hdf5::has_attribute(object.get(), "MATLAB_sparse")) {
                sparse(place);
                return;
            }
            group(object.get(), place, depth + 1);
        }
    }

    void sparse(const std::string& place) {
        Hdf5Array array;
        array.info.path = path_;
        array.info.format = "MATLAB v7.3";
        array.info.dataset = place.substr(1);
        array.info.type_text = "sparse matrix";
        array.info.obstacle = "is a sparse matrix, only full numeric arrays can be read";
        arrays.push_back(std::move(array));
    }

    const std::string& path_;
    bool matlab_;
};

}  // namespace

Handle open_hdf5_file(const std::string& path) {
    const hdf5::Silence silence;
    Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    if (file.valid()) {
        return file;
    }
    const std::string reason = hdf5::last_reason();
    // "truncated file: eof = 5000, sblock->base_addr = 512, stored_eof = 9999"
    const auto number_after = [&](const char* word) {
        const std::size_t place = reason.find(word);
        return place == std::string::npos
                   ? 0.0
                   : std::strtod(reason.c_str() + place + std::string(word).size(), nullptr);
    };
    if (reason.find("truncated file") != std::string::npos) {
        throw_truncated(path, number_after("base_addr = ") + number_after("stored_eof = "),
                        static_cast<double>(InputFile(path).size()));
    }
    throw IoError("cannot read " + path + " as HDF5: " + reason);
}

std::vector<Hdf5Array> hdf5_arrays(hid_t file, const std::string& path) {
    const hdf5::Silence silence;
    Walk walk(path, is_matlab_file(path));
    const Handle root(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose);
    walk.group(root.get(), "", 0);
    for (Hdf5Array& array : walk.arrays) {
        recognise_tomography(file, array);
    }
    return std::move(walk.arrays);
}

Hdf5Array hdf5_array(hid_t file, const std::string& path, const std::string& object) {
    const hdf5::Silence silence;
    const std::string place = object.starts_with('/') ? object : "/" + object;
    if (!hdf5::exists(file, place)) {
        return {};
    }
    const Handle opened(H5Oopen(file, place.c_str(), H5P_DEFAULT), H5Oclose);
    if (!opened.valid() || H5Iget_type(opened.get()) != H5I_DATASET) {
        return {};
    }
    Hdf5Array array = describe(opened.get(), path, place, is_matlab_file(path));
    recognise_tomography(file, array);
    return array;
}

}  // namespace tessera
