#include "hdf5_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "dataset_info.hpp"
#include "find_dataset.hpp"
#include "hdf5_catalogue.hpp"
#include "hdf5_selection.hpp"
#include "input_file.hpp"
#include "read_session.hpp"

namespace tessera {

namespace {

using hdf5::Handle;

/// A compressed chunk is kept unpacked up to this size between two pieces that need it.
constexpr Index most_cache_bytes = Index{1} << 30;
constexpr Index least_cache_bytes = Index{1} << 20;

hid_t memory_type(NumberType type) {
    hid_t result = H5I_INVALID_HID;
    with_type(type, [&](auto zero) { result = hdf5::native_type<decltype(zero)>(); });
    return result;
}

Handle open_dataset(hid_t file, const Hdf5Array& array) {
    const Handle access = hdf5::checked(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose, "set properties");
    Index chunk_bytes = static_cast<Index>(size_of(*array.info.type));
    for (int mode = 0; mode < array.chunk.order(); ++mode) {
        chunk_bytes = std::min(chunk_bytes * array.chunk[mode], most_cache_bytes);
    }
    hdf5::check(
        H5Pset_chunk_cache(access.get(), H5D_CHUNK_CACHE_NSLOTS_DEFAULT,
                           static_cast<std::size_t>(std::max(chunk_bytes, least_cache_bytes)),
                           H5D_CHUNK_CACHE_W0_DEFAULT),
        "set properties");
    return hdf5::checked(H5Dopen2(file, array.object.c_str(), access.get()), H5Dclose,
                         "open " + array.info.short_name());
}

Handle own_transfer() {
    return hdf5::checked(H5Pcreate(H5P_DATASET_XFER), H5Pclose, "set properties");
}

/// Reads hyperslabs: contiguous arrays through MPI-IO by collective calls, where there are several
/// ranks, all others by each rank on its own. For HDF5 1.10 is not to be trusted with the rest: at
/// a chunk that was never written its collective read fails on the ranks that want it, and lets the
/// others wait for them without end; the same would come of a damaged chunk. Each rank unpacks
/// only the chunks that it needs, which collective calls would not do faster.
class Hdf5Session : public ReadSession {
  public:
    Hdf5Session(const Hdf5Array& array, const StorageShape& storage,
                const Communicator& communicator)
        : array_(array),
          storage_(storage),
          file_(array.contiguous ? hdf5::open_file(array.info.path, communicator)
                                 : hdf5::open_file(array.info.path)),
          dataset_(open_dataset(file_.get(), array)),
          transfer_(array.contiguous ? hdf5::transfer(communicator) : own_transfer()) {}

    void read(const Box& piece, std::byte* buffer) override {
        const hdf5::Silence silence;
        const std::string action = "read " + array_.info.short_name();
        const Handle space = hdf5::checked(H5Dget_space(dataset_.get()), H5Sclose, action);
        const Handle memory = hdf5::dataspace({std::max<Index>(1, piece.size())});
        if (piece.size() == 0) {
            hdf5::check(H5Sselect_none(space.get()), action);
            hdf5::check(H5Sselect_none(memory.get()), action);
        } else {
            select_folded(space.get(), storage_, piece, array_.file_shape.order());
        }
        hdf5::check(H5Dread(dataset_.get(), memory_type(*array_.info.type), memory.get(),
                            space.get(), transfer_.get(), buffer),
                    action);
    }

    [[nodiscard]] Extents grain() const override {
        const int order = storage_.extents.order();
        Extents result = Extents::filled(order, 1);
        Extents left = array_.chunk;
        for (int part = order - 1; part >= 0 && left.order() > 0; --part) {
            // A chunk that covers a split axis in part covers its fastest parts whole.
            Index& chunk = left[storage_.file_axis[static_cast<std::size_t>(part)]];
            result[part] = std::min(chunk, storage_.extents[part]);
            chunk = (chunk + storage_.extents[part] - 1) / storage_.extents[part];
        }
        return result;
    }

  private:
    const Hdf5Array& array_;
    StorageShape storage_;
    Handle file_;
    Handle dataset_;
    Handle transfer_;
};

class Hdf5Reader : public TensorReader {
  public:
    explicit Hdf5Reader(Hdf5Array array) : TensorReader(array.info), array_(std::move(array)) {}

  private:
    [[nodiscard]] std::unique_ptr<ReadSession> start(
        const StorageShape& storage, const Communicator& communicator) const override {
        const hdf5::Silence silence;
        return std::make_unique<Hdf5Session>(array_, storage, communicator);
    }

    Hdf5Array array_;
};

}  // namespace

bool looks_like_hdf5(const std::string& path) {
    const InputFile file(path);
    const std::string signature = "\x89HDF\r\n\x1a\n";
    // At 0, 512, 1024, 2048, ...: in front of it may be a block of the user's, such as MATLAB's
    // header.
    constexpr Index first_place = 512;
    for (Index place = 0; place < file.size(); place = std::max(first_place, 2 * place)) {
        if (file.text(place, static_cast<Index>(signature.size())) == signature) {
            return true;
        }
    }
    return false;
}

std::vector<DatasetInfo> list_hdf5(const std::string& path) {
    const Handle file = open_hdf5_file(path);
    std::vector<DatasetInfo> infos;
    for (Hdf5Array& array : hdf5_arrays(file.get(), path)) {
        infos.push_back(std::move(array.info));
    }
    return infos;
}

std::unique_ptr<TensorReader> open_hdf5(const std::string& path, const std::string& dataset) {
    const Handle file = open_hdf5_file(path);
    if (!dataset.empty()) {
        Hdf5Array array = hdf5_array(file.get(), path, dataset);
        if (!array.info.dataset.empty()) {
            require_readable(array.info);
            return std::make_unique<Hdf5Reader>(std::move(array));
        }
    }
    std::vector<Hdf5Array> arrays = hdf5_arrays(file.get(), path);
    std::vector<DatasetInfo> infos;
    for (const Hdf5Array& array : arrays) {
        infos.push_back(array.info);
    }
    return std::make_unique<Hdf5Reader>(std::move(arrays[find_dataset(infos, path, dataset)]));
}

}  // namespace tessera
