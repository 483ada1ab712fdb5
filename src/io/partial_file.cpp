#include "partial_file.hpp"

#include <unistd.h>

#include "disk_blocks.hpp"
#include "tessera/base/error.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

hdf5::Handle create(const Communicator& communicator, const std::string& path) {
    const hdf5::Silence silence;
    const hdf5::Handle access = hdf5::file_access(communicator);
    hdf5::check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_LATEST),
                "choose the file format");
    return hdf5::checked(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()),
                         H5Fclose, "create " + path);
}

/// Small things are not reserved one by one.
constexpr double reserve_step_bytes = 64.0 * 1024.0;

}  // namespace

PartialFile::PartialFile(const Communicator& communicator, std::string path)
    : communicator_(communicator), path_(std::move(path)) {
    agree(communicator_, [&] {
        if (communicator_.rank() == 0) {
            start_partial(path_);
        }
    });
    try {
        together([&] { file_ = create(communicator_, partial_name(path_)); });
        reserve(0.0, "a new file");
    } catch (const Error&) {
        abandon();
        throw;
    }
}

PartialFile::~PartialFile() {
    if (file_.valid()) {
        abandon();
    }
}

void PartialFile::together(const std::function<void()>& work) const { agree(communicator_, work); }

void PartialFile::reserve(double bytes, const std::string& what) {
    // What HDF5 adds: the index of chunks, and the name, header and attributes of an object.
    needed_bytes_ += 1.001 * bytes + 4096.0;
    if (needed_bytes_ <= reserved_bytes_) {
        return;
    }
    const double more = needed_bytes_ - reserved_bytes_ + reserve_step_bytes;
    agree(communicator_, [&] {
        if (communicator_.rank() != 0) {
            return;
        }
        reserve_blocks(path_, reserved_bytes_ + more, more, what);
    });
    reserved_bytes_ += more;
}

void PartialFile::publish() {
    try {
        const hdf5::Silence silence;
        const std::string action = "write " + path_;
        // Flushing also syncs the file on every node; closing then has nothing left that could
        // fail.
        together([&] { hdf5::check(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL), action); });
        together([&] { file_.close(action); });
        together([&] {
            if (communicator_.rank() == 0) {
                give_back_blocks(partial_name(path_));
                publish_partial(path_);
            }
        });
    } catch (const Error&) {
        abandon();
        throw;
    }
}

void PartialFile::abandon() noexcept {
    const std::string partial = partial_name(path_);
    // HDF5 cannot let go of a file whose last pages find no room on the disk, and would try again
    // after MPI has ended. Cutting the file to nothing first makes that room.
    communicator_.barrier();
    if (communicator_.rank() == 0 && ::truncate(partial.c_str(), 0) != 0) {
        // Nothing was there; then there is nothing to close either.
    }
    communicator_.barrier();
    file_ = hdf5::Handle();
    communicator_.barrier();
    if (communicator_.rank() == 0) {
        ::unlink(partial.c_str());
    }
    communicator_.barrier();
}

}  // namespace tessera
