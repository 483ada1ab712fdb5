#include "npz.hpp"

#include "dataset_info.hpp"
#include "find_dataset.hpp"
#include "linear_reader.hpp"
#include "npy.hpp"
#include "tessera/base/error.hpp"
#include "zip_archive.hpp"

namespace tessera {
namespace {

struct NpzArray {
    NpyArray array;
    ZipMember member;
};

/// The header of a member; whatever is wrong with one of them keeps the others readable.
NpzArray describe(const InputFile& file, const ZipMember& member) {
    NpzArray result{{}, member};
    DatasetInfo& info = result.array.info;
    const std::string name = file.path() + ":" + member.name;
    if (member.obstacle.empty() && member.name.ends_with(".npy")) {
        check_packed_size(file, member.packed_size, static_cast<double>(member.size));
        ZipRegion region(file.path(), member);
        std::string start;
        result.array = describe_npy(name, member.size, [&](Index offset, Index bytes) {
            const Index end = std::min(offset + bytes, member.size);
            const auto held = static_cast<Index>(start.size());
            if (end > held) {
                start.resize(static_cast<std::size_t>(end));
                region.read(held, start.data() + held, end - held);
            }
            return offset < end ? start.substr(static_cast<std::size_t>(offset),
                                               static_cast<std::size_t>(end - offset))
                                : std::string();
        });
    } else {
        info.obstacle = member.obstacle.empty() ? "is no NPY array" : member.obstacle;
        info.type_text = "member of an archive";
    }
    info.path = file.path();
    info.format = "NPZ";
    info.dataset =
        member.name.substr(0, member.name.size() - (member.name.ends_with(".npy") ? 4 : 0));
    return result;
}

std::vector<NpzArray> arrays_of(const std::string& path) {
    const InputFile file(path);
    std::vector<NpzArray> arrays;
    for (const ZipMember& member : ZipArchive(path).members()) {
        arrays.push_back(describe(file, member));
    }
    return arrays;
}

std::vector<DatasetInfo> infos_of(const std::vector<NpzArray>& arrays) {
    std::vector<DatasetInfo> infos;
    for (const NpzArray& array : arrays) {
        infos.push_back(array.array.info);
    }
    return infos;
}

}  // namespace

bool looks_like_zip(const std::string& first_bytes) {
    return first_bytes.starts_with("PK\3\4") || first_bytes.starts_with("PK\5\6");
}

std::vector<DatasetInfo> list_npz(const std::string& path) { return infos_of(arrays_of(path)); }

std::unique_ptr<TensorReader> open_npz(const std::string& path, const std::string& dataset) {
    const std::vector<NpzArray> arrays = arrays_of(path);
    const NpzArray& chosen = arrays[find_dataset(infos_of(arrays), path, dataset)];
    return std::make_unique<LinearReader>(
        chosen.array.info, chosen.array.layout,
        [path, member = chosen.member] { return std::make_unique<ZipRegion>(path, member); });
}

}  // namespace tessera
