#include "tessera/problem/low_rank_scene.hpp"

#include <optional>

#include "entry_kernel.hpp"
#include "tessera/base/random.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

// One stream per mode from here on.
constexpr std::uint32_t first_factor_stream = 0xB1000000U;
constexpr int jumps = 10;

// The factor of a mode, extent x rank, row-major.
void append_factor(std::vector<double>& all, Index extent, Index rank, SceneFactors factors,
                   const Random& random) {
    const std::size_t begin = all.size();
    all.resize(begin + static_cast<std::size_t>(extent * rank), 0.0);
    const auto entry = [&](Index row, Index column) -> double& {
        return all[begin + static_cast<std::size_t>(row * rank + column)];
    };
    for (Index column = 0; column < rank; ++column) {
        if (factors == SceneFactors::gaussian) {
            for (Index row = 0; row < extent; ++row) {
                entry(row, column) = random.normal(row * rank + column);
            }
            continue;
        }
        for (std::uint32_t jump = 0; jump < jumps; ++jump) {
            const double place = random.uniform(column, 2 * jump);
            entry(static_cast<Index>(place * static_cast<double>(extent)), column) =
                random.normal(column, 2 * jump + 1);
        }
        for (Index row = 1; row < extent; ++row) {
            entry(row, column) += entry(row - 1, column);
        }
    }
}

}  // namespace

template <typename T>
DenseTensor<T> simulate_low_rank(const Partition& partition, Index rank, SceneFactors factors,
                                 std::uint64_t seed) {
    const int order = partition.order();
    Extents first = Extents::filled(order, 0);  // entry of each factor in `all`
    std::vector<double> all;
    for (int mode = 0; mode < order; ++mode) {
        first[mode] = static_cast<Index>(all.size());
        append_factor(all, partition.shape()[mode], rank, factors,
                      Random(seed, first_factor_stream + static_cast<std::uint32_t>(mode)));
    }
    std::optional<DenseTensor<T>> values;
    agree(partition.communicator(), [&] { values.emplace("tessera::scene", partition); });
    const DeviceView<double> rows = to_device("tessera::scene_factors", all);
    transform_entries(
        "simulate_low_rank", *values, KOKKOS_LAMBDA(double, const EntryPlace& place) {
            double sum = 0.0;
            for (Index r = 0; r < rank; ++r) {
                double product = rows(first[0] + place.position[0] * rank + r);
                for (int mode = 1; mode + 1 < order; ++mode) {
                    product *= rows(first[mode] + place.position[mode] * rank + r);
                }
                // fma by name: the bits must not depend on how the loop is compiled.
                sum = Kokkos::fma(
                    product, rows(first[order - 1] + place.position[order - 1] * rank + r), sum);
            }
            return sum;
        });
    return *values;
}

template DenseTensor<float> simulate_low_rank(const Partition&, Index, SceneFactors, std::uint64_t);
template DenseTensor<double> simulate_low_rank(const Partition&, Index, SceneFactors,
                                               std::uint64_t);

}  // namespace tessera
