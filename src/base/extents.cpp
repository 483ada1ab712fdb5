#include "tessera/base/extents.hpp"

#include <algorithm>

#include "tessera/base/error.hpp"

namespace tessera {

Extents::Extents(std::initializer_list<Index> values) : Extents(std::vector<Index>(values)) {}

Extents::Extents(const std::vector<Index>& values) : order_(static_cast<int>(values.size())) {
    TESSERA_ASSERT(order_ <= max_order, "a tensor has at most 6 modes");
    std::copy(values.begin(), values.end(), values_);
}

Extents Extents::filled(int order, Index value) {
    return Extents(std::vector<Index>(static_cast<std::size_t>(order), value));
}

std::vector<Index> Extents::to_vector() const { return {values_, values_ + order_}; }

std::string Extents::to_string() const {
    std::string text;
    for (int mode = 0; mode < order_; ++mode) {
        text += (mode == 0 ? "" : " x ") + std::to_string(values_[mode]);
    }
    return text;
}

Box intersection(const Box& a, const Box& b) {
    Box common = a;
    for (int mode = 0; mode < a.begin.order(); ++mode) {
        common.begin[mode] = std::max(a.begin[mode], b.begin[mode]);
        common.end[mode] = std::max(common.begin[mode], std::min(a.end[mode], b.end[mode]));
    }
    return common;
}

}  // namespace tessera
