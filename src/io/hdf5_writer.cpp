#include <type_traits>

#include "hdf5_attribute.hpp"
#include "partial_file.hpp"
#include "slab_stream.hpp"
#include "tensor_writers.hpp"

namespace tessera {
namespace {

/// Names of the axes where HDF5's dimension scales have them.
void write_labels(hid_t dataset, const std::vector<std::string>& axes) {
    const std::string action = "write the names of the axes";
    std::vector<const char*> words;
    for (const std::string& axis : axes) {
        words.push_back(axis.c_str());
    }
    const hdf5::Handle type = hdf5::checked(H5Tcopy(H5T_C_S1), H5Tclose, action);
    hdf5::check(H5Tset_size(type.get(), H5T_VARIABLE), action);
    const hdf5::Handle space = hdf5::dataspace(Extents{static_cast<Index>(words.size())});
    const hdf5::Handle attribute = hdf5::checked(
        H5Acreate2(dataset, "DIMENSION_LABELS", type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
        H5Aclose, action);
    hdf5::check(H5Awrite(attribute.get(), type.get(), words.data()), action);
}

template <typename Stored>
hdf5::Handle create_dataset(hid_t file, const TensorOutput& output, const Extents& shape,
                            const std::string& action) {
    const hdf5::Handle links = hdf5::checked(H5Pcreate(H5P_LINK_CREATE), H5Pclose, action);
    hdf5::check(H5Pset_create_intermediate_group(links.get(), 1), action);
    const hdf5::Handle storage = hdf5::checked(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, action);
    hdf5::check(H5Pset_fill_time(storage.get(), H5D_FILL_TIME_NEVER), action);
    // Equal data make equal files, whenever they were written.
    hdf5::check(H5Pset_obj_track_times(storage.get(), false), action);
    hdf5::check(H5Pset_alloc_time(storage.get(), H5D_ALLOC_TIME_EARLY), action);
    const hdf5::Handle space = hdf5::dataspace(shape);
    hdf5::Handle dataset =
        hdf5::checked(H5Dcreate2(file, output.dataset.c_str(), hdf5::native_type<Stored>(),
                                 space.get(), links.get(), storage.get(), H5P_DEFAULT),
                      H5Dclose, action);
    write_labels(dataset.get(), output.axes);
    if (!output.wavelengths.empty()) {
        hdf5::write_attribute(dataset.get(), "wavelengths", output.wavelengths);
        hdf5::write_attribute(dataset.get(), "wavelength_unit", output.wavelength_unit);
    }
    if (!output.scale_factor.empty()) {
        hdf5::write_attribute(dataset.get(), "scale_factor", output.scale_factor);
        hdf5::write_attribute(dataset.get(), "scale_offset", output.scale_offset);
    }
    return dataset;
}

template <typename Stored, typename T>
void write_as(const DenseTensor<T>& tensor, const TensorOutput& output) {
    const Communicator& communicator = tensor.communicator();
    const hdf5::Silence silence;
    const std::string name = output.path + ", " + output.dataset;
    PartialFile file(communicator, output.path);
    file.reserve(static_cast<double>(tensor.size()) * sizeof(Stored), output.dataset);
    hdf5::Handle dataset;
    file.together([&] {
        dataset = create_dataset<Stored>(file.id(), output, tensor.shape(), "write " + name);
    });
    SlabStream<T> slabs(tensor, stored_modes(output, tensor.shape()), output.type);
    for (Index round = slabs.rounds(); round > 0; --round) {
        const Slab slab = slabs.next();
        hdf5::write_box(dataset.get(), slab.stored, reinterpret_cast<const Stored*>(slab.values),
                        communicator, name);
    }
    dataset.close("write " + name);
    file.publish();
}

}  // namespace

template <typename T>
void write_hdf5(const DenseTensor<T>& tensor, const TensorOutput& output) {
    with_type(output.type, [&](auto zero) {
        using Stored = decltype(zero);
        if constexpr (std::is_floating_point_v<Stored> || std::is_same_v<Stored, std::uint8_t> ||
                      std::is_same_v<Stored, std::uint16_t> ||
                      std::is_same_v<Stored, std::int16_t> ||
                      std::is_same_v<Stored, std::int32_t>) {
            write_as<Stored>(tensor, output);
        }
    });
}

template void write_hdf5<float>(const DenseTensor<float>&, const TensorOutput&);
template void write_hdf5<double>(const DenseTensor<double>&, const TensorOutput&);

}  // namespace tessera
