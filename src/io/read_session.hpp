#pragma once

#include <cstddef>

#include "tessera/io/tensor_reader.hpp"

namespace tessera {

/// A file while one array of it is being read: what a format has to be able to do.
class ReadSession {
  public:
    ReadSession() = default;
    virtual ~ReadSession() = default;
    ReadSession(const ReadSession&) = delete;
    ReadSession& operator=(const ReadSession&) = delete;

    /// Reads a box of the session's storage shape, row-major in the box, in this machine's byte
    /// order, in the stored type. Empty boxes are for formats whose reads are collective:
    /// all ranks call this equally often.
    virtual void read(const Box& piece, std::byte* buffer) = 0;

    /// After the last box, where no read failed: checks what only the end of the file can tell.
    virtual void finish() {}

    /// Boxes cut at multiples of this are cheaper to read. Where it is 1 in every mode, the boxes
    /// of a read come in the order in which they lie in the file.
    [[nodiscard]] virtual Extents grain() const = 0;
};

}  // namespace tessera
