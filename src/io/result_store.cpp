#include "tessera/io/result_store.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstdint>
#include <optional>

#include "hdf5_attribute.hpp"
#include "image_pieces.hpp"
#include "partial_file.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

constexpr const char* arrays_group = "/VTKHDF/PointData";

/// Bytes of an array that a rank holds a second time while it writes. Compressed chunks are best
/// written once, so a rank's block then goes in as few pieces as the transfers allow.
Index staging_bytes(const ResultOptions& options) {
    return options.deflate > 0 ? hdf5::transfer_limit_bytes : Index{64} << 20;
}

/// About a mebibyte, nearly a cube: a slice in any direction touches few chunks, and a chunk is
/// what HDF5's cache and a disk like.
Extents chunk_shape(const Extents& image, Index entry_bytes) {
    Extents chunk = image;
    while (chunk.product() * entry_bytes > (Index{1} << 20)) {
        int longest = 0;
        for (int axis = 1; axis < 3; ++axis) {
            longest = chunk[axis] > chunk[longest] ? axis : longest;
        }
        chunk[longest] = (chunk[longest] + 1) / 2;
    }
    return chunk;
}

/// Bytes of an array in chunks, the last ones filled up; compressed ones take less.
double stored_bytes(const Extents& image, Index entry_bytes) {
    const Extents chunk = chunk_shape(image, entry_bytes);
    double bytes = static_cast<double>(chunk.product() * entry_bytes);
    for (int axis = 0; axis < 3; ++axis) {
        const Index chunks = (image[axis] + chunk[axis] - 1) / chunk[axis];
        bytes *= static_cast<double>(chunks);
    }
    return bytes;
}

hdf5::Handle storage_properties(const Extents& image, Index entry_bytes,
                                const ResultOptions& options) {
    const std::string action = "choose the storage of an array";
    hdf5::Handle properties = hdf5::checked(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, action);
    hdf5::check(H5Pset_fill_time(properties.get(), H5D_FILL_TIME_NEVER), action);
    const Extents chunk = chunk_shape(image, entry_bytes);
    if (options.deflate == 0 && chunk == image) {
        return properties;  // one chunk: better none
    }
    const hsize_t sizes[3] = {static_cast<hsize_t>(chunk[0]), static_cast<hsize_t>(chunk[1]),
                              static_cast<hsize_t>(chunk[2])};
    hdf5::check(H5Pset_chunk(properties.get(), 3, sizes), action);
    if (options.deflate > 0) {
        hdf5::check(H5Pset_shuffle(properties.get()), action);
        hdf5::check(H5Pset_deflate(properties.get(), static_cast<unsigned>(options.deflate)),
                    action);
    }
    return properties;
}

/// One rank alone writes its pieces through HDF5's cache of chunks. It must hold a layer of them,
/// or each row of a chunk goes to the disk by itself.
hdf5::Handle access_properties() {
    const std::string action = "choose the cache of an array";
    hdf5::Handle properties = hdf5::checked(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose, action);
    hdf5::check(H5Pset_chunk_cache(properties.get(), 12421, std::size_t{128} << 20, 1.0), action);
    return properties;
}

/// Values of a tensor's block as they are.
template <typename T, typename Stored>
struct Values {
    DeviceView<const T> block;
    KOKKOS_INLINE_FUNCTION Stored operator()(Index offset) const {
        return static_cast<Stored>(block(offset));
    }
};

/// observation - estimate where something was observed, else 0.
template <typename T, typename Stored>
struct Residuals {
    DeviceView<const T> observation;
    DeviceView<const T> estimate;
    DeviceView<const std::uint8_t> mask;  ///< empty: everything was observed
    KOKKOS_INLINE_FUNCTION Stored operator()(Index offset) const {
        const bool observed = mask.data() == nullptr || mask(offset) != 0;
        return observed ? static_cast<Stored>(observation(offset) - estimate(offset)) : Stored{0};
    }
};

template <typename Stored, typename Source>
void pack(const Source& source, const ImagePiece& piece, const DeviceView<Stored>& target) {
    const Extents shape = piece.image.shape();
    Kokkos::parallel_for(
        "tessera::io::pack_for_result",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>(
            0, shape.product()),
        KOKKOS_LAMBDA(const Index entry) {
            const Extents at = row_major_position(entry, shape);
            Index offset = piece.first;
            for (int axis = 0; axis < 3; ++axis) {
                offset += at[axis] * piece.strides[axis];
            }
            target(entry) = source(offset);
        });
    Kokkos::fence("tessera::io::pack_for_result");
}

std::vector<double> or_default(const std::vector<double>& values, std::size_t count, double value) {
    return values.empty() ? std::vector<double>(count, value) : values;
}

}  // namespace

struct ResultStore::State {
    State(const Communicator& communicator, std::string path, ImageGeometry image,
          ResultOptions chosen)
        : file(communicator, std::move(path)), geometry(std::move(image)), options(chosen) {}

    void write_header(const Extents& tensor_shape);
    [[nodiscard]] hdf5::Handle create_array(const std::string& name, hid_t type, Index entry_bytes,
                                            const std::string& units);
    template <typename Stored, typename Source>
    void write_array(const std::string& name, const Extents& tensor_shape, const Box& block,
                     const Source& source, const std::string& units);
    void create_group(const std::string& group) const {
        const hdf5::Handle made = hdf5::checked(
            H5Gcreate2(file.id(), group.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
            action(group));
    }
    [[nodiscard]] std::string action(const std::string& name) const {
        return "write " + file.path() + ", " + name;
    }

    PartialFile file;
    ImageGeometry geometry;
    ResultOptions options;
    Extents shape;
    std::optional<ImageLayout> layout;  ///< once the first array has told the shape
};

void ResultStore::State::write_header(const Extents& tensor_shape) {
    const hdf5::Silence silence;
    shape = tensor_shape;
    layout.emplace(shape, geometry.axes);
    const auto order = static_cast<std::size_t>(shape.order());
    const std::vector<double> origin = or_default(geometry.origin, order, 0.0);
    const std::vector<double> spacing = or_default(geometry.spacing, order, 1.0);
    // VTK counts x, y, z; of modes merged into z only the last has a meaning as a length.
    std::vector<double> image_origin(3, 0.0);
    std::vector<double> image_spacing(3, 1.0);
    std::vector<std::int64_t> extent;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (axis < order) {
            const auto mode = static_cast<std::size_t>(layout->modes()[order - 1 - axis]);
            image_origin[axis] = origin[mode];
            image_spacing[axis] = spacing[mode];
        }
        extent.push_back(0);
        extent.push_back(layout->image_shape()[2 - static_cast<int>(axis)] - 1);
    }
    file.together([&] {
        create_group("/VTKHDF");
        create_group(arrays_group);
        create_group("/result");
        create_group("/factors");
        const hdf5::Handle group =
            hdf5::checked(H5Gopen2(file.id(), "/VTKHDF", H5P_DEFAULT), H5Gclose, action("/VTKHDF"));
        hdf5::write_attribute(group.get(), "Version", std::vector<std::int64_t>{1, 0});
        hdf5::write_attribute(group.get(), "Type", "ImageData");
        hdf5::write_attribute(group.get(), "WholeExtent", extent);
        hdf5::write_attribute(group.get(), "Origin", image_origin);
        hdf5::write_attribute(group.get(), "Spacing", image_spacing);
        hdf5::write_attribute(group.get(), "Direction",
                              std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 1});
    });
}

hdf5::Handle ResultStore::State::create_array(const std::string& name, hid_t type,
                                              Index entry_bytes, const std::string& units) {
    const std::string path = std::string(arrays_group) + "/" + name;
    hdf5::Handle dataset;
    file.together([&] {
        const hdf5::Handle space = hdf5::dataspace(layout->image_shape());
        const hdf5::Handle storage =
            storage_properties(layout->image_shape(), entry_bytes, options);
        const hdf5::Handle access = access_properties();
        dataset = hdf5::checked(H5Dcreate2(file.id(), path.c_str(), type, space.get(), H5P_DEFAULT,
                                           storage.get(), access.get()),
                                H5Dclose, action(name));
        const auto order = static_cast<std::size_t>(shape.order());
        hdf5::write_attribute(dataset.get(), "dims", layout->image_axes());
        hdf5::write_attribute(dataset.get(), "tensor_axes", geometry.axes);
        hdf5::write_attribute(dataset.get(), "tensor_shape", shape.to_vector());
        hdf5::write_attribute(dataset.get(), "tensor_modes", layout->modes());
        hdf5::write_attribute(dataset.get(), "origin", or_default(geometry.origin, order, 0.0));
        hdf5::write_attribute(dataset.get(), "spacing", or_default(geometry.spacing, order, 1.0));
        hdf5::write_attribute(
            dataset.get(), "axis_units",
            geometry.units.empty() ? std::vector<std::string>(order) : geometry.units);
        hdf5::write_attribute(dataset.get(), "units", units);
        hdf5::check(H5Lcreate_hard(file.id(), path.c_str(), file.id(), ("/result/" + name).c_str(),
                                   H5P_DEFAULT, H5P_DEFAULT),
                    action(name));
    });
    return dataset;
}

template <typename Stored, typename Source>
void ResultStore::State::write_array(const std::string& name, const Extents& tensor_shape,
                                     const Box& block, const Source& source,
                                     const std::string& units) {
    const Phase phase("io/write_result");
    const hdf5::Silence silence;
    const Communicator& communicator = file.communicator();
    if (!layout) {
        write_header(tensor_shape);
    }
    TESSERA_ASSERT(tensor_shape == shape, "arrays of one result have the same shape");
    file.reserve(stored_bytes(layout->image_shape(), sizeof(Stored)), name);
    const hdf5::Handle dataset =
        create_array(name, hdf5::native_type<Stored>(), sizeof(Stored), units);

    const ImagePieces pieces(*layout, block,
                             staging_bytes(options) / static_cast<Index>(sizeof(Stored)));
    const Index rounds = communicator.max(pieces.count());
    DeviceView<Stored> staging;
    for (Index round = 0; round < rounds; ++round) {
        const ImagePiece piece = pieces.piece(round);
        agree(communicator, [&] {
            if (static_cast<Index>(staging.size()) != piece.image.size()) {
                staging = DeviceView<Stored>();
                staging = allocate<Stored>("result, being written", piece.image.size());
            }
        });
        pack(source, piece, staging);
        const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, staging);
        hdf5::write_box(dataset.get(), piece.image, host.data(), communicator,
                        file.path() + ", " + name);
    }
}

ResultStore::ResultStore(const Communicator& communicator, std::string path, ImageGeometry geometry,
                         ResultOptions options)
    : state_(std::make_unique<State>(communicator, std::move(path), std::move(geometry), options)) {
}

ResultStore::~ResultStore() = default;

template <typename T>
void ResultStore::write(const std::string& name, const DenseTensor<T>& tensor,
                        const std::string& units) {
    if (state_->options.single_precision && sizeof(T) > sizeof(float)) {
        state_->write_array<float>(name, tensor.shape(), tensor.box(),
                                   Values<T, float>{tensor.block()}, units);
    } else {
        state_->write_array<T>(name, tensor.shape(), tensor.box(), Values<T, T>{tensor.block()},
                               units);
    }
}

template <typename T>
void ResultStore::write_residual(const std::string& name, const DenseTensor<T>& observation,
                                 const DenseTensor<T>& estimate,
                                 const DenseTensor<std::uint8_t>* mask, const std::string& units) {
    TESSERA_ASSERT(observation.partition() == estimate.partition() &&
                       (mask == nullptr || mask->partition() == estimate.partition()),
                   "observation, estimate and mask have one partition");
    const DeviceView<const std::uint8_t> observed =
        mask == nullptr ? DeviceView<const std::uint8_t>{} : mask->block();
    if (state_->options.single_precision && sizeof(T) > sizeof(float)) {
        state_->write_array<float>(
            name, estimate.shape(), estimate.box(),
            Residuals<T, float>{observation.block(), estimate.block(), observed}, units);
    } else {
        state_->write_array<T>(name, estimate.shape(), estimate.box(),
                               Residuals<T, T>{observation.block(), estimate.block(), observed},
                               units);
    }
}

void ResultStore::write_factor(const std::string& name, const BlockPlace& place,
                               const std::vector<double>& values) {
    State& state = *state_;
    const hdf5::Silence silence;
    const std::string path = "/factors/" + name;
    TESSERA_ASSERT(static_cast<Index>(values.size()) == place.box.size(),
                   "factor " + name + " has the entries of its box");
    state.file.reserve(static_cast<double>(place.shape.product()) * sizeof(double), path);
    hdf5::Handle dataset;
    state.file.together([&] {
        if (!hdf5::exists(state.file.id(), "/factors")) {
            state.create_group("/factors");
        }
        const hdf5::Handle space = hdf5::dataspace(place.shape);
        dataset = hdf5::checked(H5Dcreate2(state.file.id(), path.c_str(), H5T_NATIVE_DOUBLE,
                                           space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                                H5Dclose, state.action(path));
    });
    hdf5::write_box(dataset.get(), place.box, values.data(), state.file.communicator(),
                    state.file.path() + ", " + path);
}

void ResultStore::set_manifest(const std::string& json_text) {
    State& state = *state_;
    const hdf5::Silence silence;
    const std::string action = state.action("/manifest");
    // Attribute and dataset.
    state.file.reserve(2.0 * static_cast<double>(json_text.size()), "/manifest");
    state.file.together([&] {
        hdf5::write_attribute(state.file.id(), "manifest", json_text);
        const hdf5::Handle type = hdf5::checked(H5Tcopy(H5T_C_S1), H5Tclose, action);
        hdf5::check(H5Tset_size(type.get(), std::max<std::size_t>(1, json_text.size())), action);
        hdf5::check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), action);
        hdf5::check(H5Tset_cset(type.get(), H5T_CSET_UTF8), action);
        const hdf5::Handle space = hdf5::dataspace(Extents{});
        const hdf5::Handle dataset =
            hdf5::checked(H5Dcreate2(state.file.id(), "/manifest", type.get(), space.get(),
                                     H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                          H5Dclose, action);
        // One text, the same on all ranks: all write it, which HDF5 allows for equal bytes.
        const hdf5::Handle properties = hdf5::transfer(state.file.communicator());
        hdf5::check(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, properties.get(),
                             json_text.c_str()),
                    action);
    });
}

void ResultStore::close() { state_->file.publish(); }

#define TESSERA_INSTANTIATE(T)                                                     \
    template void ResultStore::write<T>(const std::string&, const DenseTensor<T>&, \
                                        const std::string&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
TESSERA_INSTANTIATE(std::uint8_t)
#undef TESSERA_INSTANTIATE
#define TESSERA_INSTANTIATE(T)                                            \
    template void ResultStore::write_residual<T>(                         \
        const std::string&, const DenseTensor<T>&, const DenseTensor<T>&, \
        const DenseTensor<std::uint8_t>*, const std::string&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
