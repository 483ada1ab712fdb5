// Spectra of batches and functions of them, against LAPACK one matrix at a time; small matrices on
// one rank (batched), larger ones and matrices that are spread over ranks (through QR).

#include <gtest/gtest.h>

#include <cmath>

#include "matrix_cases.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/sampling/right_spectrum.hpp"

namespace tessera {
namespace {

using namespace test_sampling;

Matrix matrix_of(const std::vector<double>& whole, const MatrixBatch& batch, Index number) {
    Matrix result(batch.rows, batch.columns);
    for (Index row = 0; row < batch.rows; ++row) {
        for (Index column = 0; column < batch.columns; ++column) {
            result(row, column) = whole[static_cast<std::size_t>(number * batch.entries() +
                                                                 row * batch.columns + column)];
        }
    }
    return result;
}

// The soft threshold of every matrix, added to what was there.
void expect_soft_threshold(const MatrixBatch& batch, const std::vector<Index>& which,
                           SpectrumAccuracy accuracy = SpectrumAccuracy::full) {
    // A random matrix of these sizes has a condition of some hundreds at most.
    const double tolerance = accuracy == SpectrumAccuracy::full ? 1e-13 : 1e-11;
    const std::vector<double> whole = normal_numbers(batch.count * batch.entries(), 3);
    const DeviceView<double> a = own_part(batch, whole);
    RightSpectrum spectrum(batch);
    decompose(batch, a, which, spectrum, accuracy);
    const std::vector<double> before = normal_numbers(batch.count * batch.entries(), 4);
    const DeviceView<double> out = own_part(batch, before);
    // One threshold for each singular value, the same weights in every matrix.
    std::vector<double> weights;
    for (Index k = 0; k < batch.columns; ++k) {
        weights.push_back(0.8 + 0.05 * static_cast<double>(k % 3));
    }
    std::vector<double> thresholds;
    for (Index number = 0; number < batch.count; ++number) {
        thresholds.insert(thresholds.end(), weights.begin(), weights.end());
    }
    apply_weights(batch, a, spectrum, shrinkage_weights(spectrum, thresholds), which,
                  Target::added_to, out);
    const std::vector<double> found = whole_matrices(batch, out);

    std::vector<double> expected = before;
    for (const Index number : which) {
        const DenseSvd svd = dense_svd(matrix_of(whole, batch, number));
        double norm = 0.0;
        for (Index k = 0; k < batch.columns; ++k) {
            const double value = svd.singular_values[static_cast<std::size_t>(k)];
            norm += weights[static_cast<std::size_t>(k)] * value;
            EXPECT_NEAR(spectrum.values(number)[k], value, tolerance * svd.singular_values[0]);
        }
        EXPECT_NEAR(spectrum.norm(number, weights), norm, 10.0 * tolerance * norm);
        for (Index row = 0; row < batch.rows; ++row) {
            for (Index column = 0; column < batch.columns; ++column) {
                double sum = 0.0;
                for (Index k = 0; k < batch.columns; ++k) {
                    const double value = svd.singular_values[static_cast<std::size_t>(k)];
                    sum += svd.u(row, k) *
                           std::max(0.0, value - weights[static_cast<std::size_t>(k)]) *
                           svd.v(column, k);
                }
                double& entry = expected[static_cast<std::size_t>(number * batch.entries() +
                                                                  row * batch.columns + column)];
                entry += sum;
            }
        }
    }
    for (std::size_t entry = 0; entry < expected.size(); ++entry) {
        ASSERT_NEAR(found[entry], expected[entry], 100.0 * tolerance) << entry;
    }
}

TEST(RightSpectrum, SmallMatricesTogether) {
    const Communicator alone = Communicator::world().split(Communicator::world().rank(), 0);
    expect_soft_threshold(make_batch(alone, 11, 6, 5), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    expect_soft_threshold(make_batch(alone, 5, 7, 7), {0, 3, 4});
    expect_soft_threshold(make_batch(alone, 2, 70, 9), {0, 1});
    expect_soft_threshold(make_batch(alone, 3, 300, 4), {1});
}

TEST(RightSpectrum, LargerMatricesThatFillTheLanesTogether) {
    const Communicator alone = Communicator::world().split(Communicator::world().rank(), 0);
    expect_soft_threshold(make_batch(alone, 9, 80, 70), {0, 1, 2, 3, 5, 6, 7, 8});
}

TEST(RightSpectrum, LargerMatricesOneByOne) {
    const Communicator alone = Communicator::world().split(Communicator::world().rank(), 0);
    // Too few for the lanes, and too large for them.
    expect_soft_threshold(make_batch(alone, 3, 80, 70), {1});
    expect_soft_threshold(make_batch(alone, 1, 300, 260), {0});
}

TEST(RightSpectrum, MatricesSharedOutByRows) {
    expect_soft_threshold(make_batch(Communicator::world(), 2, 23, 6), {0, 1});
    // Fewer rows than columns on a rank, and none at all on some.
    expect_soft_threshold(make_batch(Communicator::world(), 3, 3, 3), {0, 2});
}

TEST(RightSpectrum, GramMatricesDoForGradients) {
    const Communicator alone = Communicator::world().split(Communicator::world().rank(), 0);
    expect_soft_threshold(make_batch(alone, 2, 80, 70), {0, 1}, SpectrumAccuracy::gradient);
    expect_soft_threshold(make_batch(Communicator::world(), 3, 300, 4), {0, 2},
                          SpectrumAccuracy::gradient);
}

TEST(RightSpectrum, ScalesWithTheMatrix) {
    const Communicator alone = Communicator::world().split(Communicator::world().rank(), 0);
    const MatrixBatch batch = make_batch(alone, 2, 5, 4);
    const DeviceView<double> a = to_device(normal_numbers(batch.local_size(), 5));
    RightSpectrum spectrum(batch);
    decompose(batch, a, {0, 1}, spectrum);
    const std::vector<double> ones(4, 1.0);
    const double before = spectrum.norm(1, ones);
    const double other = spectrum.norm(0, ones);
    spectrum.scale(1, 2.5);
    EXPECT_DOUBLE_EQ(spectrum.norm(1, ones), 2.5 * before);
    EXPECT_DOUBLE_EQ(spectrum.norm(0, ones), other);
}

}  // namespace
}  // namespace tessera
