#include "hdf5_attribute.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "hdf5_handle.hpp"

namespace tessera::hdf5 {
namespace {

bool is_ascii(const std::string& text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 128; });
}

std::string join(const std::vector<std::string>& words, bool cut) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : ", ") + word;
    }
    return cut ? text + ", ..." : text;
}

std::string number_text(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.17g", value);
    // The shortest form that reads back as the same number.
    for (int digits = 1; digits < 17; ++digits) {
        std::array<char, 32> shorter{};
        std::snprintf(shorter.data(), shorter.size(), "%.*g", digits, value);
        if (std::strtod(shorter.data(), nullptr) == value) {
            return shorter.data();
        }
    }
    return text.data();
}

std::string string_attribute(hid_t attribute, hid_t type, Index count, Index shown) {
    std::vector<std::string> words;
    if (H5Tis_variable_str(type) > 0) {
        std::vector<char*> pointers(static_cast<std::size_t>(count), nullptr);
        const Handle memory(H5Tcopy(type), H5Tclose);
        if (H5Aread(attribute, memory.get(), pointers.data()) < 0) {
            return "(not readable)";
        }
        for (Index i = 0; i < shown; ++i) {
            const char* word = pointers[static_cast<std::size_t>(i)];
            words.emplace_back(word == nullptr ? "" : word);
        }
        const Handle space(H5Aget_space(attribute), H5Sclose);
        H5Dvlen_reclaim(memory.get(), space.get(), H5P_DEFAULT, pointers.data());
    } else {
        const std::size_t length = H5Tget_size(type);
        std::string buffer(length * static_cast<std::size_t>(count), '\0');
        if (H5Aread(attribute, type, buffer.data()) < 0) {
            return "(not readable)";
        }
        for (Index i = 0; i < shown; ++i) {
            std::string word = buffer.substr(static_cast<std::size_t>(i) * length, length);
            word.erase(std::find(word.begin(), word.end(), '\0'), word.end());
            words.push_back(word);
        }
    }
    return join(words, shown < count);
}

std::string numeric_attribute(hid_t attribute, H5T_class_t kind, Index count, Index shown) {
    std::vector<std::string> words;
    const auto entries = static_cast<std::size_t>(count);
    if (kind == H5T_INTEGER) {
        std::vector<long long> values(entries);
        if (H5Aread(attribute, H5T_NATIVE_LLONG, values.data()) < 0) {
            return "(not readable)";
        }
        for (std::size_t i = 0; i < static_cast<std::size_t>(shown); ++i) {
            words.push_back(std::to_string(values[i]));
        }
    } else {
        std::vector<double> values(entries);
        if (H5Aread(attribute, H5T_NATIVE_DOUBLE, values.data()) < 0) {
            return "(not readable)";
        }
        for (std::size_t i = 0; i < static_cast<std::size_t>(shown); ++i) {
            words.push_back(number_text(values[i]));
        }
    }
    return join(words, shown < count);
}

void write_string_attribute(hid_t object, const std::string& name,
                            const std::vector<std::string>& values, hid_t space) {
    const std::string action = "write attribute " + name;
    const Silence silence;
    std::size_t length = 1;
    bool ascii = true;
    for (const std::string& value : values) {
        length = std::max(length, value.size());
        ascii = ascii && is_ascii(value);
    }
    std::string buffer;
    for (const std::string& value : values) {
        buffer += value + std::string(length - value.size(), '\0');
    }
    const Handle type = checked(H5Tcopy(H5T_C_S1), H5Tclose, action);
    check(H5Tset_size(type.get(), length), action);
    check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), action);
    check(H5Tset_cset(type.get(), ascii ? H5T_CSET_ASCII : H5T_CSET_UTF8), action);
    const Handle attribute =
        checked(H5Acreate2(object, name.c_str(), type.get(), space, H5P_DEFAULT, H5P_DEFAULT),
                H5Aclose, action);
    check(H5Awrite(attribute.get(), type.get(), buffer.data()), action);
}

}  // namespace

void write_attribute(hid_t object, const std::string& name, const std::string& value) {
    const Handle space = dataspace(Extents{});
    write_string_attribute(object, name, {value}, space.get());
}

void write_attribute(hid_t object, const std::string& name,
                     const std::vector<std::string>& values) {
    const Handle space = dataspace(Extents{static_cast<Index>(values.size())});
    write_string_attribute(object, name, values, space.get());
}

template <typename T>
void write_attribute(hid_t object, const std::string& name, const std::vector<T>& values) {
    const std::string action = "write attribute " + name;
    const Silence silence;
    const Handle space =
        dataspace(values.size() == 1 ? Extents{} : Extents{static_cast<Index>(values.size())});
    const Handle attribute = checked(
        H5Acreate2(object, name.c_str(), native_type<T>(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
        H5Aclose, action);
    check(H5Awrite(attribute.get(), native_type<T>(), values.data()), action);
}

bool has_attribute(hid_t object, const std::string& name) {
    const Silence silence;
    return H5Aexists(object, name.c_str()) > 0;
}

std::string attribute_text(hid_t object, const std::string& name, Index most_values) {
    const Silence silence;
    std::string unreadable = "(not readable)";
    const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
    if (!attribute.valid()) {
        return unreadable;
    }
    const Handle type(H5Aget_type(attribute.get()), H5Tclose);
    const Handle space(H5Aget_space(attribute.get()), H5Sclose);
    const Index count = space.valid() ? H5Sget_simple_extent_npoints(space.get()) : -1;
    // Larger than HDF5 itself allows in an attribute: a damaged file.
    constexpr Index most_entries = 1 << 20;
    if (!type.valid() || count < 0 || count > most_entries) {
        return unreadable;
    }
    // A damaged type; HDF5 would read beyond the attribute's end.
    if (H5Aget_storage_size(attribute.get()) <
        H5Tget_size(type.get()) * static_cast<std::size_t>(count)) {
        return unreadable;
    }
    const Index shown = std::min(count, most_values);
    const H5T_class_t kind = H5Tget_class(type.get());
    if (kind == H5T_STRING) {
        return string_attribute(attribute.get(), type.get(), count, shown);
    }
    if (kind == H5T_INTEGER || kind == H5T_FLOAT) {
        return numeric_attribute(attribute.get(), kind, count, shown);
    }
    return unreadable;
}

template void write_attribute<int>(hid_t, const std::string&, const std::vector<int>&);
template void write_attribute<std::int64_t>(hid_t, const std::string&,
                                            const std::vector<std::int64_t>&);
template void write_attribute<double>(hid_t, const std::string&, const std::vector<double>&);

}  // namespace tessera::hdf5
