#include "tiff.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>

#include "dataset_info.hpp"
#include "file_series.hpp"
#include "header_text.hpp"
#include "linear_session.hpp"
#include "tessera/base/error.hpp"
#include "tiff_file.hpp"

namespace tessera {

namespace {

/// A page and the file that it is in.
struct StackPage {
    std::size_t file = 0;
    TiffPage page;
};

struct TiffStack {
    DatasetInfo info;
    std::vector<std::string> files;
    std::vector<StackPage> pages;
};

/// The pages of a stack behind each other, as if they were plain numbers in this machine's byte
/// order. One file is open and one band of rows unpacked at a time.
class TiffRegion : public ByteRegion {
  public:
    explicit TiffRegion(const TiffStack& stack) : stack_(stack) {}

    void read(Index offset, void* target, Index bytes) override {
        auto* place = static_cast<std::byte*>(target);
        const TiffLayout& layout = stack_.pages.front().page.layout;
        const Index row_bytes = layout.row_bytes();
        const Index page_bytes = layout.rows * row_bytes;
        const Index end = offset + bytes;
        while (offset < end) {
            unpack(offset / page_bytes, offset % page_bytes / row_bytes);
            const Index first = offset - page_ * page_bytes - first_row_ * row_bytes;
            const Index count = std::min(end - offset, static_cast<Index>(band_.size()) - first);
            std::memcpy(place, band_.data() + first, static_cast<std::size_t>(count));
            place += count;
            offset += count;
        }
    }

  private:
    /// Has the band with that row of that page.
    void unpack(Index page, Index row) {
        const auto rows =
            static_cast<Index>(band_.size()) / stack_.pages.front().page.layout.row_bytes();
        if (page == page_ && row >= first_row_ && row < first_row_ + rows) {
            return;
        }
        const StackPage& wanted = stack_.pages[static_cast<std::size_t>(page)];
        if (!file_ || opened_ != wanted.file) {
            file_ = std::make_unique<TiffFile>(stack_.files[wanted.file]);
            opened_ = wanted.file;
        }
        page_ = -1;
        first_row_ = file_->read_band(wanted.page, row, band_);
        page_ = page;
    }

    const TiffStack& stack_;
    std::unique_ptr<TiffFile> file_;
    std::size_t opened_ = 0;
    Index page_ = -1;
    Index first_row_ = 0;
    std::vector<std::byte> band_;
};

class TiffReader : public TensorReader {
  public:
    explicit TiffReader(TiffStack stack) : TensorReader(stack.info), stack_(std::move(stack)) {}

  private:
    [[nodiscard]] std::unique_ptr<ReadSession> start(const StorageShape& storage,
                                                     const Communicator&) const override {
        const LinearLayout layout{0, *info().type, false};
        return std::make_unique<LinearSession>(std::make_unique<TiffRegion>(stack_), layout,
                                               storage);
    }

    TiffStack stack_;
};

std::string layout_text(const TiffLayout& layout) {
    return std::to_string(layout.rows) + " x " + std::to_string(layout.columns) +
           (layout.samples > 1 ? " x " + std::to_string(layout.samples) : "") + " " +
           to_string(layout.type);
}

void require_same(const TiffStack& stack, const StackPage& other) {
    const TiffLayout& first = stack.pages.front().page.layout;
    if (!(first == other.page.layout)) {
        throw IoError(stack.files[other.file] + " has a page of " + layout_text(other.page.layout) +
                      ", the first page" + (stack.files.size() > 1 ? " of the stack" : "") +
                      " is " + layout_text(first) + ": pages of one tensor must agree");
    }
}

/// ImageJ's lines "key=value" in the description of the first page.
std::map<std::string, std::string> imagej_notes(const std::string& description) {
    std::map<std::string, std::string> notes;
    if (!description.starts_with("ImageJ=")) {
        return notes;
    }
    for (const std::string& line : words_of(description)) {
        const std::size_t sign = line.find('=');
        if (sign != std::string::npos) {
            notes[line.substr(0, sign)] = line.substr(sign + 1);
        }
    }
    return notes;
}

Index count_in(const std::map<std::string, std::string>& notes, const char* key) {
    const auto found = notes.find(key);
    Index value = 0;
    return found != notes.end() && parse_number(found->second, value) ? value : 0;
}

double length_in(const std::map<std::string, std::string>& notes, const char* key) {
    const auto found = notes.find(key);
    double value = 0.0;
    return found != notes.end() && parse_number(found->second, value) && value > 0.0 ? value : 1.0;
}

/// Positions per length to lengths; dots per inch say nothing about a measurement.
void describe_lengths(TiffFile& file, const std::map<std::string, std::string>& notes,
                      DatasetInfo& info) {
    const std::vector<double> resolution = file.resolution();
    const auto unit = notes.find("unit");
    const bool metric = file.in_centimetres();
    if ((unit == notes.end() && !metric && notes.empty()) || resolution[0] <= 0.0 ||
        resolution[1] <= 0.0) {
        return;
    }
    const std::string name = metric                ? "mm"
                             : unit == notes.end() ? ""
                             : unit->second == "micron" || unit->second == "\\u00B5m"
                                 ? "um"
                                 : unit->second;
    for (const std::string& axis : info.axes) {
        const bool row = axis == "rows";
        if (row || axis == "cols") {
            info.spacing.push_back((metric ? 10.0 : 1.0) / resolution[row ? 0 : 1]);
            info.units.push_back(name);
        } else if (axis == "time") {
            info.spacing.push_back(length_in(notes, "finterval"));
            info.units.emplace_back("s");
        } else {
            info.spacing.push_back(axis == "slices" ? length_in(notes, "spacing") : 1.0);
            info.units.push_back(axis == "slices" ? name : "");
        }
    }
}

void describe(TiffFile& file, TiffStack& stack) {
    DatasetInfo& info = stack.info;
    const TiffLayout& layout = stack.pages.front().page.layout;
    const auto pages = static_cast<Index>(stack.pages.size());
    const std::string description = file.description();
    const std::map<std::string, std::string> notes = imagej_notes(description);
    if (pages > 1) {
        info.shape.push_back(pages);
        info.axes.emplace_back(count_in(notes, "frames") == pages ? "time" : "slices");
    }
    info.shape.push_back(layout.rows);
    info.shape.push_back(layout.columns);
    info.axes.insert(info.axes.end(), {"rows", "cols"});
    if (layout.samples > 1) {
        info.shape.push_back(layout.samples);
        info.axes.emplace_back("bands");
    }
    set_storage_order(info, false);
    info.type = layout.type;
    const std::string compression = file.compression();
    info.type_text = type_text(layout.type, file.big_endian()) +
                     (layout.bits < 8 * static_cast<int>(size_of(layout.type))
                          ? ", " + std::to_string(layout.bits) + " bits"
                          : "") +
                     (compression.empty() ? "" : ", " + compression);
    describe_lengths(file, notes, info);
    if (!description.empty()) {
        info.attributes.emplace_back("description", description.substr(0, 200));
    }
    // Stacks above 4 GiB: ImageJ describes the first image and puts the others behind it.
    if (stack.files.size() == 1 && count_in(notes, "images") > pages) {
        info.obstacle = "says that it holds " + notes.at("images") + " images, but describes " +
                        std::to_string(pages) + ": save it in ImageJ as BigTIFF";
        return;
    }
    note_obstacles_of_shape(info);
}

TiffStack open_stack(const std::string& path) {
    TiffStack stack;
    stack.info.path = path;
    stack.info.format = "TIFF";
    stack.files = is_file_series(path) ? list_file_series(path, {".tif", ".tiff"})
                                       : std::vector<std::string>{path};
    for (std::size_t file = 0; file < stack.files.size(); ++file) {
        TiffFile opened(stack.files[file]);
        for (const TiffPage& page : opened.pages()) {
            stack.pages.push_back({file, page});
            require_same(stack, stack.pages.back());
        }
    }
    TiffFile first(stack.files.front());
    describe(first, stack);
    if (is_file_series(path)) {
        stack.info.remark = "a stack of " + std::to_string(stack.files.size()) + " files, from " +
                            std::filesystem::path(stack.files.front()).filename().string() +
                            " to " + std::filesystem::path(stack.files.back()).filename().string();
    }
    return stack;
}

}  // namespace

bool looks_like_tiff(const std::string& first_bytes) {
    const std::string start = first_bytes.substr(0, 4);
    return start == std::string("II*\0", 4) || start == std::string("MM\0*", 4) ||
           start == std::string("II+\0", 4) || start == std::string("MM\0+", 4);
}

std::vector<DatasetInfo> list_tiff(const std::string& path) { return {open_stack(path).info}; }

std::unique_ptr<TensorReader> open_tiff(const std::string& path) {
    TiffStack stack = open_stack(path);
    require_readable(stack.info);
    return std::make_unique<TiffReader>(std::move(stack));
}

}  // namespace tessera
