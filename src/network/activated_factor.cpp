#include "tessera/network/activated_factor.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "host_chunks.hpp"
#include "tessera/base/error.hpp"

namespace tessera {
namespace {

constexpr Index grain_entries = 4096;

template <typename T>
T softplus(T x) {
    return std::max(x, T{0}) + std::log1p(std::exp(-std::abs(x)));
}

template <typename T>
T logistic(T x) {
    return T{1} / (T{1} + std::exp(-x));
}

template <typename T>
T activated(OutputActivation activation, T x) {
    switch (activation) {
        case OutputActivation::softplus:
            return softplus(x);
        case OutputActivation::absolute:
            return std::abs(x);
        case OutputActivation::relu:
            return std::max(x, T{0});
        case OutputActivation::none:
            break;
    }
    return x;
}

template <typename T>
T derivative(OutputActivation activation, T x) {
    const T sign = x > T{0} ? T{1} : x < T{0} ? T{-1} : T{0};
    switch (activation) {
        case OutputActivation::softplus:
            return logistic(x);
        case OutputActivation::absolute:
            return sign;
        case OutputActivation::relu:
            return std::max(sign, T{0});
        case OutputActivation::none:
            break;
    }
    return T{1};
}

}  // namespace

template <typename T>
ActivatedFactor<T>::ActivatedFactor(std::unique_ptr<FactorGenerator<T>> inner,
                                    OutputActivation activation)
    : inner_(std::move(inner)), activation_(activation) {}

template <typename T>
FactorMatrix<const T> ActivatedFactor<T>::forward(std::int64_t step) {
    before_ = inner_->forward(step);
    if (rows_.size() != before_.size()) {
        rows_ = FactorMatrix<T>("activated rows", before_.extent(0), before_.extent(1));
        gradient_ = FactorMatrix<T>("gradient of rows", before_.extent(0), before_.extent(1));
    }
    const T* from = before_.data();
    T* to = rows_.data();
    host_chunks("tessera::activation", static_cast<Index>(rows_.size()), grain_entries,
                [=, activation = activation_](Index, Index begin, Index end) {
                    for (Index i = begin; i < end; ++i) {
                        to[i] = activated(activation, from[i]);
                    }
                });
    return rows_;
}

template <typename T>
void ActivatedFactor<T>::backward(FactorMatrix<const T> gradient) {
    TESSERA_ASSERT(gradient.size() == rows_.size(), "gradient of other rows");
    const T* at = before_.data();
    const T* from = gradient.data();
    T* to = gradient_.data();
    host_chunks("tessera::activation_backward", static_cast<Index>(rows_.size()), grain_entries,
                [=, activation = activation_](Index, Index begin, Index end) {
                    for (Index i = begin; i < end; ++i) {
                        to[i] = from[i] * derivative(activation, at[i]);
                    }
                });
    inner_->backward(gradient_);
}

template <typename T>
std::string ActivatedFactor<T>::describe() const {
    const char* names[] = {"", ", softplus", ", absolute value", ", ReLU"};
    return inner_->describe() + names[static_cast<int>(activation_)];
}

template class ActivatedFactor<float>;
template class ActivatedFactor<double>;

}  // namespace tessera
