#include "tessera/parallel/communicator.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>

#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"

namespace tessera {
namespace {

// One MPI call takes an int count, and several MPI stacks fail beyond 2^31 bytes; 2^27 entries of
// at most 8 bytes stay at 1 GiB.
constexpr Index chunk_entries = Index{1} << 27;

template <typename T, typename Call>
void in_chunks(T* values, Index count, Call call) {
    for (Index begin = 0; begin < count; begin += chunk_entries) {
        call(values + begin, static_cast<int>(std::min(chunk_entries, count - begin)));
    }
}

template <typename T>
void all_reduce(const Communicator& communicator, T* values, Index count, MPI_Op operation) {
    if (communicator.size() == 1 || count == 0) {
        return;
    }
    Phase phase("parallel/reductions");
    phase.add_messages(1, static_cast<double>(count) * sizeof(T));
    in_chunks(values, count, [&](T* part, int length) {
        check_mpi(MPI_Allreduce(MPI_IN_PLACE, part, length, mpi_type<T>(), operation,
                                communicator.handle()),
                  "MPI_Allreduce");
    });
}

// Freeing after MPI_Finalize is an error; static objects may live that long.
void release(MPI_Comm* comm) {
    int finalized = 0;
    MPI_Finalized(&finalized);
    if (finalized == 0) {
        MPI_Comm_free(comm);
    }
    delete comm;
}

MPI_Comm duplicate(MPI_Comm source) {
    MPI_Comm copy = MPI_COMM_NULL;
    check_mpi(MPI_Comm_dup(source, &copy), "MPI_Comm_dup");
    return copy;
}

}  // namespace

void check_mpi(int code, const char* call) {
    if (code == MPI_SUCCESS) {
        return;
    }
    std::array<char, MPI_MAX_ERROR_STRING> text{};
    int length = 0;
    MPI_Error_string(code, text.data(), &length);
    internal_failure(call, code, std::string(text.data(), static_cast<std::size_t>(length)));
}

// clang-format off
template <> MPI_Datatype mpi_type<char>() { return MPI_CHAR; }
template <> MPI_Datatype mpi_type<unsigned char>() { return MPI_UNSIGNED_CHAR; }
template <> MPI_Datatype mpi_type<int>() { return MPI_INT; }
template <> MPI_Datatype mpi_type<std::uint32_t>() { return MPI_UINT32_T; }
template <> MPI_Datatype mpi_type<std::int64_t>() { return MPI_INT64_T; }
template <> MPI_Datatype mpi_type<std::uint64_t>() { return MPI_UINT64_T; }
template <> MPI_Datatype mpi_type<float>() { return MPI_FLOAT; }
template <> MPI_Datatype mpi_type<double>() { return MPI_DOUBLE; }
// clang-format on

Communicator::Communicator(MPI_Comm source) : Communicator(duplicate(source), Adopt{}) {}

Communicator::Communicator(MPI_Comm owned, Adopt /*tag*/) : owner_(new MPI_Comm(owned), release) {
    check_mpi(MPI_Comm_set_errhandler(owned, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    check_mpi(MPI_Comm_rank(owned, &rank_), "MPI_Comm_rank");
    check_mpi(MPI_Comm_size(owned, &size_), "MPI_Comm_size");
}

const Communicator& Communicator::world() {
    static const Communicator instance(MPI_COMM_WORLD);
    return instance;
}

Communicator Communicator::split(int colour, int key) const {
    MPI_Comm part = MPI_COMM_NULL;
    check_mpi(MPI_Comm_split(handle(), colour, key, &part), "MPI_Comm_split");
    return {part, Adopt{}};
}

void Communicator::barrier() const { check_mpi(MPI_Barrier(handle()), "MPI_Barrier"); }

template <typename T>
void Communicator::sum_in_place(T* values, Index count) const {
    all_reduce(*this, values, count, MPI_SUM);
}
template <typename T>
void Communicator::max_in_place(T* values, Index count) const {
    all_reduce(*this, values, count, MPI_MAX);
}
template <typename T>
void Communicator::min_in_place(T* values, Index count) const {
    all_reduce(*this, values, count, MPI_MIN);
}
template <typename T>
void Communicator::broadcast(T* values, Index count, int root) const {
    if (size_ == 1 || count == 0) {
        return;
    }
    Phase phase("parallel/broadcasts");
    phase.add_messages(1, static_cast<double>(count) * sizeof(T));
    in_chunks(values, count, [&](T* part, int length) {
        check_mpi(MPI_Bcast(part, length, mpi_type<T>(), root, handle()), "MPI_Bcast");
    });
}

void Communicator::broadcast(std::string& text, int root) const {
    auto length = static_cast<Index>(text.size());
    broadcast(&length, 1, root);
    text.resize(static_cast<std::size_t>(length));
    broadcast(text.data(), length, root);
}

template <typename T>
std::vector<T> Communicator::all_gather(const std::vector<T>& values) const {
    const auto count = static_cast<int>(values.size());
    std::vector<T> all(values.size() * static_cast<std::size_t>(size_));
    check_mpi(MPI_Allgather(values.data(), count, mpi_type<T>(), all.data(), count, mpi_type<T>(),
                            handle()),
              "MPI_Allgather");
    return all;
}

std::vector<std::string> Communicator::gather(const std::string& text) const {
    const std::vector<int> lengths = all_gather(std::vector<int>{static_cast<int>(text.size())});
    std::vector<int> offsets(lengths.size(), 0);
    std::partial_sum(lengths.begin(), lengths.end() - 1, offsets.begin() + 1);
    std::string joined(static_cast<std::size_t>(offsets.back() + lengths.back()), '\0');
    check_mpi(MPI_Gatherv(text.data(), lengths[static_cast<std::size_t>(rank_)], MPI_CHAR,
                          joined.data(), lengths.data(), offsets.data(), MPI_CHAR, 0, handle()),
              "MPI_Gatherv");
    std::vector<std::string> parts;
    for (std::size_t source = 0; rank_ == 0 && source < lengths.size(); ++source) {
        parts.push_back(joined.substr(static_cast<std::size_t>(offsets[source]),
                                      static_cast<std::size_t>(lengths[source])));
    }
    return parts;
}

#define TESSERA_INSTANTIATE(T)                                      \
    template void Communicator::sum_in_place<T>(T*, Index) const;   \
    template void Communicator::max_in_place<T>(T*, Index) const;   \
    template void Communicator::min_in_place<T>(T*, Index) const;   \
    template void Communicator::broadcast<T>(T*, Index, int) const; \
    template std::vector<T> Communicator::all_gather<T>(const std::vector<T>&) const;
TESSERA_INSTANTIATE(char)
TESSERA_INSTANTIATE(unsigned char)
TESSERA_INSTANTIATE(int)
TESSERA_INSTANTIATE(std::int64_t)
TESSERA_INSTANTIATE(std::uint64_t)
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
