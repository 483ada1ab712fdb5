#include "wav.hpp"

#include <bit>
#include <optional>

#include "dataset_info.hpp"
#include "linear_reader.hpp"
#include "riff.hpp"
#include "tessera/base/error.hpp"

namespace tessera {
namespace {

constexpr int packed_24 = 3;  ///< bytes of a sample for which there is no C++ type

/// Samples of three bytes as those of four.
class Packed24Region : public ByteRegion {
  public:
    Packed24Region(InputFile file, Index begin) : file_(std::move(file)), begin_(begin) {}

    void read(Index offset, void* target, Index bytes) override {
        // Samples are asked for whole.
        const Index count = bytes / 4;
        packed_.resize(static_cast<std::size_t>(count * packed_24));
        file_.read(begin_ + offset / 4 * packed_24, packed_.data(), count * packed_24);
        auto* samples = static_cast<unsigned char*>(target);
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            const unsigned char* const from = packed_.data() + packed_24 * i;
            samples[4 * i] = from[0];
            samples[4 * i + 1] = from[1];
            samples[4 * i + 2] = from[2];
            samples[4 * i + 3] = (from[2] & 0x80) != 0 ? 0xFF : 0;
        }
    }

  private:
    InputFile file_;
    Index begin_;
    std::vector<unsigned char> packed_;
};

struct WavSound {
    DatasetInfo info;
    Index begin = 0;
    int sample_bytes = 0;
};

std::optional<NumberType> number_type(unsigned format, unsigned bits) {
    constexpr unsigned pcm = 1;
    constexpr unsigned real = 3;
    if (format == pcm && bits == 8) {
        return NumberType::uint8;
    }
    if (format == pcm && bits == 16) {
        return NumberType::int16;
    }
    if (format == pcm && (bits == 24 || bits == 32)) {
        return NumberType::int32;
    }
    if (format == real && (bits == 32 || bits == 64)) {
        return bits == 32 ? NumberType::float32 : NumberType::float64;
    }
    return std::nullopt;
}

WavSound describe(const std::string& path) {
    static_assert(std::endian::native == std::endian::little, "samples are little-endian");
    constexpr Index riff_header_bytes = 12;
    const InputFile file(path);
    const Index riff_end = 8 + static_cast<Index>(riff_word(file.text(0, 8), 4));
    if (riff_end > file.size()) {
        throw_truncated(path, static_cast<double>(riff_end), static_cast<double>(file.size()));
    }
    const std::vector<RiffChunk> chunks = riff_chunks(file, riff_header_bytes, riff_end);
    const RiffChunk* const format_chunk = find_chunk(chunks, "fmt ");
    const RiffChunk* const data = find_chunk(chunks, "data");
    if (format_chunk == nullptr || data == nullptr || format_chunk->bytes < 16) {
        throw IoError(path + " is not a proper WAV file: it has no format or no data");
    }
    const std::string format = file.text(format_chunk->begin, 40);
    constexpr unsigned extensible = 0xFFFE;
    constexpr std::size_t subformat_at = 24;
    unsigned code = riff_half_word(format, 0);
    if (code == extensible && format_chunk->bytes >= 40) {
        code = riff_half_word(format, subformat_at);
    }
    const Index channels = riff_half_word(format, 2);
    const std::uint32_t rate_hz = riff_word(format, 4);
    const Index frame_bytes = riff_half_word(format, 12);
    const unsigned bits = riff_half_word(format, 14);
    WavSound sound;
    DatasetInfo& info = sound.info;
    info.type = number_type(code, bits);
    if (!info.type) {
        throw IoError(path + " holds sound of the kind " + std::to_string(code) + " with " +
                      std::to_string(bits) +
                      " bits, expected PCM of 8, 16, 24 or 32 bits or real numbers of 32 or 64: "
                      "save it as such");
    }
    sound.sample_bytes = static_cast<int>(bits / 8);
    if (channels < 1 || frame_bytes != channels * sound.sample_bytes || rate_hz == 0) {
        throw IoError(path + " is not a proper WAV file: " + std::to_string(channels) +
                      " channels of " + std::to_string(bits) + " bits do not make frames of " +
                      std::to_string(frame_bytes) + " bytes at " + std::to_string(rate_hz) + " Hz");
    }
    info.path = path;
    info.format = "WAV";
    info.shape = {data->bytes / frame_bytes, channels};
    set_storage_order(info, false);
    info.type_text = bits == 24 ? "int24" : type_text(*info.type, false);
    info.axes = {"samples", "channels"};
    info.spacing = {1.0 / static_cast<double>(rate_hz), 1.0};
    info.origin = {0.0, 0.0};
    info.units = {"s", ""};
    info.attributes.emplace_back("sample rate", std::to_string(rate_hz) + " Hz");
    if (data->bytes % frame_bytes != 0) {
        info.remark = "its last frame is incomplete and left out";
    }
    sound.begin = data->begin;
    note_obstacles_of_shape(info);
    return sound;
}

}  // namespace

bool looks_like_wav(const std::string& first_bytes) {
    return first_bytes.starts_with("RIFF") && first_bytes.size() >= 12 &&
           first_bytes.substr(8, 4) == "WAVE";
}

std::vector<DatasetInfo> list_wav(const std::string& path) { return {describe(path).info}; }

std::unique_ptr<TensorReader> open_wav(const std::string& path) {
    const WavSound sound = describe(path);
    require_readable(sound.info);
    if (sound.sample_bytes == packed_24) {
        return std::make_unique<LinearReader>(
            sound.info, LinearLayout{0, NumberType::int32, false}, [path, begin = sound.begin] {
                return std::make_unique<Packed24Region>(InputFile(path), begin);
            });
    }
    return std::make_unique<LinearReader>(
        sound.info, LinearLayout{sound.begin, *sound.info.type, false},
        [path] { return std::make_unique<FileRegion>(InputFile(path)); });
}

}  // namespace tessera
