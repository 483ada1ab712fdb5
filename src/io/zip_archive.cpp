#include "zip_archive.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "tessera/base/error.hpp"

namespace tessera {
namespace {

constexpr Index scratch_bytes = Index{256} << 10;

[[noreturn]] void damaged(const std::string& path, const std::string& what,
                          const std::string& reason) {
    throw IoError(path + " is damaged: " + what + " cannot be read (" + reason +
                  "); copy it again");
}

}  // namespace

ZipArchive::ZipArchive(const std::string& path) : path_(path) {
    const InputFile readable(path);  // in plain words what stands in the way of opening it
    int code = 0;
    archive_.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
    if (archive_ == nullptr) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        const std::string reason = zip_error_strerror(&error);
        zip_error_fini(&error);
        damaged(path, "its list of members", reason);
    }
}

std::vector<ZipMember> ZipArchive::members() const {
    constexpr zip_uint64_t most = std::numeric_limits<Index>::max() / 2;
    std::vector<ZipMember> members;
    const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
    for (zip_int64_t i = 0; i < count; ++i) {
        const auto index = static_cast<zip_uint64_t>(i);
        zip_stat_t status;
        constexpr zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                        ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
        if (zip_stat_index(archive_.get(), index, 0, &status) != 0 ||
            (status.valid & needed) != needed || status.size > most || status.comp_size > most) {
            damaged(path_, "member " + std::to_string(i + 1) + " of its list", "no such entry");
        }
        ZipMember member{status.name,
                         index,
                         static_cast<Index>(status.size),
                         static_cast<Index>(status.comp_size),
                         status.comp_method == ZIP_CM_STORE,
                         {}};
        if (status.encryption_method != ZIP_EM_NONE) {
            member.obstacle = "is encrypted";
        } else if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE) {
            member.obstacle =
                "is compressed by another method than deflate: save it with "
                "numpy.savez_compressed";
        }
        members.push_back(std::move(member));
    }
    return members;
}

std::unique_ptr<zip_file_t, CloseZip> ZipArchive::open(const ZipMember& member) const {
    std::unique_ptr<zip_file_t, CloseZip> file(zip_fopen_index(archive_.get(), member.index, 0));
    if (file == nullptr) {
        damaged(path_, "its member " + member.name,
                zip_error_strerror(zip_get_error(archive_.get())));
    }
    return file;
}

ZipRegion::ZipRegion(const std::string& path, ZipMember member)
    : archive_(path), member_(std::move(member)), file_(archive_.open(member_)) {}

void ZipRegion::read_next(void* target, Index bytes) {
    auto* place = static_cast<char*>(target);
    while (bytes > 0) {
        const zip_int64_t got = zip_fread(file_.get(), place, static_cast<zip_uint64_t>(bytes));
        if (got <= 0) {
            damaged(
                archive_.path(), "its member " + member_.name,
                got == 0 ? "it ends early" : zip_error_strerror(zip_file_get_error(file_.get())));
        }
        place += got;
        position_ += got;
        bytes -= got;
    }
}

void ZipRegion::move_to(Index offset) {
    if (member_.stored && offset != position_) {
        if (zip_fseek(file_.get(), offset, SEEK_SET) != 0) {
            damaged(archive_.path(), "its member " + member_.name, "it ends early");
        }
        position_ = offset;
    }
    TESSERA_ASSERT(offset >= position_, "a compressed member is read from front to back");
    if (offset > position_) {
        std::vector<char> scratch(
            static_cast<std::size_t>(std::min(offset - position_, scratch_bytes)));
        while (offset > position_) {
            read_next(scratch.data(), std::min(offset - position_, scratch_bytes));
        }
    }
}

void ZipRegion::read(Index offset, void* target, Index bytes) {
    move_to(offset);
    read_next(target, bytes);
}

void ZipRegion::finish() {
    if (member_.stored) {
        return;
    }
    move_to(member_.size);
    char more = 0;
    if (zip_fread(file_.get(), &more, 1) != 0) {
        damaged(archive_.path(), "its member " + member_.name,
                zip_error_strerror(zip_file_get_error(file_.get())));
    }
}

}  // namespace tessera
