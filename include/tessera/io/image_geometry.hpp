#pragma once

#include <string>
#include <vector>

#include "tessera/base/extents.hpp"

namespace tessera {

/// What the modes of a tensor are: names, positions and units, in the tensor's own order. Empty
/// vectors (other than `axes`) mean 0, 1 and no unit for every mode.
struct ImageGeometry {
    std::vector<std::string> axes;   ///< one per mode, for instance rows, cols, bands
    std::vector<double> origin;      ///< position of the first entry in each mode
    std::vector<double> spacing;     ///< distance of neighbouring entries in each mode
    std::vector<std::string> units;  ///< of origin and spacing in each mode, for instance "mm"
};

/// True for the names of a spectral mode (bands, band, channels, wavelength, ...).
[[nodiscard]] bool is_band_axis(const std::string& axis);

/// How a tensor of order 1 to 6 becomes the three axes (z, y, x) of a viewer.
///
/// The band mode of an image cube goes in front of its two image modes, so that x is the column, y
/// the row and z the band; all other modes keep their order. Missing axes have extent 1; modes
/// before the last three are merged into z.
class ImageLayout {
  public:
    ImageLayout(const Extents& shape, const std::vector<std::string>& axes);

    /// Mode of the tensor that is stored at each place, slowest first.
    [[nodiscard]] const std::vector<int>& modes() const { return modes_; }
    /// Extents in that order, at least three of them (leading 1s), before merging.
    [[nodiscard]] const Extents& stored_shape() const { return stored_shape_; }
    /// Extents of the dataset, (z, y, x).
    [[nodiscard]] const Extents& image_shape() const { return image_shape_; }
    /// Names of the dataset's axes (z, y, x); merged modes are joined with '*', missing ones are
    /// "".
    [[nodiscard]] std::vector<std::string> image_axes() const;
    /// A box of the tensor in stored order, with the leading 1s.
    [[nodiscard]] Box stored_box(const Box& box) const;

  private:
    std::vector<std::string> axes_;
    std::vector<int> modes_;
    Extents stored_shape_;
    Extents image_shape_;
};

}  // namespace tessera
