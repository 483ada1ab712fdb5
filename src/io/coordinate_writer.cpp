#include <Kokkos_Core.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "slab_stream.hpp"
#include "tensor_writers.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

constexpr Index entries_of_a_piece = Index{1} << 18;

/// A number in the fewest digits that read back as the same.
template <typename Number>
void append_number(std::string& text, Number value) {
    char digits[32];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
    text.append(digits, end);
}

/// "3 1 7 0.5\n" of an entry, positions from 1 on.
template <typename Number>
void append_line(std::string& text, const Extents& at, const Extents& begin, Number value) {
    for (int mode = 0; mode < at.order(); ++mode) {
        append_number(text, at[mode] + begin[mode] + 1);
        text += ' ';
    }
    append_number(text, value);
    text += '\n';
}

/// A line for each entry that is kept.
template <typename Stored>
void append_lines(std::string& text, const Slab& slab, bool partly_observed) {
    const auto* values = reinterpret_cast<const Stored*>(slab.values);
    const Extents shape = slab.stored.shape();
    for (Index entry = 0; entry < slab.entries; ++entry) {
        const Stored value = values[entry];
        bool kept = value != Stored{0};
        if constexpr (std::is_floating_point_v<Stored>) {
            kept = partly_observed ? !std::isnan(value) : kept;
        }
        if (!kept) {
            continue;
        }
        append_line(text, row_major_position(entry, shape), slab.stored.begin, value);
    }
}

/// Comments: names and shape, which the lines alone do not tell, and how to undo a scaling.
std::string heading(const TensorOutput& output, const Extents& shape) {
    std::string text = "# axes:";
    for (const std::string& axis : output.axes) {
        text += " " + axis;
    }
    text += "\n# shape:";
    for (int mode = 0; mode < shape.order(); ++mode) {
        text += " " + std::to_string(shape[mode]);
    }
    text += "\n";
    if (!output.scale_factor.empty()) {
        text += "# scale_factor: " + number_list(output.scale_factor, " ") +
                "\n# scale_offset: " + number_list(output.scale_offset, " ") + "\n";
    }
    return text;
}

}  // namespace

template <typename T>
void write_coordinates(const DenseTensor<T>& tensor, const TensorOutput& output) {
    const Communicator& communicator = tensor.communicator();
    ParallelFile file(communicator, output.path);
    Index end = 0;
    const auto append = [&](const std::string& text) {
        const auto size = static_cast<Index>(text.size());
        const Index offset = claim_offset(communicator, end, size);
        file.reserve(static_cast<double>(end));
        agree(communicator, [&] { file.write(offset, text.data(), size); });
    };
    append(communicator.rank() == 0 ? heading(output, tensor.shape()) : "");
    // A line is several times as long as the entry.
    SlabStream<T> slabs(tensor, stored_modes(output, tensor.shape()), output.type, false,
                        SlabStream<T>::default_slab_entries / 8);
    std::string text;
    for (Index round = slabs.rounds(); round > 0; --round) {
        const Slab slab = slabs.next();
        text.clear();
        with_type(output.type, [&](auto zero) {
            append_lines<decltype(zero)>(text, slab, output.partly_observed);
        });
        append(text);
    }
    file.publish();
}

template <typename T>
void write_entries(const SparseTensor<T>& entries, const TensorOutput& output) {
    const Communicator& communicator = entries.communicator();
    const auto indices =
        Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), entries.indices());
    const auto values = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), entries.values());
    const SparseCoordinates coordinates{indices.data(), entries.local_count()};
    const auto lines = [&](Index first) {
        std::string text;
        Extents at = entries.shape();
        const Index last = std::min(entries.local_count(), first + entries_of_a_piece);
        for (Index entry = first; entry < last; ++entry) {
            for (int mode = 0; mode < entries.order(); ++mode) {
                at[mode] = coordinates(mode, entry);
            }
            append_line(text, at, entries.box().begin, values(static_cast<std::size_t>(entry)));
        }
        return text;
    };
    // Formatted twice: where a rank's lines begin depends on the length of all those before.
    Index own = 0;
    const std::string head =
        communicator.rank() == 0 ? heading(output, entries.shape()) : std::string();
    agree(communicator, [&] {
        own = static_cast<Index>(head.size());
        for (Index first = 0; first < entries.local_count(); first += entries_of_a_piece) {
            own += static_cast<Index>(lines(first).size());
        }
    });
    ParallelFile file(communicator, output.path);
    Index end = 0;
    Index offset = claim_offset(communicator, end, own);
    file.reserve(static_cast<double>(end));
    agree(communicator, [&] {
        file.write(offset, head.data(), static_cast<Index>(head.size()));
        offset += static_cast<Index>(head.size());
        for (Index first = 0; first < entries.local_count(); first += entries_of_a_piece) {
            const std::string text = lines(first);
            file.write(offset, text.data(), static_cast<Index>(text.size()));
            offset += static_cast<Index>(text.size());
        }
    });
    file.publish();
}

template void write_entries<float>(const SparseTensor<float>&, const TensorOutput&);
template void write_entries<double>(const SparseTensor<double>&, const TensorOutput&);
template void write_coordinates<float>(const DenseTensor<float>&, const TensorOutput&);
template void write_coordinates<double>(const DenseTensor<double>&, const TensorOutput&);

}  // namespace tessera
