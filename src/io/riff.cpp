#include "riff.hpp"

#include "tessera/base/error.hpp"

namespace tessera {
namespace {

std::uint32_t number(const std::string& bytes, std::size_t offset, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = count; i-- > 0;) {
        const std::uint32_t byte =
            offset + i < bytes.size() ? static_cast<unsigned char>(bytes[offset + i]) : 0;
        value = (value << 8) | byte;
    }
    return value;
}

}  // namespace

std::uint32_t riff_word(const std::string& bytes, std::size_t offset) {
    return number(bytes, offset, 4);
}

std::uint16_t riff_half_word(const std::string& bytes, std::size_t offset) {
    return static_cast<std::uint16_t>(number(bytes, offset, 2));
}

std::vector<RiffChunk> riff_chunks(const InputFile& file, Index begin, Index end) {
    constexpr Index header_bytes = 8;
    constexpr Index kind_bytes = 4;
    std::vector<RiffChunk> chunks;
    while (begin + header_bytes <= end) {
        const std::string header = file.text(begin, header_bytes + kind_bytes);
        RiffChunk chunk;
        chunk.name = header.substr(0, 4);
        chunk.begin = begin + header_bytes;
        chunk.bytes = riff_word(header, 4);
        if (chunk.end() > end) {
            throw_truncated(file.path(), static_cast<double>(chunk.end()),
                            static_cast<double>(end));
        }
        begin = chunk.end() + chunk.bytes % 2;
        if ((chunk.name == "RIFF" || chunk.name == "LIST") && chunk.bytes >= kind_bytes) {
            chunk.kind = header.substr(header_bytes, kind_bytes);
            chunk.begin += kind_bytes;
            chunk.bytes -= kind_bytes;
        }
        chunks.push_back(std::move(chunk));
    }
    return chunks;
}

const RiffChunk* find_chunk(const std::vector<RiffChunk>& chunks, const std::string& name,
                            const std::string& kind) {
    for (const RiffChunk& chunk : chunks) {
        if (chunk.name == name && chunk.kind == kind) {
            return &chunk;
        }
    }
    return nullptr;
}

}  // namespace tessera
