#pragma once

#include <algorithm>
#include <vector>

#include "tessera/base/memory.hpp"
#include "tessera/linalg/matrix.hpp"

/// Batches of small matrices to and from where kernels work.
namespace tessera::test_matrices {

template <typename T>
DeviceView<T> to_device(const std::vector<T>& values) {
    const DeviceView<T> view = allocate<T>("test", static_cast<Index>(values.size()));
    const auto mirror = Kokkos::create_mirror_view(view);
    std::copy(values.begin(), values.end(), mirror.data());
    Kokkos::deep_copy(view, mirror);
    return view;
}

template <typename T>
std::vector<T> to_host(const DeviceView<T>& view) {
    const auto mirror = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view);
    return {mirror.data(), mirror.data() + mirror.size()};
}

template <typename T>
DeviceView<const T> pack(const std::vector<Matrix>& matrices) {
    std::vector<T> values;
    for (const Matrix& matrix : matrices) {
        for (const double entry : matrix.values) {
            values.push_back(static_cast<T>(entry));
        }
    }
    return to_device(values);
}

template <typename T>
Matrix unpack(const std::vector<T>& values, Index index, Index rows, Index columns) {
    Matrix result(rows, columns);
    for (std::size_t i = 0; i < result.values.size(); ++i) {
        result.values[i] =
            static_cast<double>(values[static_cast<std::size_t>(index * rows * columns) + i]);
    }
    return result;
}

}  // namespace tessera::test_matrices
