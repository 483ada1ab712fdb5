#include "tensor_format.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "avi.hpp"
#include "envi.hpp"
#include "file_series.hpp"
#include "hdf5_file.hpp"
#include "idx.hpp"
#include "image_stack.hpp"
#include "input_file.hpp"
#include "matlab.hpp"
#include "meta_image.hpp"
#include "mrc.hpp"
#include "nifti.hpp"
#include "npy.hpp"
#include "npz.hpp"
#include "nrrd.hpp"
#include "tessera/base/error.hpp"
#include "tiff.hpp"
#include "vti.hpp"
#include "wav.hpp"

namespace tessera {

namespace {

using FirstBytes = bool (*)(const std::string& first_bytes);
using OpenSingle = std::unique_ptr<TensorReader> (*)(const std::string& path);

template <FirstBytes looks_like>
bool by_first_bytes(const std::string&, const std::string& first_bytes) {
    return looks_like(first_bytes);
}

template <OpenSingle open>
std::unique_ptr<TensorReader> without_name(const std::string& path, const std::string&) {
    return open(path);
}

/// In the order in which they are tried: the surest signs first.
constexpr std::array formats = {
    TensorFormat{by_first_bytes<looks_like_npy>, list_npy, without_name<open_npy>, true},
    TensorFormat{by_first_bytes<looks_like_matlab>, list_matlab, open_matlab, false},
    TensorFormat{by_first_bytes<looks_like_zip>, list_npz, open_npz, false},
    TensorFormat{by_first_bytes<looks_like_wav>, list_wav, without_name<open_wav>, true},
    TensorFormat{by_first_bytes<looks_like_avi>, list_avi, without_name<open_avi>, true},
    TensorFormat{by_first_bytes<looks_like_image>, list_images, without_name<open_images>, true},
    TensorFormat{by_first_bytes<looks_like_envi>, list_envi, without_name<open_envi>, true},
    TensorFormat{by_first_bytes<looks_like_vti>, list_vti, open_vti, false},
    TensorFormat{by_first_bytes<looks_like_meta_image>, list_meta_image,
                 without_name<open_meta_image>, true},
    TensorFormat{by_first_bytes<looks_like_nrrd>, list_nrrd, without_name<open_nrrd>, true},
    TensorFormat{by_first_bytes<looks_like_mrc>, list_mrc, without_name<open_mrc>, true},
    TensorFormat{by_first_bytes<looks_like_tiff>, list_tiff, without_name<open_tiff>, true, true},
    TensorFormat{looks_like_nifti, list_nifti, without_name<open_nifti>, true},
    TensorFormat{[](const std::string& path, const std::string&) { return looks_like_hdf5(path); },
                 list_hdf5, open_hdf5, false},
    TensorFormat{
        [](const std::string& path, const std::string&) { return !envi_header_of(path).empty(); },
        list_envi, without_name<open_envi>, true},
    TensorFormat{looks_like_idx, list_idx, without_name<open_idx>, true}};

/// Of a folder.
constexpr TensorFormat folder_format = {
    [](const std::string& path, const std::string&) { return holds_images(path); }, list_images,
    without_name<open_images>, true};

/// Names of the files that are taken from a folder.
const std::vector<std::string> series_suffixes = {".tif", ".tiff"};

[[noreturn]] void refuse(const std::string& path, const std::string& start) {
    if (start.empty()) {
        throw IoError(path + " is empty");
    }
    if (path.ends_with(".mat")) {
        throw IoError(path +
                      " is no MATLAB file of version 5 to 7.3: load it in MATLAB and save it anew");
    }
    throw IoError(
        path +
        " is in no format that can be read, expected HDF5, MATLAB v5 or v7.3, NPY, NPZ, "
        "VTI, TIFF, MetaImage, NRRD, MRC, NIfTI, IDX, PGM, PNG, AVI, WAV, or ENVI with its "
        ".hdr file");
}

}  // namespace

const TensorFormat& format_of(const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored) && folder_format.recognises(path, {})) {
        return folder_format;
    }
    constexpr Index start_bytes = 512;
    const bool series = is_file_series(path);
    const std::string first = series ? list_file_series(path, series_suffixes).front() : path;
    const std::string start = InputFile(first).text(0, start_bytes);
    const auto* const found =
        std::find_if(formats.begin(), formats.end(),
                     [&](const TensorFormat& format) { return format.recognises(first, start); });
    if (found == formats.end()) {
        refuse(first, start);
    }
    if (series && !found->series) {
        throw IoError("cannot read " + path + ": files such as " + first +
                      " are no slices of one tensor, name one of them");
    }
    return *found;
}

}  // namespace tessera
