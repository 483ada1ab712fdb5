#include <gtest/gtest.h>

#include <cmath>

#include "all_ranks.hpp"
#include "tessera/base/error.hpp"
#include "tessera/tensor/covariance.hpp"
#include "test_tensors.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

/// A random tensor as a table of samples by features, made by plain loops.
struct Table {
    Extents shape;
    int mode;
    std::vector<double> all;
    std::vector<std::vector<double>> samples;
    std::vector<double> mean;

    Table(const Extents& tensor_shape, int sample_mode, std::uint64_t seed)
        : shape(tensor_shape),
          mode(sample_mode),
          all(random_entries<double>(tensor_shape.product(), seed)) {
        const Extents features = feature_shape(shape, mode);
        samples.assign(static_cast<std::size_t>(shape[mode]),
                       std::vector<double>(static_cast<std::size_t>(features.product())));
        mean.assign(static_cast<std::size_t>(features.product()), 0.0);
        for (Index offset = 0; offset < shape.product(); ++offset) {
            const Extents at = row_major_position(offset, shape);
            Extents feature = features;
            for (int m = 0, to = 0; m < shape.order(); ++m) {
                if (m != mode) {
                    feature[to++] = at[m];
                }
            }
            const auto number = static_cast<std::size_t>(row_major_offset(feature, features));
            const double value = all[static_cast<std::size_t>(offset)];
            samples[static_cast<std::size_t>(at[mode])][number] = value;
            mean[number] += value / static_cast<double>(shape[mode]);
        }
    }

    [[nodiscard]] std::vector<double> covariance() const {
        std::vector<double> result;
        for (std::size_t i = 0; i < mean.size(); ++i) {
            for (std::size_t j = 0; j < mean.size(); ++j) {
                double sum = 0.0;
                for (const std::vector<double>& sample : samples) {
                    sum += (sample[i] - mean[i]) * (sample[j] - mean[j]);
                }
                result.push_back(sum / static_cast<double>(samples.size() - 1));
            }
        }
        return result;
    }

    template <typename T>
    [[nodiscard]] DenseTensor<T> tensor(Dice& dice) const {
        return tensor_of(std::vector<T>(all.begin(), all.end()), random_partition(dice, shape));
    }
};

Extents twice(const Extents& features) {
    std::vector<Index> values = features.to_vector();
    values.insert(values.end(), values.begin(), values.end());
    return Extents(values);
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
    double largest = a.size() == b.size() ? 0.0 : 1e300;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        largest = std::max(largest, std::abs(a[i] - b[i]));
    }
    return largest;
}

template <typename T>
class CovarianceTest : public ::testing::Test {
  protected:
    // Entries are at most 1, sums are float64; only what is stored is rounded.
    static constexpr double tolerance = sizeof(T) == sizeof(float) ? 3e-7 : 1e-14;
};
using Scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(CovarianceTest, Scalars);

TYPED_TEST(CovarianceTest, AgreesWithPlainLoopsOnAnyGrid) {
    Dice dice(71);
    const std::vector<Extents> shapes = {{9, 7}, {7, 9}, {2, 5}, {6, 4, 3}, {4, 6, 3}, {4, 3, 6}};
    for (std::size_t trial = 0; trial < 3 * shapes.size(); ++trial) {
        const Extents shape = shapes[trial % shapes.size()];
        const int mode = static_cast<int>(dice.between(0, shape.order() - 1));
        const Table table(shape, mode, 100 + trial);
        const DenseTensor<TypeParam> samples = table.tensor<TypeParam>(dice);
        const Partition target = random_partition(dice, twice(feature_shape(shape, mode)));
        const std::vector<double> mean = sample_mean(samples, mode);
        ASSERT_ALL_RANKS(largest_difference(mean, table.mean) < this->tolerance);
        const DenseTensor<TypeParam> found = sample_covariance(samples, mode, mean, target);
        const auto own = to_host(found.block());
        const std::vector<double> expected =
            box_of(table.covariance(), target.shape(), target.box());
        ASSERT_ALL_RANKS(largest_difference({own.begin(), own.end()}, expected) < this->tolerance)
            << shape.to_string() << " mode " << mode;
    }
}

TYPED_TEST(CovarianceTest, ProjectsCentredSamples) {
    Dice dice(72);
    for (const Extents& shape : {Extents{9, 7}, Extents{4, 6, 3}, Extents{3, 4, 2, 5}}) {
        const int mode = static_cast<int>(dice.between(0, shape.order() - 1));
        const Table table(shape, mode, 200);
        const DenseTensor<TypeParam> samples = table.tensor<TypeParam>(dice);
        Matrix basis(static_cast<Index>(table.mean.size()), 3);
        basis.values = random_entries<double>(static_cast<Index>(basis.values.size()), 201);
        const Matrix scores = project_samples(samples, mode, sample_mean(samples, mode), basis);
        Matrix expected(shape[mode], 3);
        for (Index s = 0; s < shape[mode]; ++s) {
            for (Index k = 0; k < 3; ++k) {
                for (Index f = 0; f < basis.rows; ++f) {
                    const auto feature = static_cast<std::size_t>(f);
                    expected(s, k) +=
                        basis(f, k) *
                        (table.samples[static_cast<std::size_t>(s)][feature] - table.mean[feature]);
                }
            }
        }
        ASSERT_ALL_RANKS(scores.rows == expected.rows && scores.columns == expected.columns);
        EXPECT_ALL_RANKS(largest_difference(scores.values, expected.values) <
                         20.0 * this->tolerance);
    }
}

// A large common value must not eat the differences.
TYPED_TEST(CovarianceTest, IsExactUnderShifts) {
    Dice dice(73);
    const Extents shape{8, 5};
    std::vector<TypeParam> all;
    for (Index i = 0; i < shape.product(); ++i) {
        all.push_back(static_cast<TypeParam>((1 << 16) + (i * i) % 7));
    }
    std::vector<TypeParam> shifted = all;
    for (TypeParam& value : shifted) {
        value -= static_cast<TypeParam>(1 << 16);
    }
    const Partition partition = random_partition(dice, shape);
    const Partition target = random_partition(dice, {5, 5});
    const auto covariance_of = [&](const std::vector<TypeParam>& values) {
        const DenseTensor<TypeParam> samples = tensor_of(values, partition);
        const auto own =
            to_host(sample_covariance(samples, 0, sample_mean(samples, 0), target).block());
        return std::vector<double>(own.begin(), own.end());
    };
    EXPECT_ALL_RANKS(largest_difference(covariance_of(all), covariance_of(shifted)) < 1e-6);
}

TYPED_TEST(CovarianceTest, RefusesOneSample) {
    Dice dice(74);
    const DenseTensor<TypeParam> samples =
        tensor_of(std::vector<TypeParam>(5, TypeParam{1}), random_partition(dice, {1, 5}));
    const Partition target = random_partition(dice, {5, 5});
    EXPECT_THROW(static_cast<void>(sample_covariance(samples, 0, sample_mean(samples, 0), target)),
                 UsageError);
}

}  // namespace
