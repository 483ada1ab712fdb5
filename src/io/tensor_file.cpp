#include "tessera/io/tensor_file.hpp"

#include <filesystem>

#include "envi.hpp"
#include "hdf5_file.hpp"
#include "input_file.hpp"
#include "matlab.hpp"
#include "npy.hpp"
#include "tensor_format.hpp"
#include "tessera/base/error.hpp"

namespace tessera {

namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& start) {
    if (start.empty()) {
        throw IoError(path + " is empty");
    }
    if (start.starts_with("PK\3\4")) {
        throw IoError(path +
                      " is an archive (.npz or .zip), which cannot be read: save each array "
                      "with numpy.save");
    }
    if (path.ends_with(".mat")) {
        throw IoError(path +
                      " is no MATLAB file of version 5 to 7.3: load it in MATLAB and save it anew");
    }
    throw IoError(path +
                  " is in no format that can be read, expected HDF5, MATLAB v5 or v7.3, NPY, "
                  "or ENVI with its .hdr file");
}

}  // namespace

TensorFormat format_of(const std::string& path) {
    constexpr Index start_bytes = 128;
    const std::string start = InputFile(path).text(0, start_bytes);
    if (looks_like_npy(start)) {
        return TensorFormat::npy;
    }
    if (looks_like_matlab(start)) {
        return TensorFormat::matlab;
    }
    if (looks_like_envi(start)) {
        return TensorFormat::envi;
    }
    if (looks_like_hdf5(path)) {
        return TensorFormat::hdf5;
    }
    if (!envi_header_of(path).empty()) {
        return TensorFormat::envi;
    }
    refuse(path, start);
}

std::vector<DatasetInfo> list_datasets(const std::string& path) {
    switch (format_of(path)) {
        case TensorFormat::npy:
            return list_npy(path);
        case TensorFormat::envi:
            return list_envi(path);
        case TensorFormat::matlab:
            return list_matlab(path);
        case TensorFormat::hdf5:
            return list_hdf5(path);
    }
    TESSERA_ASSERT(false, "unknown format");
}

FileLocation split_location(const std::string& location) {
    std::error_code ignored;
    const std::size_t colon = location.rfind(':');
    if (colon == std::string::npos || std::filesystem::exists(location, ignored)) {
        return {location, {}};
    }
    return {location.substr(0, colon), location.substr(colon + 1)};
}

}  // namespace tessera
