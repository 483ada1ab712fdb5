#include "checkpoint_member.hpp"

#include <Kokkos_Core.hpp>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <type_traits>

#include "hdf5_attribute.hpp"
#include "tessera/base/error.hpp"

namespace tessera {
namespace {

std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31U);
}

template <typename T>
std::uint64_t bits_of(T value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return bits;
}

/// Stored type of each kind of member, as (class, bytes).
bool type_fits(const std::string& kind, hid_t type) {
    const H5T_class_t stored = H5Tget_class(type);
    const std::size_t bytes = H5Tget_size(type);
    if (kind == member_kind::integer || kind == member_kind::integers) {
        return stored == H5T_INTEGER && bytes == sizeof(std::int64_t);
    }
    if (kind == member_kind::boolean || kind == member_kind::text) {
        return stored == H5T_INTEGER && bytes == sizeof(std::uint8_t);
    }
    if (kind == member_kind::block<float>) {
        return stored == H5T_FLOAT && bytes == sizeof(float);
    }
    return (kind == member_kind::real || kind == member_kind::reals ||
            kind == member_kind::block<double>)&&stored == H5T_FLOAT &&
           bytes == sizeof(double);
}

bool order_fits(const std::string& kind, int order) {
    if (kind == member_kind::integer || kind == member_kind::real || kind == member_kind::boolean) {
        return order == 0;
    }
    return kind == member_kind::block<float> || kind == member_kind::block<double> ? order >= 1
                                                                                   : order == 1;
}

bool read_shape(hid_t dataset, Extents& shape) {
    const hdf5::Handle space(H5Dget_space(dataset), H5Sclose);
    const int order = space.valid() ? H5Sget_simple_extent_ndims(space.get()) : -1;
    if (order < 0 || order > max_order) {
        return false;
    }
    std::array<hsize_t, max_order> sizes{};
    H5Sget_simple_extent_dims(space.get(), sizes.data(), nullptr);
    shape = Extents::filled(order, 0);
    double entries = 1.0;
    for (int mode = 0; mode < order; ++mode) {
        shape[mode] = static_cast<Index>(sizes[static_cast<std::size_t>(mode)]);
        entries *= static_cast<double>(shape[mode]);
    }
    return entries < static_cast<double>(std::numeric_limits<Index>::max()) / 16.0;
}

}  // namespace

template <typename T>
std::uint64_t checksum(const Extents& shape, const Box& box, const T* values) {
    const Extents block = box.shape();
    const int order = block.order();
    const Index row = order == 0 ? 1 : block[order - 1];
    const Index rows = row == 0 ? 0 : block.product() / row;
    std::uint64_t sum = 0;
    Kokkos::parallel_reduce(
        "tessera::io::checksum", Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace>(0, rows),
        [=](Index which, std::uint64_t& partial) {
            Extents position = row_major_position(which * row, block);
            for (int mode = 0; mode < order; ++mode) {
                position[mode] += box.begin[mode];
            }
            const Index first = row_major_offset(position, shape);
            for (Index i = 0; i < row; ++i) {
                // An odd factor keeps different positions apart; the first mix spreads them.
                const auto place =
                    static_cast<std::uint64_t>(first + i + 1) * 0x9E3779B97F4A7C15ULL;
                partial += mix(mix(place) ^ bits_of(values[which * row + i]));
            }
        },
        sum);
    return sum;
}

MemberInfo inspect_member(hid_t dataset, const std::string& path, const std::string& where) {
    const hdf5::Silence silence;
    MemberInfo info;
    info.path = path;
    info.kind = hdf5::attribute_text(dataset, "kind");
    const std::string sum = hdf5::attribute_text(dataset, "checksum");
    std::int64_t number = 0;
    const auto parsed = std::from_chars(sum.data(), sum.data() + sum.size(), number);
    const hdf5::Handle type(H5Dget_type(dataset), H5Tclose);
    if (parsed.ec != std::errc{} || !type.valid() || !read_shape(dataset, info.shape) ||
        !type_fits(info.kind, type.get()) || !order_fits(info.kind, info.shape.order())) {
        throw IoError(where + " is no member of a checkpoint of this program");
    }
    info.checksum = static_cast<std::uint64_t>(number);
    return info;
}

template std::uint64_t checksum<std::uint8_t>(const Extents&, const Box&, const std::uint8_t*);
template std::uint64_t checksum<std::int64_t>(const Extents&, const Box&, const std::int64_t*);
template std::uint64_t checksum<float>(const Extents&, const Box&, const float*);
template std::uint64_t checksum<double>(const Extents&, const Box&, const double*);

}  // namespace tessera
