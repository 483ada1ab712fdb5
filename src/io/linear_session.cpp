#include "linear_session.hpp"

#include <algorithm>
#include <cstring>

#include "tessera/base/error.hpp"

namespace tessera {

namespace {

/// Gaps up to this are read over, and that much is read at once at most.
constexpr Index most_gap_bytes = Index{64} << 10;
constexpr Index most_span_bytes = Index{16} << 20;

/// How a box lies in a row-major array: as lines, each `line` entries in one run. `step` neighbours
/// of mode `line_mode - 1` are read together with the gaps between them.
struct Runs {
    int line_mode = 0;  ///< the modes from here on form a line
    Index line = 1;     ///< entries
    Index pitch = 1;    ///< entries from one line to the next along mode line_mode - 1
    Index step = 1;     ///< lines read together
};

Runs runs_of(const Box& box, const Extents& shape, Index entry_bytes) {
    const int order = shape.order();
    const Extents part = box.shape();
    Runs runs;
    runs.line_mode = order - 1;
    runs.line = part[order - 1];
    while (runs.line_mode > 0 && part[runs.line_mode] == shape[runs.line_mode]) {
        --runs.line_mode;
        runs.line *= part[runs.line_mode];
    }
    if (runs.line_mode > 0) {
        runs.pitch = shape.product(runs.line_mode, order);
        const Index gap = (runs.pitch - runs.line) * entry_bytes;
        if (gap <= most_gap_bytes) {
            runs.step = std::clamp<Index>(most_span_bytes / (runs.pitch * entry_bytes), 1,
                                          part[runs.line_mode - 1]);
        }
    }
    return runs;
}

}  // namespace

double byte_count(const std::vector<Index>& shape, std::size_t entry_bytes) {
    auto bytes = static_cast<double>(entry_bytes);
    for (const Index extent : shape) {
        bytes *= static_cast<double>(extent);
    }
    return bytes;
}

void check_file_size(const InputFile& file, const LinearLayout& layout,
                     const std::vector<Index>& shape) {
    const double expected =
        static_cast<double>(layout.offset) + byte_count(shape, size_of(layout.type));
    if (expected > static_cast<double>(file.size())) {
        throw_truncated(file.path(), expected, static_cast<double>(file.size()));
    }
}

LinearSession::LinearSession(std::unique_ptr<ByteRegion> bytes, const LinearLayout& layout,
                             const StorageShape& storage)
    : bytes_(std::move(bytes)), layout_(layout), shape_(storage.extents) {}

Extents LinearSession::grain() const { return Extents::filled(shape_.order(), 1); }

void LinearSession::read(const Box& piece, std::byte* buffer) {
    if (piece.size() == 0) {
        return;
    }
    const auto entry_bytes = static_cast<Index>(size_of(layout_.type));
    const Runs runs = runs_of(piece, shape_, entry_bytes);
    const int line_mode = runs.line_mode;
    // Lines of the box outside the line: modes 0 .. line_mode-1, the last in groups of `step`.
    Extents outer = Extents::filled(line_mode, 1);
    for (int mode = 0; mode < line_mode; ++mode) {
        outer[mode] = piece.end[mode] - piece.begin[mode];
    }
    const Index lines = line_mode > 0 ? outer[line_mode - 1] : 1;
    const Index line_bytes = runs.line * entry_bytes;
    std::byte* target = buffer;
    for (Index item = 0; item < outer.product(); item += lines) {
        const Extents place = row_major_position(item, outer);
        for (Index line = 0; line < lines; line += runs.step) {
            const Index count = std::min(runs.step, lines - line);
            Extents position = piece.begin;
            for (int mode = 0; mode < line_mode; ++mode) {
                position[mode] += place[mode] + (mode == line_mode - 1 ? line : 0);
            }
            const Index offset = layout_.offset + row_major_offset(position, shape_) * entry_bytes;
            if (count == 1) {
                bytes_->read(offset, target, line_bytes);
            } else {
                const Index pitch_bytes = runs.pitch * entry_bytes;
                const Index span_bytes = (count - 1) * pitch_bytes + line_bytes;
                span_.resize(std::max(span_.size(), static_cast<std::size_t>(span_bytes)));
                bytes_->read(offset, span_.data(), span_bytes);
                for (Index i = 0; i < count; ++i) {
                    std::memcpy(target + i * line_bytes, span_.data() + i * pitch_bytes,
                                static_cast<std::size_t>(line_bytes));
                }
            }
            target += count * line_bytes;
        }
    }
    if (layout_.swapped) {
        swap_bytes(buffer, piece.size(), static_cast<std::size_t>(entry_bytes));
    }
}

}  // namespace tessera
