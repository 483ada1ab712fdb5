#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/base/error.hpp"
#include "tessera/io/image_geometry.hpp"
#include "tessera/io/picture.hpp"
#include "tessera/io/plane.hpp"

namespace tessera {
namespace {

/// Range of values that a panel shows.
struct Stretch {
    float low = 0.0F;
    float high = 1.0F;
};

/// The values between which the given parts of all finite entries lie, so that a few outliers do
/// not take the contrast from the rest.
Stretch percentiles(std::vector<float> values, double low_part, double high_part) {
    std::erase_if(values, [](float value) { return !std::isfinite(value); });
    if (values.empty()) {
        return {};
    }
    const auto at = [&](double part) {
        const auto place = values.begin() + static_cast<std::ptrdiff_t>(
                                                part * static_cast<double>(values.size() - 1));
        std::nth_element(values.begin(), place, values.end());
        return *place;
    };
    Stretch stretch{at(low_part), at(high_part)};
    if (!(stretch.high > stretch.low)) {
        // Constant, or nearly: all entries count.
        stretch = {at(0.0), at(1.0)};
    }
    if (!(stretch.high > stretch.low)) {
        const float room = stretch.low == 0.0F ? 1.0F : 0.1F * std::abs(stretch.low);
        stretch = {stretch.low - room, stretch.low + room};
    }
    return stretch;
}

/// Modes of a tensor in their part in a picture.
struct Roles {
    int bands = -1;          ///< -1: no colours
    std::vector<int> image;  ///< the last one to three modes that are not bands
    Extents middle;          ///< where the others are cut
};

Roles find_roles(const Extents& shape, const std::vector<std::string>& axes) {
    Roles roles;
    const int order = shape.order();
    for (int mode = 0; mode < order && order >= 3; ++mode) {
        if (is_band_axis(axes[static_cast<std::size_t>(mode)])) {
            roles.bands = mode;
        }
    }
    const std::size_t wanted = roles.bands >= 0 ? 2 : 3;
    for (int mode = order - 1; mode >= 0 && roles.image.size() < wanted; --mode) {
        if (mode != roles.bands) {
            roles.image.insert(roles.image.begin(), mode);
        }
    }
    roles.middle = shape;
    for (int mode = 0; mode < order; ++mode) {
        roles.middle[mode] = shape[mode] / 2;
    }
    return roles;
}

/// Builds the sheet plane by plane. Everything here is collective; values are on rank 0.
template <typename T>
class SheetBuilder {
  public:
    explicit SheetBuilder(const SheetRequest<T>& request)
        : request_(request),
          shape_(request.estimate != nullptr ? request.estimate->shape() : request.input->shape()),
          roles_(find_roles(shape_, request.axes)) {
        const std::pair<const char*, const DenseTensor<T>*> tensors[] = {
            {"input", request.input}, {"estimate", request.estimate}, {"truth", request.truth}};
        for (const auto& [name, tensor] : tensors) {
            if (tensor != nullptr) {
                shown_.emplace_back(name, tensor);
            }
        }
        sheet_.title = request.title;
    }

    PictureSheet build() {
        if (shape_.order() == 1) {
            add_lines();
        } else if (roles_.bands >= 0 && shape_[roles_.bands] >= 3) {
            add_colour_images();
        } else {
            for (const PlaneChoice& choice : slices()) {
                add_slice(choice);
            }
        }
        sheet_.caption.insert(sheet_.caption.end(), request_.caption.begin(),
                              request_.caption.end());
        return std::move(sheet_);
    }

  private:
    [[nodiscard]] std::string axis(int mode) const {
        const auto which = static_cast<std::size_t>(mode);
        const bool has_unit = which < request_.units.size() && !request_.units[which].empty();
        return request_.axes[which] + (has_unit ? " / " + request_.units[which] : "");
    }
    [[nodiscard]] double spacing(int mode) const {
        const auto which = static_cast<std::size_t>(mode);
        return which < request_.spacing.size() ? request_.spacing[which] : 1.0;
    }

    /// A panel with its axes, without values.
    [[nodiscard]] Panel frame(const std::string& title, Panel::Kind kind, const PlaneChoice& choice,
                              const Plane& plane) const {
        Panel panel;
        panel.title = title;
        panel.kind = kind;
        panel.rows = plane.rows;
        panel.columns = plane.columns;
        const int across = choice.column_mode;
        panel.column_label = axis(across);
        panel.column_begin = -0.5 * spacing(across);
        panel.column_end = (static_cast<double>(shape_[across]) - 0.5) * spacing(across);
        if (choice.row_mode >= 0) {
            const int down = choice.row_mode;
            panel.row_label = axis(down);
            panel.row_begin = -0.5 * spacing(down);
            panel.row_end = (static_cast<double>(shape_[down]) - 0.5) * spacing(down);
        }
        return panel;
    }
    void add(Panel panel, const Stretch& stretch) {
        panel.low = {stretch.low};
        panel.high = {stretch.high};
        sheet_.panels.push_back(std::move(panel));
    }
    void add_heat(const std::string& title, const PlaneChoice& choice, Plane plane,
                  Stretch stretch) {
        Panel panel = frame(title, Panel::Kind::heat, choice, plane);
        panel.values = std::move(plane.values);
        add(std::move(panel), stretch);
    }
    /// From 0, since how far an error is from none is what one wants to see.
    [[nodiscard]] static Stretch error_stretch(const Plane& plane) {
        const float high = percentiles(plane.values, 0.0, 0.995).high;
        return {0.0F, high > 0.0F ? high : 1.0F};
    }
    [[nodiscard]] bool has_error() const {
        return request_.truth != nullptr && request_.estimate != nullptr;
    }
    /// The image whose contrast the others share: the truth, else the estimate, since noise would
    /// stretch the input's range.
    [[nodiscard]] std::size_t reference() const { return shown_.size() - 1; }

    void add_lines();
    void add_colour_images();
    void add_slice(const PlaneChoice& choice);
    [[nodiscard]] std::vector<PlaneChoice> slices() const;

    const SheetRequest<T>& request_;
    Extents shape_;
    Roles roles_;
    std::vector<std::pair<std::string, const DenseTensor<T>*>> shown_;
    PictureSheet sheet_;
};

template <typename T>
void SheetBuilder<T>::add_lines() {
    const PlaneChoice choice{-1, 0, roles_.middle};
    Panel panel;
    for (const auto& [name, tensor] : shown_) {
        const Plane plane = gather_plane(*tensor, choice);
        if (panel.curve_names.empty()) {
            panel = frame("", Panel::Kind::line, choice, plane);
            panel.rows = 0;
        }
        panel.curve_names.push_back(name);
        panel.values.insert(panel.values.end(), plane.values.begin(), plane.values.end());
        ++panel.rows;
    }
    sheet_.panels.push_back(std::move(panel));
    if (has_error()) {
        Plane plane = gather_error_plane(*request_.estimate, *request_.truth, choice);
        Panel error = frame("|estimate - truth|", Panel::Kind::line, choice, plane);
        error.values = std::move(plane.values);
        sheet_.panels.push_back(std::move(error));
    }
    sheet_.columns = static_cast<int>(sheet_.panels.size());
}

template <typename T>
void SheetBuilder<T>::add_colour_images() {
    PlaneChoice choice{roles_.image[0], roles_.image[1], roles_.middle};
    const std::vector<Index> bands =
        choose_colour_bands(shape_[roles_.bands], request_.wavelengths);
    std::vector<std::vector<Plane>> planes;  // by image, by channel
    for (const auto& [name, tensor] : shown_) {
        planes.emplace_back();
        for (const Index band : bands) {
            choice.at[roles_.bands] = band;
            planes.back().push_back(gather_plane(*tensor, choice));
        }
    }
    std::vector<Stretch> stretches;
    for (const Plane& plane : planes[reference()]) {
        stretches.push_back(percentiles(plane.values, 0.02, 0.98));
    }
    for (std::size_t image = 0; image < shown_.size(); ++image) {
        Panel panel = frame(shown_[image].first, Panel::Kind::colour, choice, planes[image][0]);
        for (std::size_t pixel = 0; pixel < planes[image][0].values.size(); ++pixel) {
            for (const Plane& channel : planes[image]) {
                panel.values.push_back(channel.values[pixel]);
            }
        }
        for (const Stretch& stretch : stretches) {
            panel.low.push_back(stretch.low);
            panel.high.push_back(stretch.high);
        }
        sheet_.panels.push_back(std::move(panel));
    }
    if (has_error()) {
        Plane plane =
            gather_mean_error_plane(*request_.estimate, *request_.truth, choice, roles_.bands);
        const Stretch stretch = error_stretch(plane);
        add_heat(fmt::format("|estimate - truth|, mean of {} {}", shape_[roles_.bands],
                             request_.axes[static_cast<std::size_t>(roles_.bands)]),
                 choice, std::move(plane), stretch);
    }
    if (request_.deviation != nullptr) {
        Plane plane = gather_plane(*request_.deviation, choice);
        const Stretch stretch = percentiles(plane.values, 0.01, 0.99);
        add_heat(fmt::format("standard deviation, {} {}",
                             request_.axes[static_cast<std::size_t>(roles_.bands)], bands.back()),
                 choice, std::move(plane), stretch);
    }
    sheet_.columns = static_cast<int>(sheet_.panels.size());
    std::string line = fmt::format("red, green, blue: {} {}, {}, {}",
                                   request_.axes[static_cast<std::size_t>(roles_.bands)], bands[0],
                                   bands[1], bands[2]);
    if (static_cast<Index>(request_.wavelengths.size()) == shape_[roles_.bands]) {
        const auto wavelength = [&](std::size_t which) {
            return request_.wavelengths[static_cast<std::size_t>(bands[which])];
        };
        line += fmt::format(" ({:.4g}, {:.4g}, {:.4g} {})", wavelength(0), wavelength(1),
                            wavelength(2), request_.wavelengths[0] < 100.0 ? "um" : "nm");
    }
    sheet_.caption.push_back(line);
}

/// Slices across each of the three modes of a volume, or the one image; those that are but a line
/// are left out where others are not.
template <typename T>
std::vector<PlaneChoice> SheetBuilder<T>::slices() const {
    std::vector<PlaneChoice> all;
    if (roles_.image.size() == 2) {
        return {{roles_.image[0], roles_.image[1], roles_.middle}};
    }
    for (std::size_t fixed = 0; fixed < 3; ++fixed) {
        std::vector<int> modes = roles_.image;
        modes.erase(modes.begin() + static_cast<std::ptrdiff_t>(fixed));
        all.push_back({modes[0], modes[1], roles_.middle});
    }
    std::vector<PlaneChoice> images;
    std::copy_if(all.begin(), all.end(), std::back_inserter(images), [&](const PlaneChoice& c) {
        return shape_[c.row_mode] > 1 && shape_[c.column_mode] > 1;
    });
    return images.empty() ? std::vector<PlaneChoice>{all.front()} : images;
}

template <typename T>
void SheetBuilder<T>::add_slice(const PlaneChoice& choice) {
    std::string where;
    for (int mode = 0; mode < shape_.order(); ++mode) {
        if (mode != choice.row_mode && mode != choice.column_mode && shape_[mode] > 1) {
            where += fmt::format(", {} {}", request_.axes[static_cast<std::size_t>(mode)],
                                 choice.at[mode]);
        }
    }
    std::vector<Plane> planes;
    for (const auto& [name, tensor] : shown_) {
        planes.push_back(gather_plane(*tensor, choice));
    }
    const Stretch stretch = percentiles(planes[reference()].values, 0.01, 0.99);
    for (std::size_t image = 0; image < shown_.size(); ++image) {
        Panel panel = frame(shown_[image].first + where, Panel::Kind::grey, choice, planes[image]);
        panel.values = std::move(planes[image].values);
        add(std::move(panel), stretch);
    }
    if (has_error()) {
        Plane plane = gather_error_plane(*request_.estimate, *request_.truth, choice);
        const Stretch of_error = error_stretch(plane);
        add_heat("|estimate - truth|" + where, choice, std::move(plane), of_error);
    }
    if (request_.deviation != nullptr) {
        Plane plane = gather_plane(*request_.deviation, choice);
        const Stretch of_deviation = percentiles(plane.values, 0.01, 0.99);
        add_heat("standard deviation" + where, choice, std::move(plane), of_deviation);
    }
    sheet_.columns = static_cast<int>(shown_.size()) + (has_error() ? 1 : 0) +
                     (request_.deviation != nullptr ? 1 : 0);
}

}  // namespace

std::vector<Index> choose_colour_bands(Index bands, const std::vector<double>& wavelengths) {
    constexpr double wanted_nm[] = {640.0, 550.0, 460.0};
    std::vector<Index> chosen;
    if (static_cast<Index>(wavelengths.size()) == bands && bands > 0) {
        const double to_nm = wavelengths[0] < 100.0 ? 1000.0 : 1.0;
        const auto [low, high] = std::minmax_element(wavelengths.begin(), wavelengths.end());
        if (*low * to_nm <= wanted_nm[2] + 60.0 && *high * to_nm >= wanted_nm[0] - 20.0) {
            for (const double wanted : wanted_nm) {
                const auto nearest = std::min_element(
                    wavelengths.begin(), wavelengths.end(), [&](double a, double b) {
                        return std::abs(a * to_nm - wanted) < std::abs(b * to_nm - wanted);
                    });
                chosen.push_back(nearest - wavelengths.begin());
            }
            return chosen;
        }
    }
    // Long wavelengths come last in a file as a rule, so red is taken from the end.
    for (const Index sixths : {5, 3, 1}) {
        chosen.push_back(std::min(bands - 1, bands * sixths / 6));
    }
    return chosen;
}

template <typename T>
PictureSheet make_sheet(const SheetRequest<T>& request) {
    TESSERA_ASSERT(request.estimate != nullptr || request.input != nullptr,
                   "a sheet shows an input or an estimate");
    return SheetBuilder<T>(request).build();
}

template PictureSheet make_sheet<float>(const SheetRequest<float>&);
template PictureSheet make_sheet<double>(const SheetRequest<double>&);

}  // namespace tessera
