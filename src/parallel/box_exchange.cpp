#include "tessera/parallel/box_exchange.hpp"

#include <mpi.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/parallel/strided_copy.hpp"

namespace tessera {
namespace {

/// Kernels read and write messages right in the memory that MPI sees.
using MessageSpace = Kokkos::SharedHostPinnedSpace;
static_assert(Kokkos::SpaceAccessibility<Kokkos::DefaultExecutionSpace, MessageSpace>::accessible);

void append_pieces(const BoxMessage& whole, Index largest_size, std::vector<BoxMessage>& messages) {
    const Extents shape = whole.box.shape();
    if (shape.product() <= largest_size) {
        messages.push_back(whole);
        return;
    }
    int mode = 0;  // the slowest one that can be cut: the halves keep the longest possible rows
    while (shape[mode] == 1) {
        ++mode;
    }
    BoxMessage first = whole;
    BoxMessage second = whole;
    first.box.end[mode] = second.box.begin[mode] = whole.box.begin[mode] + shape[mode] / 2;
    append_pieces(first, largest_size, messages);
    append_pieces(second, largest_size, messages);
}

std::vector<BoxMessage> cut(const std::vector<BoxMessage>& transfers, Index largest_size) {
    std::vector<BoxMessage> messages;
    for (const BoxMessage& transfer : transfers) {
        append_pieces(transfer, largest_size, messages);
    }
    return messages;
}

/// BoxMessage i of one direction lies in slot i modulo the number of slots.
template <typename T>
class Ring {
  public:
    Ring(const std::string& label, std::vector<BoxMessage> messages)
        : messages_(std::move(messages)) {
        constexpr Index fewest_slots = 4;
        constexpr Index small_ring_bytes = Index{1} << 20;
        for (const BoxMessage& message : messages_) {
            slot_size_ = std::max(slot_size_, message.box.size());
        }
        const Index slot_bytes = std::max(Index{1}, slot_size_ * static_cast<Index>(sizeof(T)));
        slots_ = std::min(static_cast<Index>(messages_.size()),
                          std::max(fewest_slots, small_ring_bytes / slot_bytes));
        const auto size = static_cast<std::size_t>(slots_ * slot_size_);
        try {
            memory_ = Kokkos::View<T*, MessageSpace>(
                Kokkos::view_alloc(Kokkos::WithoutInitializing, label), size);
        } catch (const std::exception&) {
            detail::allocation_failed(label, static_cast<double>(size) * sizeof(T));
        }
        message_in_slot_.resize(static_cast<std::size_t>(slots_));
    }

    [[nodiscard]] Index slots() const { return slots_; }
    [[nodiscard]] Index message_count() const { return static_cast<Index>(messages_.size()); }
    [[nodiscard]] T* slot_data(Index slot) const { return memory_.data() + slot * slot_size_; }
    [[nodiscard]] const BoxMessage& message_in(Index slot) const {
        return messages_[static_cast<std::size_t>(
            message_in_slot_[static_cast<std::size_t>(slot)])];
    }

    /// Hands the next messages to `start(slot)`, in order, until one's slot is not free.
    void advance(const MPI_Request* requests, const std::function<void(Index)>& start) {
        for (; next_ < message_count() && requests[next_ % slots_] == MPI_REQUEST_NULL; ++next_) {
            message_in_slot_[static_cast<std::size_t>(next_ % slots_)] = next_;
            start(next_ % slots_);
        }
    }

  private:
    std::vector<BoxMessage> messages_;
    std::vector<Index> message_in_slot_;
    Index slot_size_ = 0;
    Index slots_ = 0;
    Index next_ = 0;
    Kokkos::View<T*, MessageSpace> memory_;
};

/// One exchange under way.
///
/// All its messages have one order: by the distance from sender to receiver, then by piece. Every
/// rank starts its own sends and its own receives in that order, each as soon as its slot is free.
/// So the earliest message that is not done yet has always been started on both sides: the exchange
/// cannot lock up, however few slots there are, and messages between two ranks match without tags.
template <typename T>
class Exchange {
  public:
    Exchange(const Communicator& communicator, std::vector<BoxMessage> sends,
             std::vector<BoxMessage> receives)
        : communicator_(communicator),
          outgoing_("messages to send", std::move(sends)),
          incoming_("messages to receive", std::move(receives)),
          requests_(static_cast<std::size_t>(outgoing_.slots() + incoming_.slots()),
                    MPI_REQUEST_NULL) {}

    void run(const T* source, const Box& held, T* target, const Box& wanted) {
        start(source, held);
        strided_copy(source, target, box_copy(held, wanted, intersection(held, wanted)));
        const Index total = outgoing_.message_count() + incoming_.message_count();
        std::vector<int> finished(requests_.size());
        for (Index done = 0; done < total;) {
            int count = 0;
            check_mpi(MPI_Waitsome(static_cast<int>(requests_.size()), requests_.data(), &count,
                                   finished.data(), MPI_STATUSES_IGNORE),
                      "MPI_Waitsome");
            for (int i = 0; i < count; ++i) {
                unpack(finished[static_cast<std::size_t>(i)] - outgoing_.slots(), target, wanted);
            }
            fence();
            done += count;
            start(source, held);
        }
        fence();
    }

  private:
    void start(const T* source, const Box& held) {
        incoming_.advance(requests_.data() + outgoing_.slots(), [&](Index slot) {
            const BoxMessage& message = incoming_.message_in(slot);
            check_mpi(MPI_Irecv(incoming_.slot_data(slot), static_cast<int>(message.box.size()),
                                mpi_type<T>(), message.rank, 0, communicator_.handle(),
                                &requests_[static_cast<std::size_t>(outgoing_.slots() + slot)]),
                      "MPI_Irecv");
        });
        outgoing_.advance(requests_.data(), [&](Index slot) {
            const BoxMessage& message = outgoing_.message_in(slot);
            strided_copy(source, outgoing_.slot_data(slot),
                         box_copy(held, message.box, message.box));
            fence();
            check_mpi(MPI_Isend(outgoing_.slot_data(slot), static_cast<int>(message.box.size()),
                                mpi_type<T>(), message.rank, 0, communicator_.handle(),
                                &requests_[static_cast<std::size_t>(slot)]),
                      "MPI_Isend");
        });
    }

    void unpack(Index slot, T* target, const Box& wanted) {
        if (slot >= 0) {  // negative: a send, which leaves nothing to do
            const Box& box = incoming_.message_in(slot).box;
            strided_copy<T>(incoming_.slot_data(slot), target, box_copy(box, wanted, box));
        }
    }

    /// MPI sees only what kernels have finished.
    static void fence() { Kokkos::DefaultExecutionSpace().fence("tessera::box_exchange"); }

    const Communicator& communicator_;
    Ring<T> outgoing_;
    Ring<T> incoming_;
    std::vector<MPI_Request> requests_;  // those of the outgoing slots, then of the incoming ones
};

std::vector<Index> corners(const Box& held, const Box& wanted) {
    std::vector<Index> numbers;
    for (const Extents& corner : {held.begin, held.end, wanted.begin, wanted.end}) {
        const std::vector<Index> values = corner.to_vector();
        numbers.insert(numbers.end(), values.begin(), values.end());
    }
    return numbers;
}

enum class Role { held, wanted };

/// A rank's box, out of the `corners` of all ranks.
Box box_of_rank(const std::vector<Index>& corners_of_all, int order, int rank, Role role) {
    const std::ptrdiff_t length = order;
    const auto* begin = corners_of_all.data() + length * (4 * rank + (role == Role::held ? 0 : 2));
    return {Extents(std::vector<Index>(begin, begin + length)),
            Extents(std::vector<Index>(begin + length, begin + 2 * length))};
}

}  // namespace

BoxExchange::BoxExchange(const Communicator& communicator, const Box& held, const Box& wanted,
                         Index message_bytes)
    : communicator_(communicator), held_(held), wanted_(wanted), message_bytes_(message_bytes) {
    const int order = held.begin.order();
    TESSERA_ASSERT(order > 0 && held.end.order() == order && wanted.begin.order() == order &&
                       wanted.end.order() == order,
                   "both boxes need the same order");
    TESSERA_ASSERT(message_bytes <= Index{1} << 30, "a message must stay within MPI's counts");
    const std::vector<Index> all = communicator.all_gather(corners(held, wanted));
    const int ranks = communicator.size();
    for (int distance = 1; distance < ranks; ++distance) {
        const int to = (communicator.rank() + distance) % ranks;
        const int from = (communicator.rank() + ranks - distance) % ranks;
        const Box outgoing = intersection(held, box_of_rank(all, order, to, Role::wanted));
        const Box incoming = intersection(wanted, box_of_rank(all, order, from, Role::held));
        if (outgoing.size() > 0) {
            sends_.push_back({to, outgoing});
        }
        if (incoming.size() > 0) {
            receives_.push_back({from, incoming});
        }
    }
}

template <typename T>
void BoxExchange::run(const DeviceView<const T>& source, const DeviceView<T>& target) const {
    TESSERA_ASSERT(static_cast<Index>(source.size()) == held_.size(), "source must fill its box");
    TESSERA_ASSERT(static_cast<Index>(target.size()) == wanted_.size(), "target must fill its box");
    const Index largest_size = std::max(Index{1}, message_bytes_ / static_cast<Index>(sizeof(T)));
    Phase phase("parallel/box exchange");
    std::unique_ptr<Exchange<T>> exchange;
    agree(communicator_, [&] {
        const std::vector<BoxMessage> sends = cut(sends_, largest_size);
        for (const BoxMessage& message : sends) {
            phase.add_messages(1, static_cast<double>(message.box.size()) * sizeof(T));
        }
        exchange =
            std::make_unique<Exchange<T>>(communicator_, sends, cut(receives_, largest_size));
    });
    exchange->run(source.data(), held_, target.data(), wanted_);
}

Index BoxExchange::received_entries() const {
    Index sum = 0;
    for (const BoxMessage& transfer : receives_) {
        sum += transfer.box.size();
    }
    return sum;
}

template void BoxExchange::run(const DeviceView<const float>&, const DeviceView<float>&) const;
template void BoxExchange::run(const DeviceView<const double>&, const DeviceView<double>&) const;
template void BoxExchange::run(const DeviceView<const std::uint8_t>&,
                               const DeviceView<std::uint8_t>&) const;

}  // namespace tessera
