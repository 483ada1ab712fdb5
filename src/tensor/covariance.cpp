#include "tessera/tensor/covariance.hpp"

#include <fmt/format.h>

#include <Kokkos_Core.hpp>
#include <algorithm>

#include "fetch_box.hpp"
#include "tessera/base/error.hpp"
#include "tessera/linalg/blas.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/unfolding.hpp"

namespace tessera {
namespace {

using blas::Transpose;

// Centred samples are made in pieces of about this size.
constexpr Index piece_bytes = Index{16} << 20;

Extents drop_mode(const Extents& extents, int mode) {
    std::vector<Index> values = extents.to_vector();
    values.erase(values.begin() + mode);
    return Extents(values);
}

Box with_samples(const Box& features, int mode, Range samples) {
    std::vector<Index> begin = features.begin.to_vector();
    std::vector<Index> end = features.end.to_vector();
    begin.insert(begin.begin() + mode, samples.begin);
    end.insert(end.begin() + mode, samples.end);
    return {Extents(begin), Extents(end)};
}

Box modes_of(const Box& box, int first, int last) {
    const auto cut = [&](const Extents& extents) {
        const std::vector<Index> values = extents.to_vector();
        return Extents(std::vector<Index>(values.begin() + first, values.begin() + last));
    };
    return {cut(box.begin), cut(box.end)};
}

/// The global numbers of a box's features, in the box's order.
std::vector<Index> numbers_of(const Box& features, const Extents& shape) {
    const Extents box_shape = features.shape();
    std::vector<Index> numbers(static_cast<std::size_t>(box_shape.product()));
    for (Index i = 0; i < box_shape.product(); ++i) {
        Extents position = row_major_position(i, box_shape);
        for (int mode = 0; mode < shape.order(); ++mode) {
            position[mode] += features.begin[mode];
        }
        numbers[static_cast<std::size_t>(i)] = row_major_offset(position, shape);
    }
    return numbers;
}

Index samples_per_piece(Index samples, Index features) {
    const Index bytes_per_sample =
        static_cast<Index>(sizeof(double)) * std::max<Index>(1, features);
    return std::clamp<Index>(piece_bytes / bytes_per_sample, 1, std::max<Index>(1, samples));
}

/// Samples begin..end-1 of a row-major block less their mean: features x samples, column-major.
template <typename T>
void centre(const T* block, const Extents& shape, int mode, Range samples,
            const std::vector<double>& mean, const std::vector<Index>& numbers,
            std::vector<double>& centred) {
    const Unfolding at(shape, mode, mode + 1);
    const Index features = at.rows();
    for (Index l = 0; l < at.left; ++l) {
        for (Index s = samples.begin; s < samples.end; ++s) {
            const T* from = block + (l * at.middle + s) * at.right;
            double* to = centred.data() + (s - samples.begin) * features + l * at.right;
            for (Index r = 0; r < at.right; ++r) {
                const Index number = numbers[static_cast<std::size_t>(l * at.right + r)];
                to[r] = static_cast<double>(from[r]) - mean[static_cast<std::size_t>(number)];
            }
        }
    }
}

/// The features of a covariance block's rows or of its columns, centred, a piece after the other.
template <typename T>
class CentredPanel {
  public:
    CentredPanel(const DenseTensor<T>& samples, int mode, const std::vector<double>& mean,
                 const Box& features)
        : samples_(samples),
          mode_(mode),
          mean_(mean),
          features_(features),
          numbers_(numbers_of(features, drop_mode(samples.shape(), mode))) {}

    /// Collective.
    const std::vector<double>& fetch(Range range) {
        const Box wanted = with_samples(features_, mode_, range);
        const auto block = Kokkos::create_mirror_view_and_copy(
            Kokkos::HostSpace(), detail::fetch_box(samples_, wanted, "samples of a covariance"));
        agree(samples_.communicator(),
              [&] { centred_.resize(static_cast<std::size_t>(range.size()) * numbers_.size()); });
        centre(block.data(), wanted.shape(), mode_, {0, range.size()}, mean_, numbers_, centred_);
        return centred_;
    }

  private:
    const DenseTensor<T>& samples_;
    int mode_;
    const std::vector<double>& mean_;
    Box features_;
    std::vector<Index> numbers_;
    std::vector<double> centred_;
};

}  // namespace

Extents feature_shape(const Extents& shape, int sample_mode) {
    return drop_mode(shape, sample_mode);
}

template <typename T>
std::vector<double> sample_mean(const DenseTensor<T>& samples, int sample_mode) {
    const Extents all = feature_shape(samples.shape(), sample_mode);
    const Box own{drop_mode(samples.box().begin, sample_mode),
                  drop_mode(samples.box().end, sample_mode)};
    const std::vector<Index> numbers = numbers_of(own, all);
    const auto block = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), samples.block());
    const Unfolding at(samples.block_shape(), sample_mode, sample_mode + 1);
    std::vector<double> mean(static_cast<std::size_t>(all.product()), 0.0);
    for (Index l = 0; l < at.left; ++l) {
        for (Index s = 0; s < at.middle; ++s) {
            for (Index r = 0; r < at.right; ++r) {
                const Index number = numbers[static_cast<std::size_t>(l * at.right + r)];
                mean[static_cast<std::size_t>(number)] += static_cast<double>(
                    block(static_cast<std::size_t>((l * at.middle + s) * at.right + r)));
            }
        }
    }
    samples.communicator().sum_in_place(mean.data(), static_cast<Index>(mean.size()));
    for (double& value : mean) {
        value /= static_cast<double>(samples.shape()[sample_mode]);
    }
    return mean;
}

template <typename T>
DenseTensor<T> sample_covariance(const DenseTensor<T>& samples, int sample_mode,
                                 const std::vector<double>& mean, const Partition& target) {
    const Index count = samples.shape()[sample_mode];
    if (count < 2) {
        throw UsageError(fmt::format("a covariance needs at least 2 samples; these are {}", count));
    }
    const Communicator& communicator = samples.communicator();
    const int half = target.order() / 2;
    const Box row_features = modes_of(target.box(), 0, half);
    const Box column_features = modes_of(target.box(), half, target.order());
    const Index rows = row_features.size();
    const Index columns = column_features.size();
    DeviceView<T> block;
    HostView<double> sums;
    agree(communicator, [&] {
        block = allocate<T>("covariance", rows * columns);
        sums = allocate_host<double>("covariance sums", rows * columns);
    });
    Kokkos::deep_copy(sums, 0.0);
    CentredPanel<T> row_panel(samples, sample_mode, mean, row_features);
    CentredPanel<T> column_panel(samples, sample_mode, mean, column_features);
    const Index step = communicator.min(samples_per_piece(count, rows + columns));
    for (Index begin = 0; begin < count; begin += step) {
        const Range range{begin, std::min(begin + step, count)};
        const std::vector<double>& a = row_panel.fetch(range);
        const std::vector<double>& b = column_panel.fetch(range);
        if (rows > 0 && columns > 0) {
            // The block is row-major, so it is the library's transpose.
            blas::gemm<double>(Transpose::no, Transpose::yes, columns, rows, range.size(), 1.0,
                               b.data(), columns, a.data(), rows, 1.0, sums.data(), columns);
        }
    }
    const auto host = Kokkos::create_mirror_view(Kokkos::HostSpace(), block);
    const double divisor = static_cast<double>(count - 1);
    std::transform(sums.data(), sums.data() + sums.size(), host.data(),
                   [divisor](double sum) { return static_cast<T>(sum / divisor); });
    Kokkos::deep_copy(block, host);
    return {"covariance", target, block};
}

double covariance_scratch_bytes(Index samples, Index row_features, Index column_features,
                                std::size_t scalar_bytes) {
    const Index features = row_features + column_features;
    const auto piece = static_cast<double>(samples_per_piece(samples, features) * features);
    const auto sums = static_cast<double>(row_features) * static_cast<double>(column_features);
    return sizeof(double) * (sums + piece) + static_cast<double>(scalar_bytes) * piece;
}

template <typename T>
Matrix project_samples(const DenseTensor<T>& samples, int sample_mode,
                       const std::vector<double>& mean, const Matrix& basis) {
    const Box box = samples.box();
    const Box own{drop_mode(box.begin, sample_mode), drop_mode(box.end, sample_mode)};
    const std::vector<Index> numbers = numbers_of(own, feature_shape(samples.shape(), sample_mode));
    const auto features = static_cast<Index>(numbers.size());
    const Index own_samples = box.end[sample_mode] - box.begin[sample_mode];
    const auto block = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), samples.block());
    const Index step = samples_per_piece(own_samples, features);
    Matrix own_basis;
    Matrix scores;
    std::vector<double> centred;
    agree(samples.communicator(), [&] {
        own_basis = Matrix(features, basis.columns);
        scores = Matrix(samples.shape()[sample_mode], basis.columns);
        centred.resize(static_cast<std::size_t>(features * step));
    });
    for (Index column = 0; column < basis.columns; ++column) {
        for (Index row = 0; row < features; ++row) {
            own_basis(row, column) = basis(numbers[static_cast<std::size_t>(row)], column);
        }
    }
    for (Index begin = 0; begin < own_samples && features > 0; begin += step) {
        const Range range{begin, std::min(begin + step, own_samples)};
        centre(block.data(), samples.block_shape(), sample_mode, range, mean, numbers, centred);
        blas::gemm<double>(Transpose::yes, Transpose::no, range.size(), basis.columns, features,
                           1.0, centred.data(), features, own_basis.data(), features, 0.0,
                           scores.data() + box.begin[sample_mode] + begin, scores.rows);
    }
    samples.communicator().sum_in_place(scores.data(), static_cast<Index>(scores.values.size()));
    return scores;
}

#define TESSERA_INSTANTIATE(T)                                                                  \
    template std::vector<double> sample_mean<T>(const DenseTensor<T>&, int);                    \
    template DenseTensor<T> sample_covariance<T>(const DenseTensor<T>&, int,                    \
                                                 const std::vector<double>&, const Partition&); \
    template Matrix project_samples<T>(const DenseTensor<T>&, int, const std::vector<double>&,  \
                                       const Matrix&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
