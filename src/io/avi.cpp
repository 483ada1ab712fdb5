#include "avi.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "dataset_info.hpp"
#include "frame_region.hpp"
#include "linear_reader.hpp"
#include "riff.hpp"
#include "tessera/base/error.hpp"

namespace tessera {
namespace {

/// What every frame is.
struct FrameFormat {
    Index rows = 0;
    Index cols = 0;
    Index channels = 1;
    bool bottom_up = true;
    std::array<unsigned char, 256> grey = {};  ///< of the palette, with 8 bits

    [[nodiscard]] Index row_bytes() const { return cols * channels; }
    /// Rows are filled up to multiples of four bytes.
    [[nodiscard]] Index stride() const { return (row_bytes() + 3) / 4 * 4; }
    [[nodiscard]] Index bytes() const { return rows * stride(); }
};

struct AviVideo {
    DatasetInfo info;
    FrameFormat format;
    std::vector<Index> frames;  ///< where they begin in the file
};

class AviRegion : public FrameRegion {
  public:
    AviRegion(InputFile file, const AviVideo& video)
        : FrameRegion(video.format.rows * video.format.row_bytes()),
          file_(std::move(file)),
          format_(video.format),
          frames_(video.frames),
          stored_(static_cast<std::size_t>(format_.bytes())) {}

  private:
    void load(Index frame, std::byte* target) override {
        file_.read(frames_[static_cast<std::size_t>(frame)], stored_.data(), format_.bytes());
        for (Index row = 0; row < format_.rows; ++row) {
            const Index from = format_.bottom_up ? format_.rows - 1 - row : row;
            const unsigned char* const source = stored_.data() + from * format_.stride();
            auto* const pixels =
                reinterpret_cast<unsigned char*>(target) + row * format_.row_bytes();
            for (Index col = 0; col < format_.cols; ++col) {
                if (format_.channels == 1) {
                    pixels[col] = format_.grey[source[col]];
                } else {
                    // Stored blue, green, red.
                    for (Index channel = 0; channel < 3; ++channel) {
                        pixels[3 * col + channel] = source[3 * col + 2 - channel];
                    }
                }
            }
        }
    }

    InputFile file_;
    FrameFormat format_;
    std::vector<Index> frames_;
    std::vector<unsigned char> stored_;
};

[[noreturn]] void malformed(const std::string& path, const std::string& what) {
    throw IoError(path + " is not a proper AVI file: " + what);
}

/// The palette of a video of 8 bits must have greys alone; none means that values are brightness.
void read_palette(const std::string& path, const std::string& header, FrameFormat& format) {
    constexpr std::size_t palette_at = 40;
    constexpr std::size_t colours_at = 32;
    const std::size_t present = header.size() > palette_at ? (header.size() - palette_at) / 4 : 0;
    std::size_t colours = riff_word(header, colours_at);
    colours =
        std::min<std::size_t>(colours == 0 ? 256 : colours, std::min<std::size_t>(present, 256));
    for (std::size_t i = 0; i < format.grey.size(); ++i) {
        format.grey[i] = static_cast<unsigned char>(i);
    }
    for (std::size_t i = 0; i < colours; ++i) {
        const std::string colour = header.substr(palette_at + 4 * i, 3);
        if (colour[0] != colour[1] || colour[1] != colour[2]) {
            throw IoError(path + " has frames with a palette of colours: save it with 24 bits");
        }
        format.grey[i] = static_cast<unsigned char>(colour[0]);
    }
}

FrameFormat read_format(const std::string& path, const std::string& header) {
    constexpr std::size_t header_bytes = 40;
    constexpr std::int64_t most_pixels_a_side = 1 << 20;
    if (header.size() < header_bytes) {
        malformed(path, "its format of frames has " + std::to_string(header.size()) + " bytes");
    }
    const auto width = static_cast<std::int32_t>(riff_word(header, 4));
    const auto height = static_cast<std::int32_t>(riff_word(header, 8));
    const unsigned bits = riff_half_word(header, 14);
    const std::uint32_t compression = riff_word(header, 16);
    if (compression != 0 || (bits != 8 && bits != 24)) {
        std::string code = header.substr(16, 4);
        std::replace_if(
            code.begin(), code.end(), [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
        throw IoError(path + " has " +
                      (compression != 0 ? "compressed frames ('" + code + "')"
                                        : "frames of " + std::to_string(bits) + " bits") +
                      ", expected uncompressed ones of 8 or 24 bits: convert it with ffmpeg -c:v "
                      "rawvideo -pix_fmt bgr24");
    }
    FrameFormat format;
    format.bottom_up = height > 0;
    format.rows = std::abs(static_cast<std::int64_t>(height));
    format.cols = width;
    format.channels = bits == 24 ? 3 : 1;
    if (width < 1 || format.rows < 1 || width > most_pixels_a_side ||
        format.rows > most_pixels_a_side) {
        malformed(path, "its frames are " + std::to_string(height) + " x " + std::to_string(width));
    }
    if (bits == 8) {
        read_palette(path, header, format);
    }
    return format;
}

/// Finds the video's stream in the header list: its number, its format and the time between frames.
struct Stream {
    int number = -1;
    FrameFormat format;
    double frame_seconds = 0.0;
};

Stream read_stream(const InputFile& file, const RiffChunk& header_list) {
    int number = 0;
    for (const RiffChunk& chunk : riff_chunks(file, header_list.begin, header_list.end())) {
        if (chunk.kind != "strl") {
            continue;
        }
        const std::vector<RiffChunk> parts = riff_chunks(file, chunk.begin, chunk.end());
        const RiffChunk* const header = find_chunk(parts, "strh");
        const RiffChunk* const format = find_chunk(parts, "strf");
        if (header != nullptr && format != nullptr && file.text(header->begin, 4) == "vids") {
            const std::string rates = file.text(header->begin, std::min<Index>(header->bytes, 56));
            constexpr Index most_format_bytes = 40 + 4 * 256;
            Stream stream;
            stream.number = number;
            stream.format = read_format(
                file.path(), file.text(format->begin, std::min(format->bytes, most_format_bytes)));
            const std::uint32_t scale = riff_word(rates, 20);
            const std::uint32_t rate = riff_word(rates, 24);
            stream.frame_seconds =
                rate > 0 ? static_cast<double>(scale) / static_cast<double>(rate) : 0.0;
            return stream;
        }
        ++number;
    }
    malformed(file.path(), "it has no video");
}

/// Frames lie in the list "movi", in groups "rec " perhaps. An empty one repeats the one before.
void collect_frames(const InputFile& file, const RiffChunk& list, const std::string& stream,
                    const FrameFormat& format, std::vector<Index>& frames) {
    for (const RiffChunk& chunk : riff_chunks(file, list.begin, list.end())) {
        if (chunk.kind == "rec ") {
            collect_frames(file, chunk, stream, format, frames);
        } else if (chunk.name == stream + "db" || chunk.name == stream + "dc") {
            const std::string which = "frame " + std::to_string(frames.size() + 1);
            if (chunk.bytes == 0 && !frames.empty()) {
                frames.push_back(frames.back());
            } else if (chunk.bytes < format.bytes()) {
                malformed(file.path(), which + " has " + std::to_string(chunk.bytes) +
                                           " bytes, expected " + std::to_string(format.bytes()));
            } else {
                frames.push_back(chunk.begin);
            }
        }
    }
}

AviVideo describe(const std::string& path) {
    const InputFile file(path);
    AviVideo video;
    Stream stream;
    // A long video goes on in further RIFF chunks.
    for (const RiffChunk& riff : riff_chunks(file, 0, file.size())) {
        if (riff.name != "RIFF") {
            continue;
        }
        const std::vector<RiffChunk> chunks = riff_chunks(file, riff.begin, riff.end());
        const RiffChunk* const header = find_chunk(chunks, "LIST", "hdrl");
        const RiffChunk* const frames = find_chunk(chunks, "LIST", "movi");
        if (header != nullptr && stream.number < 0) {
            stream = read_stream(file, *header);
        }
        if (stream.number >= 0 && frames != nullptr) {
            const std::string name = {static_cast<char>('0' + stream.number / 10 % 10),
                                      static_cast<char>('0' + stream.number % 10)};
            collect_frames(file, *frames, name, stream.format, video.frames);
        }
    }
    if (stream.number < 0) {
        malformed(path, "it has no header");
    }
    video.format = stream.format;
    DatasetInfo& info = video.info;
    info.path = path;
    info.format = "AVI";
    info.shape = {static_cast<Index>(video.frames.size()), stream.format.rows, stream.format.cols};
    info.axes = {"time", "rows", "cols"};
    if (stream.format.channels > 1) {
        info.shape.push_back(stream.format.channels);
        info.axes.emplace_back("bands");
    }
    set_storage_order(info, false);
    info.type = NumberType::uint8;
    info.type_text = type_text(*info.type, false);
    if (stream.frame_seconds > 0.0) {
        info.spacing.assign(info.shape.size(), 1.0);
        info.origin.assign(info.shape.size(), 0.0);
        info.units.assign(info.shape.size(), "");
        info.spacing[0] = stream.frame_seconds;
        info.units[0] = "s";
    }
    note_obstacles_of_shape(info);
    return video;
}

}  // namespace

bool looks_like_avi(const std::string& first_bytes) {
    return first_bytes.starts_with("RIFF") && first_bytes.size() >= 12 &&
           first_bytes.substr(8, 4) == "AVI ";
}

std::vector<DatasetInfo> list_avi(const std::string& path) { return {describe(path).info}; }

std::unique_ptr<TensorReader> open_avi(const std::string& path) {
    const AviVideo video = describe(path);
    require_readable(video.info);
    return std::make_unique<LinearReader>(
        video.info, LinearLayout{0, NumberType::uint8, false},
        [video] { return std::make_unique<AviRegion>(InputFile(video.info.path), video); });
}

}  // namespace tessera
