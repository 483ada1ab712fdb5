#include "tessera/io/image_geometry.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>

#include "tessera/base/error.hpp"

namespace tessera {

bool is_band_axis(const std::string& axis) {
    static constexpr std::array<const char*, 10> names = {
        "band",   "bands",       "channel",  "channels", "wavelength",
        "lambda", "wavelengths", "spectral", "spectrum", "colour"};
    std::string lower = axis;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::find(names.begin(), names.end(), lower) != names.end();
}

ImageLayout::ImageLayout(const Extents& shape, const std::vector<std::string>& axes)
    : axes_(axes), modes_(static_cast<std::size_t>(shape.order())) {
    const int order = shape.order();
    TESSERA_ASSERT(order >= 1 && static_cast<int>(axes.size()) == order,
                   "a tensor has one axis name per mode");
    std::iota(modes_.begin(), modes_.end(), 0);
    for (int place = order - 2; place < order; ++place) {
        if (order >= 3 && is_band_axis(axes[static_cast<std::size_t>(place)])) {
            // From its place among the image modes to the one in front of them.
            std::rotate(modes_.begin() + order - 3, modes_.begin() + place,
                        modes_.begin() + place + 1);
            break;
        }
    }
    const int padding = std::max(0, 3 - order);
    stored_shape_ = Extents::filled(order + padding, 1);
    for (int place = 0; place < order; ++place) {
        stored_shape_[place + padding] = shape[modes_[static_cast<std::size_t>(place)]];
    }
    const int stored = stored_shape_.order();
    image_shape_ = {stored_shape_.product(0, stored - 2), stored_shape_[stored - 2],
                    stored_shape_[stored - 1]};
}

std::vector<std::string> ImageLayout::image_axes() const {
    std::vector<std::string> names(3);
    const int order = static_cast<int>(modes_.size());
    for (int place = 0; place < order; ++place) {
        std::string& name = names[static_cast<std::size_t>(std::max(0, place + 3 - order))];
        name += (name.empty() ? "" : "*") +
                axes_[static_cast<std::size_t>(modes_[static_cast<std::size_t>(place)])];
    }
    return names;
}

Box ImageLayout::stored_box(const Box& box) const {
    const int order = static_cast<int>(modes_.size());
    const int padding = stored_shape_.order() - order;
    Box stored{Extents::filled(stored_shape_.order(), 0),
               Extents::filled(stored_shape_.order(), 1)};
    for (int place = 0; place < order; ++place) {
        const int mode = modes_[static_cast<std::size_t>(place)];
        stored.begin[place + padding] = box.begin[mode];
        stored.end[place + padding] = box.end[mode];
    }
    return stored;
}

}  // namespace tessera
