#include <nifti/nifti1.h>
#include <nifti/nifti2.h>
#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "slab_stream.hpp"
#include "tensor_writers.hpp"
#include "tessera/base/error.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

int type_code(NumberType type) {
    switch (type) {
        case NumberType::uint8:
            return DT_UINT8;
        case NumberType::uint16:
            return DT_UINT16;
        case NumberType::int16:
            return DT_INT16;
        case NumberType::int32:
            return DT_INT32;
        case NumberType::float32:
            return DT_FLOAT32;
        default:
            return DT_FLOAT64;
    }
}

/// Of a mode's lengths; the first three modes share one unit, the fourth has another.
int unit_code(const TensorOutput& output, std::size_t mode) {
    constexpr std::pair<const char*, int> codes[] = {
        {"m", NIFTI_UNITS_METER}, {"mm", NIFTI_UNITS_MM},   {"um", NIFTI_UNITS_MICRON},
        {"s", NIFTI_UNITS_SEC},   {"ms", NIFTI_UNITS_MSEC}, {"us", NIFTI_UNITS_USEC},
        {"Hz", NIFTI_UNITS_HZ},   {"ppm", NIFTI_UNITS_PPM}};
    for (const auto& [name, code] : codes) {
        if (mode < output.units.size() && output.units[mode] == name) {
            return code;
        }
    }
    return NIFTI_UNITS_UNKNOWN;
}

/// Where the voxels lie, as the affine map that readers prefer: along the axes.
template <typename Header>
void place_voxels(Header& header, const TensorOutput& output) {
    header.sform_code = NIFTI_XFORM_SCANNER_ANAT;
    decltype(&header.srow_x[0]) const rows[] = {header.srow_x, header.srow_y, header.srow_z};
    for (std::size_t mode = 0; mode < 3; ++mode) {
        using Length = std::remove_reference_t<decltype(header.srow_x[0])>;
        rows[mode][mode] =
            static_cast<Length>(mode < output.spacing.size() ? output.spacing[mode] : 1.0);
        rows[mode][3] =
            static_cast<Length>(mode < output.origin.size() ? output.origin[mode] : 0.0);
    }
}

/// What both versions of the header have in common.
template <typename Header>
void describe(Header& header, const TensorOutput& output, const Extents& shape) {
    header.sizeof_hdr = static_cast<int>(sizeof header);
    using Extent = std::remove_reference_t<decltype(header.dim[0])>;
    header.dim[0] = static_cast<Extent>(shape.order());
    for (int place = 1; place < 8; ++place) {
        const Index extent = place <= shape.order() ? shape[place - 1] : 1;
        header.dim[place] = static_cast<Extent>(extent);
        const auto mode = static_cast<std::size_t>(place - 1);
        header.pixdim[place] = static_cast<std::remove_reference_t<decltype(header.pixdim[0])>>(
            mode < output.spacing.size() ? output.spacing[mode] : 1.0);
    }
    header.pixdim[0] = 1;
    header.xyzt_units =
        static_cast<decltype(header.xyzt_units)>(unit_code(output, 0) | unit_code(output, 3));
    if (!output.spacing.empty() || !output.origin.empty()) {
        place_voxels(header, output);
    }
    header.datatype = static_cast<short>(type_code(output.type));
    header.bitpix = static_cast<short>(8 * size_of(output.type));
    header.scl_slope = 1;
}

template <typename Header>
std::string bytes_of(const Header& header) {
    std::string bytes(sizeof header, '\0');
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes;
}

/// What the format has no place for, as an extension of the comment kind: names of the axes and how
/// to undo a scaling.
std::string comment_extension(const TensorOutput& output) {
    std::string text = "axes:";
    for (const std::string& axis : output.axes) {
        text += " " + axis;
    }
    if (!output.scale_factor.empty()) {
        text += "\nscale_factor: " + number_list(output.scale_factor, " ") +
                "\nscale_offset: " + number_list(output.scale_offset, " ");
    }
    constexpr std::size_t grain = 16;
    const std::size_t size = (8 + text.size() + grain - 1) / grain * grain;
    text.resize(size - 8, '\0');
    const std::int32_t head[2] = {static_cast<std::int32_t>(size), 6};
    std::string extension("\1\0\0\0", 4);
    extension.append(reinterpret_cast<const char*>(head), sizeof head);
    return extension + text;
}

/// Version 1 where its 16-bit extents suffice.
std::string nifti_header(const TensorOutput& output, const Extents& shape) {
    const std::string extension = comment_extension(output);
    Index longest = 0;
    for (int mode = 0; mode < shape.order(); ++mode) {
        longest = std::max(longest, shape[mode]);
    }
    if (longest <= std::numeric_limits<short>::max()) {
        nifti_1_header header = {};
        describe(header, output, shape);
        std::memcpy(header.magic, "n+1", 4);
        header.vox_offset = static_cast<float>(sizeof header + extension.size());
        header.regular = 'r';
        return bytes_of(header) + extension;
    }
    nifti_2_header header = {};
    describe(header, output, shape);
    std::memcpy(header.magic, "n+2\0\r\n\032\n", 8);
    header.vox_offset = static_cast<std::int64_t>(sizeof header + extension.size());
    return bytes_of(header) + extension;
}

/// A gzip member of its own; members that follow one another unpack to one stream. Without a time,
/// so that equal data make equal files.
std::vector<unsigned char> gzip_member(const void* bytes, Index count) {
    constexpr int level = 6;
    constexpr int gzip_window_bits = 15 + 16;
    constexpr int memory_level = 8;
    z_stream stream = {};
    if (deflateInit2(&stream, level, Z_DEFLATED, gzip_window_bits, memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        throw MemoryError("no memory to compress the output");
    }
    std::vector<unsigned char> packed(deflateBound(&stream, static_cast<uLong>(count)));
    // zlib's interface is not const-correct; it does not change its input.
    stream.next_in = static_cast<Bytef*>(const_cast<void*>(bytes));
    stream.avail_in = static_cast<uInt>(count);
    stream.next_out = packed.data();
    stream.avail_out = static_cast<uInt>(packed.size());
    const int status = deflate(&stream, Z_FINISH);
    packed.resize(packed.size() - stream.avail_out);
    deflateEnd(&stream);
    TESSERA_ASSERT(status == Z_STREAM_END, "a slab fits its compressed bound");
    return packed;
}

template <typename T>
void write_packed(const DenseTensor<T>& tensor, const TensorOutput& output,
                  const std::string& header) {
    const Communicator& communicator = tensor.communicator();
    ParallelFile file(communicator, output.path);
    Index end = 0;
    const auto append = [&](const void* bytes, Index count) {
        std::vector<unsigned char> packed;
        agree(communicator, [&] {
            if (count > 0) {
                packed = gzip_member(bytes, count);
            }
        });
        const auto size = static_cast<Index>(packed.size());
        const Index offset = claim_offset(communicator, end, size);
        file.reserve(static_cast<double>(end));
        agree(communicator, [&] { file.write(offset, packed.data(), size); });
    };
    append(header.data(), communicator.rank() == 0 ? static_cast<Index>(header.size()) : 0);
    SlabStream<T> slabs(tensor, stored_modes(output, tensor.shape()), output.type);
    for (Index round = slabs.rounds(); round > 0; --round) {
        const Slab slab = slabs.next();
        append(slab.values, slab.bytes(output.type));
    }
    file.publish();
}

}  // namespace

template <typename T>
void write_nifti(const DenseTensor<T>& tensor, const TensorOutput& output) {
    const std::string header = nifti_header(output, tensor.shape());
    const char last = output.path.empty() ? '\0' : output.path.back();
    if (last == 'z' || last == 'Z') {
        write_packed(tensor, output, header);
    } else {
        write_linear(tensor, output, output.path, header, "");
    }
}

template void write_nifti<float>(const DenseTensor<float>&, const TensorOutput&);
template void write_nifti<double>(const DenseTensor<double>&, const TensorOutput&);

}  // namespace tessera
