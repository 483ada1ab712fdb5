#include "tessera/method/replicated_factor.hpp"

#include <utility>

namespace tessera {

Factor replicated_factor(const Communicator& communicator, std::string name, const Extents& shape,
                         std::vector<double> values) {
    Box box{Extents::filled(shape.order(), 0), shape};
    if (communicator.rank() != 0) {
        box.end = box.begin;
        values.clear();
    }
    return {std::move(name), {shape, box}, std::move(values)};
}

}  // namespace tessera
