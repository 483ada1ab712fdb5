#pragma once

#include <string>
#include <vector>

#include "tessera/base/extents.hpp"

namespace tessera {

/// Which modes of a tensor are the image's rows and columns, its bands and its views, found from
/// the names of the axes. A role that no mode plays is -1.
struct AxisRoles {
    int rows = -1;
    int cols = -1;
    int bands = -1;
    int views = -1;

    /// Number of bands: 1 when no mode is one (a single image).
    [[nodiscard]] Index band_count(const Extents& shape) const {
        return bands < 0 ? 1 : shape[bands];
    }
};

/// Roles by name, in any case: rows (row, y, height), cols (col, columns, x, width), bands (band,
/// channels, wavelength, lambda), views (view, angles, angle, theta). Without such names: bands is
/// the last mode unless it is named rows or cols; cols is the last and rows the first mode left
/// over; views is the first mode. `axes` may be empty (no names).
[[nodiscard]] AxisRoles axis_roles(const std::vector<std::string>& axes, int order);

/// Position of a mode given by name or by number (from 0). Throws UsageError, naming `key`, when
/// there is no such mode.
[[nodiscard]] int mode_by_name(const std::string& name, const std::vector<std::string>& axes,
                               int order, const std::string& key);

}  // namespace tessera
