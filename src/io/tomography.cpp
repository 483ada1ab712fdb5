#include "tomography.hpp"

#include <algorithm>
#include <map>

namespace tessera {

namespace {

using hdf5::Handle;

/// Frames of a scan; more are taken for damage.
constexpr Index most_frames = Index{1} << 24;

/// "/a/b" and "c" of "/a/b/c".
struct Place {
    std::string group;
    std::string name;
};

Place place_of(const std::string& object) {
    const std::size_t slash = object.rfind('/');
    return {object.substr(0, slash), object.substr(slash + 1)};
}

void recognise_exchange(hid_t file, const Place& place, Hdf5Array& array) {
    static const std::map<std::string, std::string> meanings = {
        {"data", "projections"},
        {"data_white", "flat fields, without the sample"},
        {"data_dark", "dark fields, without the beam"},
        {"theta", "angle of each projection"}};
    DatasetInfo& info = array.info;
    const auto found = meanings.find(place.name);
    // A file without angles and flat fields may hold a reconstruction under the same name.
    const bool measured =
        hdf5::exists(file, "/exchange/data") &&
        (hdf5::exists(file, "/exchange/theta") || hdf5::exists(file, "/exchange/data_white"));
    if (found == meanings.end() || !measured) {
        return;
    }
    info.format = "HDF5, Data Exchange";
    info.meaning = found->second;
    info.principal = place.name == "data";
    if (info.principal && info.axes.empty() && info.shape.size() == 3) {
        info.axes = {"theta", "y", "x"};
    }
}

/// The numbers of a list; empty when it is none.
std::vector<int> read_list(hid_t file, const std::string& object) {
    const Handle dataset(H5Dopen2(file, object.c_str(), H5P_DEFAULT), H5Dclose);
    if (!dataset.valid()) {
        return {};
    }
    const Handle space(H5Dget_space(dataset.get()), H5Sclose);
    const Handle type(H5Dget_type(dataset.get()), H5Tclose);
    const hssize_t count = H5Sget_simple_extent_npoints(space.get());
    if (H5Tget_class(type.get()) != H5T_INTEGER || count < 1 || count > most_frames) {
        return {};
    }
    std::vector<int> values(static_cast<std::size_t>(count));
    const herr_t status =
        H5Dread(dataset.get(), H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    return status < 0 ? std::vector<int>() : values;
}

/// "frames 5 to 95" of the longest run of projections, in the words of data.region.
std::string longest_run(const std::vector<int>& keys, const std::string& axis) {
    std::size_t best_begin = 0;
    std::size_t best_end = 0;
    for (std::size_t begin = 0; begin < keys.size();) {
        std::size_t end = begin;
        while (end < keys.size() && keys[end] == keys[begin]) {
            ++end;
        }
        if (keys[begin] == 0 && end - begin > best_end - best_begin) {
            best_begin = begin;
            best_end = end;
        }
        begin = end;
    }
    return "data.region = {" + axis + " = [" + std::to_string(best_begin) + ", " +
           std::to_string(best_end) + "]} reads " + std::to_string(best_end - best_begin) +
           " projections in a row";
}

void recognise_nxtomo(hid_t file, const Place& place, Hdf5Array& array) {
    DatasetInfo& info = array.info;
    const std::string key_place = place.group + "/image_key";
    if (!hdf5::exists(file, key_place)) {
        return;
    }
    if (place.name == "image_key") {
        info.format = "HDF5, NXtomo";
        info.meaning = "what each frame is: 0 projection, 1 flat field, 2 dark field, 3 invalid";
        return;
    }
    const std::vector<int> keys = read_list(file, key_place);
    if (place.name != "data" || info.shape.size() != 3 ||
        info.shape[0] != static_cast<Index>(keys.size())) {
        return;
    }
    const auto frames = [&](int key) { return std::count(keys.begin(), keys.end(), key); };
    info.format = "HDF5, NXtomo";
    info.meaning = std::to_string(frames(0)) + " projections, " + std::to_string(frames(1)) +
                   " flat fields, " + std::to_string(frames(2)) + " dark fields";
    info.principal = true;
    if (info.axes.empty()) {
        info.axes = {"frames", "rows", "cols"};
    }
    if (frames(0) != static_cast<std::ptrdiff_t>(keys.size()) && frames(0) > 0) {
        info.remark = "not all frames are projections: " + longest_run(keys, info.axes.front());
    }
}

}  // namespace

void recognise_tomography(hid_t file, Hdf5Array& array) {
    const Place place = place_of(array.object);
    if (array.info.from_matlab() || !array.info.readable()) {
        return;
    }
    if (place.group == "/exchange") {
        recognise_exchange(file, place, array);
    } else {
        recognise_nxtomo(file, place, array);
    }
}

}  // namespace tessera
