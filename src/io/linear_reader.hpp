#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "byte_region.hpp"
#include "linear_session.hpp"

namespace tessera {

/// Reads an array that is one run of numbers in a region of bytes, which is opened anew for each
/// read.
class LinearReader : public TensorReader {
  public:
    using OpenRegion = std::function<std::unique_ptr<ByteRegion>()>;

    LinearReader(DatasetInfo info, const LinearLayout& layout, OpenRegion open_region)
        : TensorReader(std::move(info)), layout_(layout), open_region_(std::move(open_region)) {}

  private:
    [[nodiscard]] std::unique_ptr<ReadSession> start(const StorageShape& storage,
                                                     const Communicator&) const override {
        return std::make_unique<LinearSession>(open_region_(), layout_, storage);
    }

    LinearLayout layout_;
    OpenRegion open_region_;
};

}  // namespace tessera
