#include "tessera/app/data_source.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <Kokkos_Core.hpp>
#include <cstdlib>
#include <filesystem>

#include "tessera/base/error.hpp"
#include "tessera/io/coordinate_file.hpp"
#include "tessera/io/read_tensor.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/reductions.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;

// Of a pattern ("slices/*.tif") the folder.
bool is_there(const fs::path& path) {
    std::error_code ignored;
    const bool pattern = path.filename().string().find_first_of("*?[") != std::string::npos;
    return fs::exists(path, ignored) || (pattern && fs::exists(path.parent_path(), ignored));
}

AxesRequest axes_request(const SourceOptions& source) {
    AxesRequest request;
    request.axes = source.axes;
    request.shape = source.shape;
    request.fold_order = source.fold_order;
    request.order = source.order;
    for (const auto& [axis, range] : source.region) {
        request.region.push_back({axis, range.at(0), range.at(1)});
    }
    for (const auto& [axis, count] : source.bin) {
        request.bins.push_back({axis, count});
    }
    return request;
}

// Entries that the file marks as missing leave the problem: mask 0, value 0.
template <typename T>
Mask mask_from_values(const DenseTensor<T>& tensor, DataOptions::Missing marker) {
    Mask mask("mask", tensor.partition());
    const DeviceView<T> values = tensor.block();
    const DeviceView<std::uint8_t> observed = mask.block();
    const bool zero_marks = marker == DataOptions::Missing::zero;
    Kokkos::parallel_for(
        "tessera::mask_from_values",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<std::size_t>>(
            0, values.size()),
        KOKKOS_LAMBDA(std::size_t i) {
            const T value = values(i);
            const bool missing = zero_marks ? value == T{0} : Kokkos::isnan(value);
            observed(i) = missing ? 0 : 1;
            if (missing) {
                values(i) = T{0};
            }
        });
    Kokkos::fence("tessera::mask_from_values");
    return mask;
}

template <typename T>
void clear_missing(const DenseTensor<T>& tensor, const Mask& mask) {
    const DeviceView<T> values = tensor.block();
    const DeviceView<std::uint8_t> observed = mask.block();
    Kokkos::parallel_for(
        "tessera::clear_missing",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<std::size_t>>(
            0, values.size()),
        KOKKOS_LAMBDA(std::size_t i) {
            if (observed(i) == 0) {
                values(i) = T{0};
            }
        });
    Kokkos::fence("tessera::clear_missing");
}

}  // namespace

std::string find_data_file(const std::string& location) {
    const FileLocation parts = split_location(location);
    const char* const base = std::getenv("TESSERA_DATA");
    if (is_there(parts.path) || fs::path(parts.path).is_absolute() || base == nullptr) {
        return location;
    }
    return is_there(fs::path(base) / parts.path) ? (fs::path(base) / location).string() : location;
}

OpenSource open_source(const Communicator& communicator, const SourceOptions& source) {
    OpenSource opened;
    const std::string path = find_data_file(source.path);
    agree(communicator, [&] {
        if (looks_like_coordinates(path)) {
            throw UsageError(fmt::format(
                "{} is a list of entries: state what the entries are that it does not list, "
                "data.absent = \"zero\" or \"missing\"",
                path));
        }
    });
    opened.reader = TensorReader::open(path, communicator);
    opened.plan = plan_read(opened.reader->info(), axes_request(source));
    return opened;
}

OpenSource open_companion(const Communicator& communicator, const SourceOptions& source,
                          const Extents& shape, const char* key) {
    OpenSource opened = open_source(communicator, source);
    if (!(opened.plan.shape == shape)) {
        throw UsageError(fmt::format("{} is {}, but the data are {}: they must have the same shape",
                                     key, opened.plan.shape.to_string(), shape.to_string()));
    }
    return opened;
}

OpenSource open_mask(const Communicator& communicator, const DataOptions& data,
                     const Extents& shape) {
    SourceOptions source = data.source;
    source.path = data.mask;
    source.bin.clear();
    return open_companion(communicator, source, shape, "data.mask");
}

void make_binary(const Mask& mask) {
    const DeviceView<std::uint8_t> observed = mask.block();
    Kokkos::parallel_for(
        "tessera::make_binary",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<std::size_t>>(
            0, observed.size()),
        KOKKOS_LAMBDA(std::size_t i) { observed(i) = observed(i) != 0 ? 1 : 0; });
    Kokkos::fence("tessera::make_binary");
}

template <typename T>
std::optional<Mask> read_mask(const DataOptions& data, const DenseTensor<T>& values) {
    if (data.mask.empty()) {
        return data.missing == DataOptions::Missing::none
                   ? std::nullopt
                   : std::optional(mask_from_values(values, data.missing));
    }
    const OpenSource opened = open_mask(values.communicator(), data, values.shape());
    const auto mask =
        read_tensor<std::uint8_t>(*opened.reader, opened.plan, "mask", values.partition());
    make_binary(mask);
    clear_missing(values, mask);
    return mask;
}

template <typename T>
void refuse_non_finite(const DenseTensor<T>& tensor, const std::string& what,
                       const std::vector<std::string>& axes) {
    const NonFinite found = find_non_finite(tensor);
    if (found.count == 0) {
        return;
    }
    const Extents position = row_major_position(found.first, tensor.shape());
    throw IoError(
        fmt::format("{}: {} of {} values are NaN or infinite, the first at ({}) = [{}]: repair the "
                    "file, or mark "
                    "them as missing with data.missing = \"nan\"",
                    what, found.count, tensor.size(), fmt::join(axes, ", "),
                    fmt::join(position.to_vector(), ", ")));
}

#define TESSERA_INSTANTIATE(T)                                                            \
    template std::optional<Mask> read_mask<T>(const DataOptions&, const DenseTensor<T>&); \
    template void refuse_non_finite<T>(const DenseTensor<T>&, const std::string&,         \
                                       const std::vector<std::string>&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
