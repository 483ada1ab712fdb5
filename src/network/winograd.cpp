#include "winograd.hpp"

#include <algorithm>

#include "host_chunks.hpp"
#include "tessera/linalg/blas.hpp"
#include "winograd_transforms.hpp"

namespace tessera {
namespace {

using blas::Transpose;
using winograd::lane;
using winograd::patch;
using winograd::products;
using winograd::Square;
using winograd::tile;

// Tiles whose products are formed together: few enough for the second-level cache and for the
// library's kernels for small matrices, which spare the packing of both operands.
constexpr Index batch_tiles = 48;
constexpr Index grain_tiles = 8;

// Fetches what the next tile of a row will read: a tile's sites lie in six rows, where the
// processor's prefetchers see no stream. Fetching behind the end does no harm.
template <typename T>
void fetch_next_tile(const T* from, Index channels) {
    __builtin_prefetch(from + tile * channels, 0, 2);
}

// Fills a lane with `width` numbers and zeros behind them.
template <typename T>
void copy_lane(const T* from, Index width, T* to) {
    if (width == lane) {
        std::copy_n(from, lane, to);
    } else {
        std::fill_n(to, lane, T{0});
        std::copy_n(from, width, to);
    }
}

// From one product's plane to the next: a power of two would send all 36 to the same few lines of
// the caches.
constexpr Index plane_stride(Index rows, Index channels) {
    constexpr Index padding = 3 * lane;
    return rows * channels + padding;
}

// Where the 6 x 6 inputs of a tile lie, as sums of a row's and a column's number of sites; -1:
// zero.
struct PatchSources {
    Index row[patch];
    Index column[patch];
};

void find_sources(const std::vector<Index>& sources, Index count, Index first, Index* found) {
    constexpr Index taps = 3;
    for (Index i = 0; i < patch; ++i) {
        const Index site = first + std::max(Index{0}, i - (taps - 1));
        const Index tap = std::min(i, taps - 1);
        found[i] = site < count ? sources[static_cast<std::size_t>(site * taps + tap)] : -1;
    }
}

// One batch of tiles, numbered row by row.
template <typename T>
class Batch {
  public:
    Batch(const WinogradLayer<T>& layer, Index first, Index count)
        : layer_(layer), first_(first), count_(count), across_((layer.columns + tile - 1) / tile) {}

    [[nodiscard]] Index count() const { return count_; }

    // V = B^T d B, products x tiles x inputs.
    void transform_inputs(const MapReader<T>& input, T* transformed) const {
        for_tiles("tessera::winograd_input", [&](Index at) {
            const PatchSources sources = sources_of(at);
            for (Index channel = 0; channel < layer_.inputs; channel += lane) {
                const Index width = std::min(lane, layer_.inputs - channel);
                Square<T, patch> values;
                Square<T, patch> result;
                read(input, sources, channel, width, values);
                winograd::transform<winograd::Input, T, patch, patch>(values, result);
                store(result, layer_.inputs, at, channel, width, transformed);
            }
        });
    }

    // W = A g A^T, products x tiles x outputs.
    void transform_output_gradient(const T* gradient, T* transformed) const {
        for_tiles("tessera::winograd_output_gradient", [&](Index at) {
            const auto [row, column] = corner(at);
            for (Index channel = 0; channel < layer_.outputs; channel += lane) {
                const Index width = std::min(lane, layer_.outputs - channel);
                Square<T, tile> values;
                Square<T, patch> result;
                for (Index i = 0; i < tile; ++i) {
                    for (Index j = 0; j < tile; ++j) {
                        const bool inside = row + i < layer_.rows && column + j < layer_.columns;
                        const Index site = (row + i) * layer_.columns + column + j;
                        const T* from = gradient + site * layer_.outputs + channel;
                        copy_lane(from, inside ? width : 0, values[i][j]);
                        fetch_next_tile(from, layer_.outputs);
                    }
                }
                winograd::transform<winograd::OutputGradient, T, tile, patch>(values, result);
                store(result, layer_.outputs, at, channel, width, transformed);
            }
        });
    }

    // y = A^T M A.
    void write_outputs(const T* transformed, const T* bias, T* output) const {
        for_tiles("tessera::winograd_output", [&](Index at) {
            const auto [row, column] = corner(at);
            for (Index channel = 0; channel < layer_.outputs; channel += lane) {
                const Index width = std::min(lane, layer_.outputs - channel);
                Square<T, patch> values;
                Square<T, tile> result;
                load(transformed, layer_.outputs, at, channel, width, values);
                winograd::transform<winograd::Output, T, patch, tile>(values, result);
                for (Index i = 0; i < std::min<Index>(tile, layer_.rows - row); ++i) {
                    for (Index j = 0; j < std::min<Index>(tile, layer_.columns - column); ++j) {
                        const Index site = (row + i) * layer_.columns + column + j;
                        T* to = output + site * layer_.outputs + channel;
                        for (Index c = 0; c < width; ++c) {
                            to[c] = result[i][j][c] + (bias != nullptr ? bias[channel + c] : T{0});
                        }
                    }
                }
            }
        });
    }

    // Adds B V B^T to the inputs' gradient.
    void add_inputs(const T* transformed, T* input_gradient) const {
        // Neighbouring tiles add to the same inputs: workers share the channels, not the tiles.
        const Index lanes = (layer_.inputs + lane - 1) / lane;
        host_chunks("tessera::winograd_input_gradient", lanes, 2,
                    [&](Index, Index begin, Index end) {
                        for (Index at = 0; at < count_; ++at) {
                            const PatchSources sources = sources_of(at);
                            for (Index each = begin; each < end; ++each) {
                                add_patch(transformed, at, each * lane, sources, input_gradient);
                            }
                        }
                    });
    }

  private:
    struct Corner {
        Index row, column;
    };

    [[nodiscard]] Corner corner(Index at) const {
        return {(first_ + at) / across_ * tile, (first_ + at) % across_ * tile};
    }

    [[nodiscard]] PatchSources sources_of(Index at) const {
        const auto [row, column] = corner(at);
        PatchSources sources{};
        find_sources(*layer_.row_sources, layer_.rows, row, sources.row);
        find_sources(*layer_.column_sources, layer_.columns, column, sources.column);
        return sources;
    }

    template <typename Work>
    void for_tiles(const char* name, const Work& work) const {
        host_chunks(name, count_, grain_tiles, [&](Index, Index begin, Index end) {
            for (Index at = begin; at < end; ++at) {
                work(at);
            }
        });
    }

    // MapReader's rule on a lane of all sites of a patch.
    static void read(const MapReader<T>& input, const PatchSources& sources, Index channel,
                     Index width, Square<T, patch>& values) {
        T scale[lane];
        T shift[lane];
        const T slope = input.slope;
        const bool is_plain = input.scale == nullptr;
        if (!is_plain) {
            copy_lane(input.scale + channel, width, scale);
            copy_lane(input.shift + channel, width, shift);
        }
        for (int i = 0; i < patch; ++i) {
            for (int j = 0; j < patch; ++j) {
                T* to = values[i][j];
                if (sources.row[i] < 0 || sources.column[j] < 0) {
                    std::fill_n(to, lane, T{0});
                    continue;
                }
                const Index site = sources.row[i] + sources.column[j];
                const T* from = input.data + site * input.channels + channel;
                copy_lane(from, width, to);
                if (j >= patch - tile) {
                    fetch_next_tile(from, input.channels);
                }
                if (is_plain) {
                    continue;
                }
                // Otherwise the compiler unrolls this loop before it looks for vectors.
#pragma omp simd
                for (Index c = 0; c < lane; ++c) {
                    const T v = scale[c] * to[c] + shift[c];
                    const T w = slope * v;
                    to[c] = v > w ? v : w;
                }
            }
        }
    }

    void store(const Square<T, patch>& values, Index channels, Index at, Index channel, Index width,
               T* transformed) const {
        for (int k = 0; k < products; ++k) {
            const T* from = values[k / patch][k % patch];
            T* to = transformed + k * plane_stride(count_, channels) + at * channels + channel;
            if (width == lane) {
                std::copy_n(from, lane, to);
            } else {
                std::copy_n(from, width, to);
            }
        }
    }

    void load(const T* transformed, Index channels, Index at, Index channel, Index width,
              Square<T, patch>& values) const {
        for (int k = 0; k < products; ++k) {
            const T* from =
                transformed + k * plane_stride(count_, channels) + at * channels + channel;
            T* to = values[k / patch][k % patch];
            if (width == lane) {
                std::copy_n(from, lane, to);
            } else {
                std::fill_n(to, lane, T{0});
                std::copy_n(from, width, to);
            }
        }
    }

    void add_patch(const T* transformed, Index at, Index channel, const PatchSources& sources,
                   T* input_gradient) const {
        const Index width = std::min(lane, layer_.inputs - channel);
        Square<T, patch> values;
        Square<T, patch> result;
        load(transformed, layer_.inputs, at, channel, width, values);
        winograd::transform<winograd::InputGradient, T, patch, patch>(values, result);
        for (int i = 0; i < patch; ++i) {
            for (int j = 0; j < patch; ++j) {
                if (sources.row[i] < 0 || sources.column[j] < 0) {
                    continue;
                }
                T* to =
                    input_gradient + (sources.row[i] + sources.column[j]) * layer_.inputs + channel;
                for (Index c = 0; c < width; ++c) {
                    to[c] += result[i][j][c];
                }
                if (j >= patch - tile) {
                    fetch_next_tile(to, layer_.inputs);
                }
            }
        }
    }

    const WinogradLayer<T>& layer_;
    Index first_;
    Index count_;
    Index across_;
};

// U = G g G^T, products x inputs x outputs. Both ends are rows of outputs, so any number of pairs
// of channels is one long row.
template <typename T>
void transform_weight(const T* weight, Index pairs, T* transformed) {
    const Index stride = plane_stride(pairs, 1);
    for (Index first = 0; first < pairs; first += lane) {
        const Index width = std::min(lane, pairs - first);
        Square<T, 3> values;
        Square<T, patch> result;
        for (int k = 0; k < 9; ++k) {
            copy_lane(weight + k * pairs + first, width, values[k / 3][k % 3]);
        }
        winograd::transform<winograd::Kernel, T, 3, patch>(values, result);
        for (int k = 0; k < products; ++k) {
            std::copy_n(result[k / patch][k % patch], width, transformed + k * stride + first);
        }
    }
}

// Adds G^T U G to the gradient of the weights.
template <typename T>
void add_weight_gradient(const T* transformed, Index pairs, T* gradient) {
    const Index stride = plane_stride(pairs, 1);
    for (Index first = 0; first < pairs; first += lane) {
        const Index width = std::min(lane, pairs - first);
        Square<T, patch> values;
        Square<T, 3> result;
        for (int k = 0; k < products; ++k) {
            copy_lane(transformed + k * stride + first, width, values[k / patch][k % patch]);
        }
        winograd::transform<winograd::KernelGradient, T, patch, 3>(values, result);
        for (int k = 0; k < 9; ++k) {
            T* to = gradient + k * pairs + first;
            for (Index c = 0; c < width; ++c) {
                to[c] += result[k / 3][k % 3][c];
            }
        }
    }
}

// 9 x inputs x outputs to 9 x outputs x inputs.
template <typename T>
void swap_channels(const T* weight, Index inputs, Index outputs, T* swapped) {
    for (Index tap = 0; tap < 9; ++tap) {
        const T* from = weight + tap * inputs * outputs;
        T* to = swapped + tap * inputs * outputs;
        for (Index i = 0; i < inputs; ++i) {
            for (Index o = 0; o < outputs; ++o) {
                to[o * inputs + i] = from[i * outputs + o];
            }
        }
    }
}

template <typename T>
Index tile_count(const WinogradLayer<T>& layer) {
    return (layer.rows + tile - 1) / tile * ((layer.columns + tile - 1) / tile);
}

}  // namespace

template <typename T>
void WinogradLayer<T>::forward(const MapReader<T>& input, const T* weight, const T* bias, T* output,
                               Normalisation<T>* statistics) const {
    const Index tiles = tile_count(*this);
    const Index pairs = plane_stride(inputs * outputs, 1);
    const Index across = (columns + tile - 1) / tile;
    T* u = workspace->buffer(0, products * pairs);
    T* v = workspace->buffer(1, products * plane_stride(batch_tiles, inputs));
    T* m = workspace->buffer(2, products * plane_stride(batch_tiles, outputs));
    transform_weight(weight, inputs * outputs, u);
    Index rows_summed = 0;
    for (Index first = 0; first < tiles; first += batch_tiles) {
        const Batch<T> batch(*this, first, std::min(batch_tiles, tiles - first));
        const Index count = batch.count();
        batch.transform_inputs(input, v);
        for (Index k = 0; k < products; ++k) {
            blas::gemm<T>(Transpose::no, Transpose::no, outputs, count, inputs, T{1}, u + k * pairs,
                          outputs, v + k * plane_stride(count, inputs), inputs, T{0},
                          m + k * plane_stride(count, outputs), outputs);
        }
        batch.write_outputs(m, bias, output);
        const Index finished = std::min(rows, (first + count) / across * tile);
        if (statistics != nullptr && finished > rows_summed) {
            statistics->accumulate(output + rows_summed * columns * outputs,
                                   (finished - rows_summed) * columns);
            rows_summed = finished;
        }
    }
}

template <typename T>
void WinogradLayer<T>::backward(const MapReader<T>& input, const T* weight,
                                const T* output_gradient, T* weight_gradient,
                                T* input_gradient) const {
    const Index tiles = tile_count(*this);
    const Index pairs = plane_stride(inputs * outputs, 1);
    T* u = workspace->buffer(0, products * pairs);
    T* v = workspace->buffer(1, products * plane_stride(batch_tiles, inputs));
    T* w = workspace->buffer(2, products * plane_stride(batch_tiles, outputs));
    T* of_u = workspace->buffer(3, products * pairs);
    // With its channels swapped neither operand of the products is read across its rows.
    swap_channels(weight, inputs, outputs, of_u);
    transform_weight(of_u, inputs * outputs, u);
    std::fill_n(of_u, products * pairs, T{0});
    for (Index first = 0; first < tiles; first += batch_tiles) {
        const Batch<T> batch(*this, first, std::min(batch_tiles, tiles - first));
        const Index count = batch.count();
        batch.transform_inputs(input, v);
        batch.transform_output_gradient(output_gradient, w);
        for (Index k = 0; k < products; ++k) {
            const T* own = w + k * plane_stride(count, outputs);
            T* other = v + k * plane_stride(count, inputs);
            blas::gemm<T>(Transpose::no, Transpose::yes, outputs, inputs, count, T{1}, own, outputs,
                          other, inputs, T{1}, of_u + k * pairs, outputs);
            if (input_gradient != nullptr) {  // in the place of the inputs
                blas::gemm<T>(Transpose::no, Transpose::no, inputs, count, outputs, T{1},
                              u + k * pairs, inputs, own, outputs, T{0}, other, inputs);
            }
        }
        if (input_gradient != nullptr) {
            batch.add_inputs(v, input_gradient);
        }
    }
    add_weight_gradient(of_u, inputs * outputs, weight_gradient);
}

template struct WinogradLayer<float>;
template struct WinogradLayer<double>;

}  // namespace tessera
