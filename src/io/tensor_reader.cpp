#include "tessera/io/tensor_reader.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "box_pieces.hpp"
#include "read_session.hpp"
#include "scatter_piece.hpp"
#include "tensor_format.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {

namespace {

/// Runs work that may be part of a collective and so must not leave it by an exception: the first
/// failure is kept until all ranks can hear of it.
class Attempts {
  public:
    void run(const std::function<void()>& work) {
        try {
            work();
        } catch (const Error& error) {
            keep(error);
        } catch (const std::bad_alloc&) {
            keep(MemoryError("out of memory while reading: use more ranks or nodes"));
        }
    }

    [[nodiscard]] bool failed() const { return failure_.has_value(); }

    /// Collective: throws on all ranks what failed on the lowest of those where something did.
    void settle(const Communicator& communicator) const {
        agree(communicator, [&] {
            if (failure_) {
                throw Error(*failure_);
            }
        });
    }

  private:
    void keep(const Error& error) {
        if (!failure_) {
            failure_ = error;
        }
    }

    std::optional<Error> failure_;
};

HostView<std::byte> allocate_buffer(std::size_t bytes) {
    try {
        return HostView<std::byte>(
            Kokkos::view_alloc(Kokkos::WithoutInitializing, "tessera::read::buffer"), bytes);
    } catch (const std::exception&) {
        detail::allocation_failed("tessera::read::buffer", static_cast<double>(bytes));
    }
}

using HostRange = Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace>;

/// Sums to means, where the target bins.
template <typename T>
void divide(const HostView<T>& target, Index count) {
    if constexpr (!std::is_same_v<T, std::uint8_t>) {
        const auto members = static_cast<T>(count);
        Kokkos::parallel_for("tessera::read::mean", HostRange(0, target.extent(0)),
                             [=](std::size_t i) { target(i) /= members; });
        Kokkos::fence("tessera::read::mean");
    }
}

/// Stored numbers to what they stand for.
template <typename T>
void rescale(const HostView<T>& target, double slope, double intercept) {
    Kokkos::parallel_for(
        "tessera::read::rescale", HostRange(0, target.extent(0)), [=](std::size_t i) {
            target(i) = static_cast<T>(slope * static_cast<double>(target(i)) + intercept);
        });
    Kokkos::fence("tessera::read::rescale");
}

}  // namespace

TensorReader::TensorReader(DatasetInfo info) : info_(std::move(info)), shape_(info_.shape) {}

std::unique_ptr<TensorReader> TensorReader::open(const std::string& location) {
    const auto [path, dataset] = split_location(location);
    const TensorFormat& format = format_of(path);
    if (format.single && !dataset.empty()) {
        throw UsageError(path + " holds one array without a name: leave out ':" + dataset + "'");
    }
    return format.open(path, dataset);
}

std::unique_ptr<TensorReader> TensorReader::open(const std::string& location,
                                                 const Communicator& communicator) {
    std::unique_ptr<TensorReader> reader;
    agree(communicator, [&] { reader = open(location); });
    return reader;
}

StorageShape TensorReader::storage_shape() const {
    StorageShape storage;
    storage.extents = shape_;
    for (int axis = 0; axis < shape_.order(); ++axis) {
        storage.extents[axis] = shape_[info_.storage_order[static_cast<std::size_t>(axis)]];
        storage.file_axis.push_back(axis);
    }
    return storage;
}

template <typename T>
void TensorReader::read(const Box& box, const HostView<T>& target,
                        const Communicator& communicator) const {
    const StorageShape storage = storage_shape();
    const Extents block = box.shape();
    StorageTarget place{box, storage.extents, Extents::filled(box.begin.order(), 1)};
    for (int k = 0; k < block.order(); ++k) {
        const int axis = info_.storage_order[static_cast<std::size_t>(k)];
        place.box.begin[k] = box.begin[axis];
        place.box.end[k] = box.end[axis];
        place.stride[k] = block.product(axis + 1, block.order());
    }
    read(storage, place, target, communicator);
}

template <typename T>
void TensorReader::read(const StorageShape& storage, const StorageTarget& place,
                        const HostView<T>& target, const Communicator& communicator) const {
    Phase phase("io/read");
    const Index bin = place.bin.product();
    TESSERA_ASSERT(static_cast<Index>(target.extent(0)) * bin == place.box.size(),
                   "the memory does not fit the box that is read into it");
    TESSERA_ASSERT(bin == 1 || !(std::is_same_v<T, std::uint8_t>), "masks are not averaged");
    if (std::is_same_v<T, std::uint8_t> && info_.scaled()) {
        throw UsageError(info_.short_name() +
                         " has a slope or an intercept, which a mask cannot "
                         "have: save it as plain numbers");
    }
    const std::size_t entry_bytes = size_of(*info_.type);
    const Index limit = std::max<Index>(1, piece_bytes_ / static_cast<Index>(entry_bytes));

    Attempts attempts;
    std::unique_ptr<ReadSession> session;
    std::optional<BoxPieces> pieces;
    HostView<std::byte> buffer;
    attempts.run([&] {
        session = start(storage, communicator);
        pieces.emplace(place.box, limit, session->grain());
        Index most = 0;
        for (Index i = 0; i < pieces->count() && most < limit; ++i) {
            most = std::max(most, pieces->piece(i).size());
        }
        buffer = allocate_buffer(static_cast<std::size_t>(most) * entry_bytes);
    });
    attempts.settle(communicator);

    if (bin > 1) {
        Kokkos::deep_copy(target, T{});
    }
    const Box nothing{place.box.begin, place.box.begin};
    const Index rounds = communicator.max(pieces->count());
    for (Index round = 0; round < rounds; ++round) {
        attempts.run([&] {
            const Box piece = attempts.failed() ? nothing : pieces->piece(round);
            session->read(piece, buffer.data());
            if (piece.size() > 0) {
                scatter_piece(buffer.data(), *info_.type, piece, place, target, info_.short_name());
            }
        });
    }
    if (!attempts.failed()) {
        attempts.run([&] { session->finish(); });
    }
    attempts.settle(communicator);
    phase.add_work(0.0, static_cast<double>(place.box.size()) * static_cast<double>(entry_bytes));
    if (bin > 1) {
        divide(target, bin);
    }
    if (info_.scaled()) {
        rescale(target, info_.slope, info_.intercept);
    }
}

#define TESSERA_INSTANTIATE(T)                                                               \
    template void TensorReader::read<T>(const Box&, const HostView<T>&, const Communicator&) \
        const;                                                                               \
    template void TensorReader::read<T>(const StorageShape&, const StorageTarget&,           \
                                        const HostView<T>&, const Communicator&) const;
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
TESSERA_INSTANTIATE(std::uint8_t)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
