#include "tessera/sampling/matrix_kernel.hpp"

#include <algorithm>
#include <cmath>

#include "tessera/sampling/harmonic_flow.hpp"
#include "tessera/sampling/moreau_yosida_langevin.hpp"
#include "tessera/sampling/proximal_langevin.hpp"
#include "tessera/sampling/svd_gibbs_kernel.hpp"

namespace tessera {
namespace {

// Streams of the generator, told apart by their use.
constexpr std::uint32_t normal_stream = 501;
constexpr std::uint32_t acceptance_stream = 502;
constexpr std::uint32_t first_purpose_stream = 503;

}  // namespace

MatrixKernel::MatrixKernel(const MatrixBatch& batch, const StepSize& first, std::uint64_t seed)
    : seed_(seed),
      step_sizes_(static_cast<std::size_t>(batch.count), first),
      acceptance_(static_cast<std::size_t>(batch.count), 1.0) {}

double MatrixKernel::uniform(const MatrixBatch& batch, Index matrix, Index step,
                             std::uint32_t purpose) const {
    return Random(seed_, first_purpose_stream + purpose)
        .uniform(batch.first + matrix, static_cast<std::uint32_t>(step));
}

void MatrixKernel::draw_normal(const MatrixBatch& batch, Index step,
                               const DeviceView<double>& values) const {
    fill_normal(batch, Random(seed_, normal_stream), static_cast<std::uint32_t>(step), values);
}

double MatrixKernel::step_size(Index matrix) const {
    return step_sizes_[static_cast<std::size_t>(matrix)].value();
}

std::vector<bool> MatrixKernel::metropolis(const MatrixBatch& batch,
                                           const std::vector<double>& log_ratio, Index step) {
    std::vector<bool> accepted(log_ratio.size());
    for (std::size_t matrix = 0; matrix < log_ratio.size(); ++matrix) {
        // A proposal at which the density is no number is never taken.
        const double ratio =
            std::isnan(log_ratio[matrix]) ? 0.0 : std::exp(std::min(0.0, log_ratio[matrix]));
        acceptance_[matrix] = ratio;
        const double drawn = Random(seed_, acceptance_stream)
                                 .uniform(batch.first + static_cast<Index>(matrix),
                                          static_cast<std::uint32_t>(step));
        accepted[matrix] = drawn < ratio;
    }
    return accepted;
}

void MatrixKernel::adapt() {
    for (std::size_t matrix = 0; matrix < step_sizes_.size(); ++matrix) {
        step_sizes_[matrix].adapt(acceptance_[matrix]);
    }
}

std::vector<double> MatrixKernel::learnt() const {
    std::vector<double> numbers;
    for (const StepSize& step_size : step_sizes_) {
        const std::array<double, 2> learnt = step_size.learnt();
        numbers.insert(numbers.end(), learnt.begin(), learnt.end());
    }
    return numbers;
}

void MatrixKernel::restore(const std::vector<double>& learnt) {
    for (std::size_t matrix = 0; matrix < step_sizes_.size(); ++matrix) {
        step_sizes_[matrix].restore({learnt[2 * matrix], learnt[2 * matrix + 1]});
    }
}

std::unique_ptr<MatrixKernel> make_matrix_kernel(MatrixKernelKind kind, const MatrixBatch& batch,
                                                 std::uint64_t seed) {
    switch (kind) {
        case MatrixKernelKind::proximal:
            return std::make_unique<ProximalLangevin>(batch, seed);
        case MatrixKernelKind::moreau_yosida:
            return std::make_unique<MoreauYosidaLangevin>(batch, seed);
        case MatrixKernelKind::svd_gibbs:
            return std::make_unique<SvdGibbsKernel>(batch, seed);
        case MatrixKernelKind::harmonic_flow:
            break;
    }
    return std::make_unique<HarmonicFlow>(batch, seed);
}

}  // namespace tessera
