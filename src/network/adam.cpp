#include "tessera/network/adam.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>

namespace tessera {
namespace {

// The constants of one step in T.
template <typename T>
struct Update {
    T beta1, beta2, step, root_scale, epsilon, weight_decay;
};

template <typename T>
void update_range(const Update<T>& u, Index count, const T* gradient, T* value, T* first,
                  T* second) {
    for (Index i = 0; i < count; ++i) {
        const T g = gradient[i] + u.weight_decay * value[i];
        first[i] = u.beta1 * first[i] + (T{1} - u.beta1) * g;
        second[i] = u.beta2 * second[i] + (T{1} - u.beta2) * g * g;
        value[i] -= u.step * first[i] / (std::sqrt(second[i]) * u.root_scale + u.epsilon);
    }
}

}  // namespace

template <typename T>
void Adam<T>::step(ParameterStore<T>& parameters, double step_size) {
    ++steps_done_;
    const auto steps = static_cast<double>(steps_done_);
    Update<T> u;
    u.beta1 = static_cast<T>(options_.beta1);
    u.beta2 = static_cast<T>(options_.beta2);
    u.step = static_cast<T>(step_size / (1.0 - std::pow(options_.beta1, steps)));
    u.root_scale = static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(options_.beta2, steps)));
    u.epsilon = static_cast<T>(options_.epsilon);
    u.weight_decay = static_cast<T>(options_.weight_decay);
    const Index size = parameters.size();
    const T* gradient = parameters.gradient().data();
    T* value = parameters.value().data();
    T* first = parameters.first_moment().data();
    T* second = parameters.second_moment().data();
    T* average = parameters.has_average() ? parameters.average().data() : nullptr;
    const auto keep = static_cast<T>(steps_done_ == 1 ? 0.0 : options_.average_decay);

    using Host = Kokkos::DefaultHostExecutionSpace;
    constexpr Index chunk = 8192;
    Kokkos::parallel_for("tessera::adam", Kokkos::RangePolicy<Host>(0, (size + chunk - 1) / chunk),
                         [=](Index part) {
                             const Index begin = part * chunk;
                             const Index end = std::min(begin + chunk, size);
                             update_range(u, end - begin, gradient + begin, value + begin,
                                          first + begin, second + begin);
                             for (Index i = begin; average != nullptr && i < end; ++i) {
                                 average[i] = keep * average[i] + (T{1} - keep) * value[i];
                             }
                         });
    Host().fence("tessera::adam");
}

template class Adam<float>;
template class Adam<double>;

}  // namespace tessera
