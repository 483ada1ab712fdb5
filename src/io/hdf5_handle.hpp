#pragma once

#include <hdf5.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tessera/base/extents.hpp"
#include "tessera/parallel/communicator.hpp"

/// HDF5 as this layer uses it: ids that close themselves, calls that throw IoError in words, and
/// collective transfers cut into pieces. Private to the layer.
namespace tessera::hdf5 {

/// Turns off HDF5's printing of its error stack for as long as it lives.
class Silence {
  public:
    Silence();
    ~Silence();
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;

  private:
    H5E_auto2_t function_ = nullptr;
    void* data_ = nullptr;
};

/// An HDF5 id and the call that closes it. Closing never throws; whoever must know whether closing
/// succeeded (a file that was written) calls `close()`.
class Handle {
  public:
    using Close = herr_t (*)(hid_t);

    Handle() = default;
    Handle(hid_t id, Close closer) : id_(id), close_(closer) {}
    ~Handle() { release(); }
    Handle(Handle&& other) noexcept
        : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
    Handle& operator=(Handle&& other) noexcept;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    [[nodiscard]] hid_t get() const { return id_; }
    [[nodiscard]] bool valid() const { return id_ >= 0; }

    /// Closes now. Throws IoError ("cannot <action>: ...") when HDF5 cannot, for example because
    /// the disk is full.
    void close(const std::string& action);

  private:
    void release() noexcept;

    hid_t id_ = H5I_INVALID_HID;
    Close close_ = nullptr;
};

/// Throws IoError "cannot <action>: <HDF5's own reason>" when `status` is negative. Call it right
/// after the HDF5 call, while its error stack stands:
///     check(H5Dread(...), "read cube.h5:/data");
void check(herr_t status, const std::string& action);
/// The same for calls that return an id, which the result then owns.
[[nodiscard]] Handle checked(hid_t id, Handle::Close closer, const std::string& action);

/// Memory type of a C++ number: uint8_t ... int64_t, float, double, and bool-like char.
template <typename T>
[[nodiscard]] hid_t native_type();

/// The reason at the bottom of HDF5's current error stack, "no reason given" if it is empty.
[[nodiscard]] std::string last_reason();

/// Opens for reading. With a communicator of several ranks the file is opened through MPI-IO
/// (collective, the same path on each), otherwise by this rank alone. Throws IoError.
[[nodiscard]] Handle open_file(const std::string& path);
[[nodiscard]] Handle open_file(const std::string& path, const Communicator& communicator);

/// Creates a new file or truncates an old one, through MPI-IO when there are several ranks
/// (collective). Throws IoError.
[[nodiscard]] Handle create_file(const std::string& path, const Communicator& communicator);

/// File access properties for all ranks of `communicator`: MPI-IO with collective metadata when
/// there are several.
[[nodiscard]] Handle file_access(const Communicator& communicator);

/// Transfer properties: collective when there are several ranks.
[[nodiscard]] Handle transfer(const Communicator& communicator);

/// A simple dataspace of that shape (a scalar one for order 0).
[[nodiscard]] Handle dataspace(const Extents& shape);

/// Bytes that one H5Dread or H5Dwrite moves on a rank at most: below 1 GiB, because MPI-IO counts
/// in int and some of its implementations fail from 2 GiB on.
inline constexpr Index transfer_limit_bytes = Index{512} << 20;

/// Reads a box of a dataset into host memory, row-major in the box, converted to T by HDF5; and
/// writes one. Collective over `communicator`, over which the file was opened: each rank its own
/// box (an empty one for none), and every rank makes the same number of HDF5 calls, whatever the
/// sizes. A rank whose call fails takes part in the rest; then all ranks throw the same IoError
/// ("cannot read <name>: ..."), so do not wrap these in `agree`. `limit_bytes` is there for tests.
template <typename T>
void read_box(hid_t dataset, const Box& box, T* values, const Communicator& communicator,
              const std::string& name, Index limit_bytes = transfer_limit_bytes);
template <typename T>
void write_box(hid_t dataset, const Box& box, const T* values, const Communicator& communicator,
               const std::string& name, Index limit_bytes = transfer_limit_bytes);

/// Whether `path` names an object in the file; walks link by link, since H5Lexists wants every
/// group on the way to be there.
[[nodiscard]] bool exists(hid_t file, const std::string& path);

}  // namespace tessera::hdf5
