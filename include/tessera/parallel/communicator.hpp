#pragma once

#include <mpi.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tessera/base/types.hpp"

namespace tessera {

/// Aborts with the call's name and MPI's own words when an MPI call failed: after such a failure no
/// rank can be talked to any more.
void check_mpi(int code, const char* call);

/// MPI's name of a C++ number type.
template <typename T>
[[nodiscard]] MPI_Datatype mpi_type();
// clang-format off
template <> MPI_Datatype mpi_type<char>();
template <> MPI_Datatype mpi_type<unsigned char>();
template <> MPI_Datatype mpi_type<int>();
template <> MPI_Datatype mpi_type<std::uint32_t>();
template <> MPI_Datatype mpi_type<std::int64_t>();
template <> MPI_Datatype mpi_type<std::uint64_t>();
template <> MPI_Datatype mpi_type<float>();
template <> MPI_Datatype mpi_type<double>();
// clang-format on

/// A private duplicate of an MPI communicator, so that our messages never meet somebody else's.
/// Copies share it; the last one frees it.
class Communicator {
  public:
    /// Duplicates `source` (collective).
    explicit Communicator(MPI_Comm source);
    /// All ranks of the job. One duplicate, made by Runtime.
    static const Communicator& world();

    [[nodiscard]] int rank() const { return rank_; }
    [[nodiscard]] int size() const { return size_; }
    [[nodiscard]] MPI_Comm handle() const { return *owner_; }

    /// Ranks of equal `colour`, ordered by `key`, then by rank (collective).
    [[nodiscard]] Communicator split(int colour, int key) const;

    void barrier() const;

    /// Element-wise reductions over all ranks, in place, on host memory of any length.
    template <typename T>
    void sum_in_place(T* values, Index count) const;
    template <typename T>
    void max_in_place(T* values, Index count) const;
    template <typename T>
    void min_in_place(T* values, Index count) const;

    template <typename T>
    [[nodiscard]] T sum(T value) const {
        sum_in_place(&value, 1);
        return value;
    }
    template <typename T>
    [[nodiscard]] T max(T value) const {
        max_in_place(&value, 1);
        return value;
    }
    template <typename T>
    [[nodiscard]] T min(T value) const {
        min_in_place(&value, 1);
        return value;
    }
    /// True on all ranks when true on any.
    [[nodiscard]] bool any(bool value) const { return max(value ? 1 : 0) != 0; }

    /// Sends host memory of `root` to all ranks; any length.
    template <typename T>
    void broadcast(T* values, Index count, int root = 0) const;
    void broadcast(std::string& text, int root = 0) const;

    /// The values of all ranks, in rank order, on every rank. Same count on each rank.
    template <typename T>
    [[nodiscard]] std::vector<T> all_gather(const std::vector<T>& values) const;

    /// Text of every rank in rank order on rank 0; empty elsewhere.
    [[nodiscard]] std::vector<std::string> gather(const std::string& text) const;

  private:
    struct Adopt {};
    Communicator(MPI_Comm owned, Adopt);

    std::shared_ptr<MPI_Comm> owner_;
    int rank_ = 0;
    int size_ = 1;
};

}  // namespace tessera
