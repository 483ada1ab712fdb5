#include <Kokkos_Core.hpp>
#include <algorithm>
#include <vector>

#include "tessera/base/error.hpp"
#include "tessera/linalg/batched.hpp"
#include "vector_tile.hpp"

namespace tessera {
namespace {

constexpr bool on_host = Kokkos::SpaceAccessibility<Kokkos::HostSpace, DeviceSpace>::accessible;

/// On a host: one matrix after the other by register tiles, in arrays whose rows are padded to
/// whole half vectors.
class HostProducts {
  public:
    explicit HostProducts(Index columns)
        : columns_(columns),
          stride_((columns + tile::half<double> - 1) / tile::half<double> * tile::half<double>),
          scaled_(static_cast<std::size_t>(columns * stride_), 0.0),
          projector_(static_cast<std::size_t>(columns * stride_)),
          product_(static_cast<std::size_t>(tile::max_broadcasts * stride_)) {}

    void run(const double* a, Index rows, const double* vectors, const double* weights,
             Target target, double* out) {
        form_projector(vectors, weights);
        for (Index row = 0; row < rows; row += tile::max_broadcasts) {
            const Index count = std::min<Index>(tile::max_broadcasts, rows - row);
            multiply({projector_.data(), columns_}, {a + row * columns_, columns_, 1}, count,
                     product_.data());
            for (Index j = 0; j < count; ++j) {
                const double* const from = product_.data() + j * stride_;
                double* const to = out + (row + j) * columns_;
                for (Index column = 0; column < columns_; ++column) {
                    to[column] =
                        target == Target::added_to ? to[column] + from[column] : from[column];
                }
            }
        }
    }

  private:
    struct Rows {  ///< of `stride_` entries
        const double* data;
        Index count;
    };
    struct Factors {  ///< entry (j, l) is data[j * between + l * along]
        const double* data;
        Index between;
        Index along;
    };

    // V diag(weights) V^T; weights that are zero at the end cost nothing.
    void form_projector(const double* vectors, const double* weights) {
        Index kept = columns_;
        while (kept > 0 && weights[kept - 1] == 0.0) {
            --kept;
        }
        for (Index vector = 0; vector < kept; ++vector) {
            const double* const from = vectors + vector * columns_;
            double* const to = scaled_.data() + vector * stride_;
            for (Index entry = 0; entry < columns_; ++entry) {
                to[entry] = weights[vector] * from[entry];
            }
        }
        for (Index row = 0; row < columns_; row += tile::max_broadcasts) {
            multiply({scaled_.data(), kept}, {vectors + row, 1, columns_},
                     std::min<Index>(tile::max_broadcasts, columns_ - row),
                     projector_.data() + row * stride_);
        }
    }

    // Row j of `out` = sum over l of factor (j, l) times row l, for j < count.
    void multiply(const Rows& rows, const Factors& factors, Index count, double* out) const {
        tile::Operands<double> operands;
        operands.depth = rows.count;
        operands.a_stride = stride_;
        operands.b_stride = factors.along;
        for (Index j = 0; j < count; ++j) {
            operands.b[j] = factors.data + j * factors.between;
        }
        for (Index first = 0; first < stride_; first += tile::max_width<double>) {
            operands.a = rows.data + first;
            operands.width = std::min<Index>(tile::max_width<double>, stride_ - first);
            for (Index j = 0; j < count; ++j) {
                operands.c[j] = out + j * stride_ + first;
            }
            tile::multiply_any<false>(
                operands, static_cast<int>(count),
                tile::Ahead<1>{reinterpret_cast<std::uintptr_t>(operands.a), 0});
        }
    }

    Index columns_;
    Index stride_;
    std::vector<double> scaled_;  // a vector times its weight in each row
    std::vector<double> projector_;
    std::vector<double> product_;  // some rows of a product
};

void reweight_on_host(const BatchedSpectra& spectra, const DeviceView<const Index>& which,
                      Target target, const DeviceView<double>& out) {
    using Host = Kokkos::DefaultHostExecutionSpace;
    const auto chosen = static_cast<Index>(which.size());
    const Index workers = std::min<Index>(Host().concurrency(), chosen);
    const Index n = spectra.columns;
    Kokkos::parallel_for(
        "tessera::reweight", Kokkos::RangePolicy<Host>(0, workers), [&](Index worker) {
            HostProducts products(n);
            const Index end = chosen * (worker + 1) / workers;
            for (Index position = chosen * worker / workers; position < end; ++position) {
                const Index matrix = which.data()[position];
                const Index offset = matrix * spectra.rows * n;
                products.run(spectra.a.data() + offset, spectra.rows,
                             spectra.vectors.data() + matrix * n * n,
                             spectra.weights.data() + matrix * n, target, out.data() + offset);
            }
        });
    Host().fence("tessera::reweight");
}

// On a device: a thread for each row.
void form_projectors(const BatchedSpectra& spectra, const DeviceView<const Index>& which,
                     const DeviceView<double>& projectors) {
    const Index n = spectra.columns;
    const auto v = spectra.vectors;
    const auto weights = spectra.weights;
    Kokkos::parallel_for(
        "tessera::projectors", Kokkos::RangePolicy<>(0, static_cast<Index>(which.size()) * n),
        KOKKOS_LAMBDA(Index work) {
            const Index matrix = which(work / n);
            const Index row = work % n;
            double* const to = &projectors(work * n);
            for (Index column = 0; column < n; ++column) {
                to[column] = 0.0;
            }
            for (Index vector = 0; vector < n; ++vector) {
                const double* const entries = &v((matrix * n + vector) * n);
                const double scaled = weights(matrix * n + vector) * entries[row];
                for (Index column = 0; column < n; ++column) {
                    to[column] += scaled * entries[column];
                }
            }
        });
}

void reweight_on_device(const BatchedSpectra& spectra, const DeviceView<const Index>& which,
                        Target target, const DeviceView<double>& out) {
    const Index n = spectra.columns;
    const Index rows = spectra.rows;
    const auto chosen = static_cast<Index>(which.size());
    const auto projectors = allocate<double>("weighted projectors", chosen * n * n);
    form_projectors(spectra, which, projectors);
    const auto a = spectra.a;
    const bool overwrites = target == Target::overwritten;
    Kokkos::parallel_for(
        "tessera::reweight", Kokkos::RangePolicy<>(0, chosen * rows), KOKKOS_LAMBDA(Index work) {
            const Index position = work / rows;
            const Index offset = (which(position) * rows + work % rows) * n;
            double* const to = &out(offset);
            for (Index column = 0; column < n; ++column) {
                double sum = overwrites ? 0.0 : to[column];
                for (Index inner = 0; inner < n; ++inner) {
                    sum += a(offset + inner) * projectors((position * n + inner) * n + column);
                }
                to[column] = sum;
            }
        });
    Kokkos::fence("tessera::reweight");
}

}  // namespace

void batched_reweight(const BatchedSpectra& spectra, const DeviceView<const Index>& which,
                      Target target, const DeviceView<double>& out) {
    TESSERA_ASSERT(spectra.a.size() == out.size(), "a product's arrays do not agree");
    if (which.extent(0) == 0 || spectra.rows == 0 || spectra.columns == 0) {
        return;
    }
    if (on_host) {
        reweight_on_host(spectra, which, target, out);
    } else {
        reweight_on_device(spectra, which, target, out);
    }
}

}  // namespace tessera
