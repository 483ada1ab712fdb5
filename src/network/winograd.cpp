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

// Tiles whose products are formed together: enough for the library's matrix product, few enough for
// the caches.
constexpr Index batch_tiles = 128;
constexpr Index grain_tiles = 8;

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
                for (int i = 0; i < patch; ++i) {
                    for (int j = 0; j < patch; ++j) {
                        read(input, sources.row[i], sources.column[j], channel, width,
                             values[i][j]);
                    }
                }
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
                Square<T, tile> values = {};
                Square<T, patch> result;
                for (Index i = 0; i < std::min<Index>(tile, layer_.rows - row); ++i) {
                    for (Index j = 0; j < std::min<Index>(tile, layer_.columns - column); ++j) {
                        const Index site = (row + i) * layer_.columns + column + j;
                        std::copy_n(gradient + site * layer_.outputs + channel, width,
                                    values[i][j]);
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

    static void read(const MapReader<T>& input, Index row, Index column, Index channel, Index width,
                     T* to) {
        if (row < 0 || column < 0) {
            std::fill_n(to, lane, T{0});
            return;
        }
        const MapReader<T> part{input.data + channel, input.channels,
                                input.scale != nullptr ? input.scale + channel : nullptr,
                                input.shift != nullptr ? input.shift + channel : nullptr,
                                input.slope};
        if (width == lane) {
            part.read_part(row + column, lane, to);
        } else {
            std::fill_n(to, lane, T{0});
            part.read_part(row + column, width, to);
        }
    }

    void store(const Square<T, patch>& values, Index channels, Index at, Index channel, Index width,
               T* transformed) const {
        for (int k = 0; k < products; ++k) {
            const T* from = values[k / patch][k % patch];
            T* to = transformed + (k * count_ + at) * channels + channel;
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
            const T* from = transformed + (k * count_ + at) * channels + channel;
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
    for (Index first = 0; first < pairs; first += lane) {
        const Index width = std::min(lane, pairs - first);
        Square<T, 3> values = {};
        Square<T, patch> result;
        for (int k = 0; k < 9; ++k) {
            std::copy_n(weight + k * pairs + first, width, values[k / 3][k % 3]);
        }
        winograd::transform<winograd::Kernel, T, 3, patch>(values, result);
        for (int k = 0; k < products; ++k) {
            std::copy_n(result[k / patch][k % patch], width, transformed + k * pairs + first);
        }
    }
}

// Adds G^T U G to the gradient of the weights.
template <typename T>
void add_weight_gradient(const T* transformed, Index pairs, T* gradient) {
    for (Index first = 0; first < pairs; first += lane) {
        const Index width = std::min(lane, pairs - first);
        Square<T, patch> values = {};
        Square<T, 3> result;
        for (int k = 0; k < products; ++k) {
            std::copy_n(transformed + k * pairs + first, width, values[k / patch][k % patch]);
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

template <typename T>
Index tile_count(const WinogradLayer<T>& layer) {
    return (layer.rows + tile - 1) / tile * ((layer.columns + tile - 1) / tile);
}

}  // namespace

template <typename T>
void WinogradLayer<T>::forward(const MapReader<T>& input, const T* weight, const T* bias, T* output,
                               Normalisation<T>* statistics) const {
    const Index tiles = tile_count(*this);
    const Index across = (columns + tile - 1) / tile;
    T* u = workspace->buffer(0, products * inputs * outputs);
    T* v = workspace->buffer(1, products * batch_tiles * inputs);
    T* m = workspace->buffer(2, products * batch_tiles * outputs);
    transform_weight(weight, inputs * outputs, u);
    Index rows_summed = 0;
    for (Index first = 0; first < tiles; first += batch_tiles) {
        const Batch<T> batch(*this, first, std::min(batch_tiles, tiles - first));
        const Index count = batch.count();
        batch.transform_inputs(input, v);
        for (Index k = 0; k < products; ++k) {
            blas::gemm<T>(Transpose::no, Transpose::no, outputs, count, inputs, T{1},
                          u + k * inputs * outputs, outputs, v + k * count * inputs, inputs, T{0},
                          m + k * count * outputs, outputs);
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
    T* u = workspace->buffer(0, products * inputs * outputs);
    T* v = workspace->buffer(1, products * batch_tiles * inputs);
    T* w = workspace->buffer(2, products * batch_tiles * outputs);
    T* of_u = workspace->buffer(3, products * inputs * outputs);
    transform_weight(weight, inputs * outputs, u);
    std::fill_n(of_u, products * inputs * outputs, T{0});
    for (Index first = 0; first < tiles; first += batch_tiles) {
        const Batch<T> batch(*this, first, std::min(batch_tiles, tiles - first));
        const Index count = batch.count();
        batch.transform_inputs(input, v);
        batch.transform_output_gradient(output_gradient, w);
        for (Index k = 0; k < products; ++k) {
            const T* own = w + k * count * outputs;
            T* other = v + k * count * inputs;
            blas::gemm<T>(Transpose::no, Transpose::yes, outputs, inputs, count, T{1}, own, outputs,
                          other, inputs, T{1}, of_u + k * inputs * outputs, outputs);
            if (input_gradient != nullptr) {  // in the place of the inputs
                blas::gemm<T>(Transpose::yes, Transpose::no, inputs, count, outputs, T{1},
                              u + k * inputs * outputs, outputs, own, outputs, T{0}, other, inputs);
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
