#pragma once

#include <string>

#include "tessera/io/axes.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// Reads a distributed tensor, each rank its own block and nothing else:
///
///     const auto reader = TensorReader::open("jasperRidge2_R198.mat:Y", world);
///     AxesRequest request;
///     request.axes = {"bands", "rows", "cols"};
///     request.shape = {198, 100, 100};
///     const ReadPlan plan = plan_read(reader->info(), request);  // 100 x 100 x 198
///     const Partition partition(plan.shape, grid);
///     const DenseTensor<double> cube = read_tensor<double>(*reader, plan, "input", partition);
///
/// Beside the block each rank needs a buffer of TensorReader::set_piece_bytes (64 MiB) and, where
/// the execution space has its own memory, a copy of the block in host memory while it reads.
///
/// Collective over the partition's communicator. T is float, double or std::uint8_t (masks, which
/// cannot be binned). Throws IoError and MemoryError on all ranks.
template <typename T>
[[nodiscard]] DenseTensor<T> read_tensor(const TensorReader& reader, const ReadPlan& plan,
                                         const std::string& label, const Partition& partition);

}  // namespace tessera
