// How near products of normal matrices come to the nuclear norm distribution with lambda = 1
// (arXiv 2510.05447, figure 8): n x n, inner dimension n, singular values of independent draws.
//
//     bench_normal_product [DRAWS]

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/parallel/runtime.hpp"
#include "tessera/sampling/nuclear_norm_distribution.hpp"
#include "tessera/sampling/nuclear_norm_draws.hpp"

namespace {

using namespace tessera;

struct Law {
    std::vector<double> values;  ///< of all draws, over n
    double near_zero = 0.0;      ///< share of the values below n / 10
    double largest = 0.0;        ///< mean of the largest, over n
    double norm = 0.0;           ///< mean
};

template <typename Draw>
Law law_of(Index n, Index draws, const Draw& draw) {
    const auto size = static_cast<double>(n);
    const auto count = static_cast<double>(draws);
    Law law;
    for (Index i = 0; i < draws; ++i) {
        RandomSequence random(1, static_cast<std::uint32_t>(n), i, 0);
        const std::vector<double> values = draw(random);
        for (const double value : values) {
            law.values.push_back(value / size);
            law.near_zero += value < 0.1 * size ? 1.0 / (size * count) : 0.0;
        }
        law.largest += *std::max_element(values.begin(), values.end()) / (size * count);
        law.norm += std::accumulate(values.begin(), values.end(), 0.0) / count;
    }
    std::sort(law.values.begin(), law.values.end());
    return law;
}

std::vector<double> normal_product_values(Index n, RandomSequence& random) {
    const double deviation = std::sqrt(normal_product_variance(n, n, n, 1.0));
    Matrix left(n, n);
    Matrix right(n, n);
    for (Matrix* factor : {&left, &right}) {
        for (double& entry : factor->values) {
            entry = deviation * random.normal();
        }
    }
    return dense_singular_values(product(blas::Transpose::no, blas::Transpose::no, left, right));
}

/// The largest distance between the distribution functions of as many values.
double distance(const std::vector<double>& a, const std::vector<double>& b) {
    double largest = 0.0;
    std::size_t below = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        while (below < b.size() && b[below] <= a[i]) {
            ++below;
        }
        largest =
            std::max(largest, std::abs(static_cast<double>(i + 1) - static_cast<double>(below)));
    }
    return largest / static_cast<double>(a.size());
}

}  // namespace

int main(int argc, char** argv) {
    choose_blas_kernel(argc, argv);
    const Runtime runtime(argc, argv);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const Index draws = argc > 1 ? std::atol(argv[1]) : 2000;
    std::printf(
        "| n | below n/10: NND, product | mean largest / n | mean norm / n^2 | distance |\n");
    for (const Index n : {5, 20, 30, 50}) {
        const Law exact = law_of(
            n, draws, [n](RandomSequence& random) { return chain_singular_values(random, n, n); });
        const Law product = law_of(
            n, draws, [n](RandomSequence& random) { return normal_product_values(n, random); });
        const auto square = static_cast<double>(n * n);
        std::printf("| %ld | %.4f, %.4f | %.3f, %.3f | %.3f, %.3f | %.4f |\n", static_cast<long>(n),
                    exact.near_zero, product.near_zero, exact.largest, product.largest,
                    exact.norm / square, product.norm / square,
                    distance(exact.values, product.values));
    }
    return 0;
}
