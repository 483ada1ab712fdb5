#include "hdf5_handle.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "box_pieces.hpp"
#include "tessera/base/error.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera::hdf5 {

namespace {

using Sizes = std::array<hsize_t, max_order>;

Sizes sizes(const Extents& extents) {
    Sizes result{};
    for (int mode = 0; mode < extents.order(); ++mode) {
        result[static_cast<std::size_t>(mode)] = static_cast<hsize_t>(extents[mode]);
    }
    return result;
}

/// Selects a box in a dataspace, nothing for an empty one.
void select(hid_t space, const Box& box, const std::string& action) {
    if (box.size() == 0) {
        check(H5Sselect_none(space), action);
        return;
    }
    if (box.begin.order() == 0) {
        return;  // a scalar is always selected whole
    }
    const Sizes begin = sizes(box.begin);
    const Sizes count = sizes(box.shape());
    check(H5Sselect_hyperslab(space, H5S_SELECT_SET, begin.data(), nullptr, count.data(), nullptr),
          action);
}

/// The loop of pieces that reading and writing share. `move` gets memory space, file space, the
/// transfer properties and the first entry of the piece.
template <typename Move>
void in_pieces(hid_t dataset, const Box& box, std::size_t entry_bytes,
               const Communicator& communicator, const std::string& action, Index limit_bytes,
               const Move& move) {
    const Silence silence;
    const BoxPieces pieces(box, std::max<Index>(1, limit_bytes / static_cast<Index>(entry_bytes)));
    const Index rounds = communicator.max(pieces.count());
    std::optional<IoError> failure;
    Index offset = 0;
    for (Index round = 0; round < rounds; ++round) {
        const Box piece = pieces.piece(round);
        try {
            const Handle file_space = checked(H5Dget_space(dataset), H5Sclose, action);
            select(file_space.get(), piece, action);
            Handle memory_space = dataspace(Extents{std::max<Index>(1, piece.size())});
            if (piece.size() == 0) {
                check(H5Sselect_none(memory_space.get()), action);
            }
            const Handle properties = transfer(communicator);
            check(move(memory_space.get(), file_space.get(), properties.get(), offset), action);
        } catch (const IoError& error) {
            failure = failure ? failure : error;
        }
        // Pieces are cut along the slowest modes, so each continues where the last one ended.
        offset += piece.size();
    }
    agree(communicator, [&] {
        if (failure) {
            throw IoError(failure->what());
        }
    });
}

herr_t keep_deepest(unsigned, const H5E_error2_t* entry, void* text) {
    if (entry->desc != nullptr && *entry->desc != '\0') {
        *static_cast<std::string*>(text) = entry->desc;
    }
    return 0;
}

}  // namespace

Silence::Silence() {
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Silence::~Silence() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

Handle& Handle::operator=(Handle&& other) noexcept {
    if (this != &other) {
        release();
        id_ = std::exchange(other.id_, H5I_INVALID_HID);
        close_ = other.close_;
    }
    return *this;
}

void Handle::close(const std::string& action) {
    const hid_t id = std::exchange(id_, H5I_INVALID_HID);
    if (id >= 0) {
        const Silence silence;
        check(close_(id), action);
    }
}

void Handle::release() noexcept {
    const hid_t id = std::exchange(id_, H5I_INVALID_HID);
    if (id >= 0) {
        const Silence silence;
        close_(id);
    }
}

std::string last_reason() {
    std::string reason;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_deepest, &reason);
    return reason.empty() ? "no reason given" : reason;
}

void check(herr_t status, const std::string& action) {
    if (status < 0) {
        throw IoError("cannot " + action + ": " + last_reason());
    }
}

Handle checked(hid_t id, Handle::Close closer, const std::string& action) {
    if (id < 0) {
        throw IoError("cannot " + action + ": " + last_reason());
    }
    return {id, closer};
}

// clang-format off
template <> hid_t native_type<char>() { return H5T_NATIVE_CHAR; }
template <> hid_t native_type<std::int8_t>() { return H5T_NATIVE_INT8; }
template <> hid_t native_type<std::uint8_t>() { return H5T_NATIVE_UINT8; }
template <> hid_t native_type<std::int16_t>() { return H5T_NATIVE_INT16; }
template <> hid_t native_type<std::uint16_t>() { return H5T_NATIVE_UINT16; }
template <> hid_t native_type<std::int32_t>() { return H5T_NATIVE_INT32; }
template <> hid_t native_type<std::uint32_t>() { return H5T_NATIVE_UINT32; }
template <> hid_t native_type<std::int64_t>() { return H5T_NATIVE_INT64; }
template <> hid_t native_type<std::uint64_t>() { return H5T_NATIVE_UINT64; }
template <> hid_t native_type<float>() { return H5T_NATIVE_FLOAT; }
template <> hid_t native_type<double>() { return H5T_NATIVE_DOUBLE; }
// clang-format on

Handle file_access(const Communicator& communicator) {
    Handle access = checked(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "make file properties");
    if (communicator.size() > 1) {
        check(H5Pset_fapl_mpio(access.get(), communicator.handle(), MPI_INFO_NULL),
              "ask HDF5 for MPI-IO");
        // One rank reads each piece of metadata and sends it to the others.
        check(H5Pset_all_coll_metadata_ops(access.get(), true), "ask for collective metadata");
        check(H5Pset_coll_metadata_write(access.get(), true), "ask for collective metadata");
    }
    return access;
}

Handle open_file(const std::string& path) {
    const Silence silence;
    return checked(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "open " + path);
}

Handle open_file(const std::string& path, const Communicator& communicator) {
    const Silence silence;
    const Handle access = file_access(communicator);
    return checked(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose, "open " + path);
}

Handle create_file(const std::string& path, const Communicator& communicator) {
    const Silence silence;
    const Handle access = file_access(communicator);
    return checked(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose,
                   "create " + path);
}

Handle transfer(const Communicator& communicator) {
    Handle properties = checked(H5Pcreate(H5P_DATASET_XFER), H5Pclose, "make transfer properties");
    if (communicator.size() > 1) {
        check(H5Pset_dxpl_mpio(properties.get(), H5FD_MPIO_COLLECTIVE), "ask for collective i/o");
    }
    return properties;
}

Handle dataspace(const Extents& shape) {
    if (shape.order() == 0) {
        return checked(H5Screate(H5S_SCALAR), H5Sclose, "make a dataspace");
    }
    return checked(H5Screate_simple(shape.order(), sizes(shape).data(), nullptr), H5Sclose,
                   "make a dataspace");
}

template <typename T>
void read_box(hid_t dataset, const Box& box, T* values, const Communicator& communicator,
              const std::string& name, Index limit_bytes) {
    in_pieces(dataset, box, sizeof(T), communicator, "read " + name, limit_bytes,
              [&](hid_t memory, hid_t file, hid_t properties, Index offset) {
                  return H5Dread(dataset, native_type<T>(), memory, file, properties,
                                 values + offset);
              });
}

template <typename T>
void write_box(hid_t dataset, const Box& box, const T* values, const Communicator& communicator,
               const std::string& name, Index limit_bytes) {
    in_pieces(dataset, box, sizeof(T), communicator, "write " + name, limit_bytes,
              [&](hid_t memory, hid_t file, hid_t properties, Index offset) {
                  return H5Dwrite(dataset, native_type<T>(), memory, file, properties,
                                  values + offset);
              });
}

bool exists(hid_t file, const std::string& path) {
    const Silence silence;
    std::string part;
    for (std::size_t place = path.find_first_not_of('/'); place != std::string::npos;) {
        const std::size_t end = path.find('/', place);
        part += "/" + path.substr(place, end == std::string::npos ? end : end - place);
        if (H5Lexists(file, part.c_str(), H5P_DEFAULT) <= 0) {
            return false;
        }
        place = end == std::string::npos ? end : path.find_first_not_of('/', end);
    }
    return H5Oexists_by_name(file, part.empty() ? "/" : part.c_str(), H5P_DEFAULT) > 0;
}

#define TESSERA_INSTANTIATE(T)                                                                \
    template void read_box<T>(hid_t, const Box&, T*, const Communicator&, const std::string&, \
                              Index);                                                         \
    template void write_box<T>(hid_t, const Box&, const T*, const Communicator&,              \
                               const std::string&, Index);
TESSERA_INSTANTIATE(std::uint8_t)
TESSERA_INSTANTIATE(std::int16_t)
TESSERA_INSTANTIATE(std::uint16_t)
TESSERA_INSTANTIATE(std::int32_t)
TESSERA_INSTANTIATE(std::int64_t)
TESSERA_INSTANTIATE(std::uint64_t)
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera::hdf5
