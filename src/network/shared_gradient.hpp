#pragma once

#include <algorithm>

#include "tessera/network/parameter_store.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// For the time of a backward pass: ranks add their parts of the gradient of shared parameters, and
/// at its end the parts are summed in one reduction. What the gradient held before counts once.
template <typename T>
class SharedGradient {
  public:
    SharedGradient(const Communicator& communicator, ParameterStore<T>& parameters)
        : communicator_(communicator), parameters_(parameters) {
        if (communicator.rank() > 0) {
            std::fill_n(parameters.gradient().data(), parameters.shared_size(), T{0});
        }
    }
    void reduce() {
        if (communicator_.size() > 1) {
            communicator_.sum_in_place(parameters_.gradient().data(), parameters_.shared_size());
        }
    }

  private:
    const Communicator& communicator_;
    ParameterStore<T>& parameters_;
};

}  // namespace tessera
