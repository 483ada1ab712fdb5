#include "image_stack.hpp"

#include <algorithm>
#include <filesystem>

#include "dataset_info.hpp"
#include "frame_region.hpp"
#include "image_file.hpp"
#include "linear_reader.hpp"
#include "natural_order.hpp"
#include "tessera/base/error.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;

constexpr Index start_bytes = 16;

struct ImageStack {
    DatasetInfo info;
    ImageHeader header;  ///< of each of them
    std::vector<std::string> files;
};

class ImageRegion : public FrameRegion {
  public:
    explicit ImageRegion(const ImageStack& stack)
        : FrameRegion(stack.header.bytes()), header_(stack.header), files_(stack.files) {}

  private:
    void load(Index frame, std::byte* target) override {
        const InputFile file(files_[static_cast<std::size_t>(frame)]);
        const ImageFormat* const format = image_format(file.text(0, start_bytes));
        if (format == nullptr || !format->header(file).same_as(header_)) {
            throw IoError(file.path() + " was changed while it was being read");
        }
        format->decode(file, target);
    }

    ImageHeader header_;
    std::vector<std::string> files_;
};

/// Regular files of a folder and its subfolders, without hidden ones, in natural order.
std::vector<std::string> files_below(const std::string& folder) {
    std::error_code error;
    std::vector<std::string> files;
    fs::recursive_directory_iterator entries(folder, error);
    for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
        const bool hidden = entries->path().filename().string().starts_with(".");
        std::error_code ignored;
        if (hidden && entries->is_directory(ignored)) {
            entries.disable_recursion_pending();
        } else if (!hidden && entries->is_regular_file(ignored)) {
            files.push_back(entries->path().string());
        }
    }
    if (error) {
        throw IoError("cannot read the folder " + folder + ": " + error.message());
    }
    std::sort(files.begin(), files.end(), natural_less);
    return files;
}

ImageStack describe(const std::string& path) {
    const bool folder = fs::is_directory(path);
    ImageStack stack;
    Index others = 0;
    for (const std::string& name : folder ? files_below(path) : std::vector<std::string>{path}) {
        const InputFile file(name);
        const ImageFormat* const format = image_format(file.text(0, start_bytes));
        if (format == nullptr) {
            ++others;
            continue;
        }
        const ImageHeader header = format->header(file);
        if (!stack.files.empty() && !header.same_as(stack.header)) {
            throw IoError(name + " is " + header.text() + ", but " + stack.files.front() + " is " +
                          stack.header.text() + ": all pictures of a folder must be alike");
        }
        if (stack.files.empty()) {
            stack.header = header;
        }
        stack.files.push_back(name);
    }
    if (stack.files.empty()) {
        throw IoError(path + " holds no picture that can be read, expected PGM or PNG");
    }
    DatasetInfo& info = stack.info;
    info.path = path;
    info.format = stack.header.format;
    if (folder) {
        info.format += " folder";
        info.shape.push_back(static_cast<Index>(stack.files.size()));
        info.axes.emplace_back("images");
    }
    info.shape.insert(info.shape.end(), {stack.header.rows, stack.header.cols});
    info.axes.insert(info.axes.end(), {"rows", "cols"});
    if (stack.header.channels > 1) {
        info.shape.push_back(stack.header.channels);
        info.axes.emplace_back("bands");
    }
    set_storage_order(info, false);
    info.type = stack.header.type;
    info.type_text = type_text(*info.type, false);
    if (others > 0) {
        info.remark = std::to_string(others) + (others == 1 ? " other file" : " other files") +
                      " in the folder left out";
    }
    if (folder) {
        info.attributes.emplace_back("first picture", stack.files.front());
        info.attributes.emplace_back("last picture", stack.files.back());
    }
    note_obstacles_of_shape(info);
    return stack;
}

}  // namespace

bool looks_like_image(const std::string& first_bytes) {
    return image_format(first_bytes) != nullptr;
}

bool holds_images(const std::string& folder) {
    const std::vector<std::string> files = files_below(folder);
    return std::any_of(files.begin(), files.end(), [](const std::string& file) {
        return looks_like_image(InputFile(file).text(0, start_bytes));
    });
}

std::vector<DatasetInfo> list_images(const std::string& path) { return {describe(path).info}; }

std::unique_ptr<TensorReader> open_images(const std::string& path) {
    const ImageStack stack = describe(path);
    require_readable(stack.info);
    return std::make_unique<LinearReader>(stack.info, LinearLayout{0, stack.header.type, false},
                                          [stack] { return std::make_unique<ImageRegion>(stack); });
}

}  // namespace tessera
