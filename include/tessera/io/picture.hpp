#pragma once

#include <string>
#include <vector>

#include "tessera/base/extents.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// One image of a picture sheet, from small host arrays.
struct Panel {
    enum class Kind {
        grey,    ///< rows x columns values, drawn in grey
        heat,    ///< rows x columns values, drawn in a perceptually even colour map
        colour,  ///< rows x columns x 3 values: red, green, blue
        line     ///< curves over the columns, one per row
    };
    std::string title;
    Kind kind = Kind::grey;
    Index rows = 0;
    Index columns = 0;
    std::vector<float> values;
    /// Values drawn darkest and brightest: one for all, or one per channel. Not used for lines.
    std::vector<float> low;
    std::vector<float> high;
    std::string row_label;  ///< name and unit of the axis that runs down
    std::string column_label;
    /// Coordinates of the picture's upper and lower, left and right edge; equal: pixels are
    /// counted.
    double row_begin = 0.0;
    double row_end = 0.0;
    double column_begin = 0.0;
    double column_end = 0.0;
    std::vector<std::string> curve_names;  ///< of a line panel, one per row
};

/// A sheet of panels in `columns` columns, row by row; a panel without values leaves a gap.
struct PictureSheet {
    std::string title;
    std::vector<std::string> caption;  ///< lines under the panels: quality figures, band numbers
    int columns = 1;
    std::vector<Panel> panels;
};

/// Draws the sheet into a PNG file, whole or not at all. For one rank. Throws IoError. Without any
/// font on the machine the text is left out.
void draw_sheet(const std::string& path, const PictureSheet& sheet);

/// What is shown on the sheet of a result. Pointers that are null are left out.
template <typename T>
struct SheetRequest {
    std::string title;
    std::vector<std::string> caption;
    std::vector<std::string> axes;    ///< one name per mode
    std::vector<double> spacing;      ///< per mode; empty: 1
    std::vector<std::string> units;   ///< per mode; empty: none
    std::vector<double> wavelengths;  ///< of the bands, in nanometres or micrometres; may be empty
    const DenseTensor<T>* input = nullptr;
    const DenseTensor<T>* estimate = nullptr;
    const DenseTensor<T>* truth = nullptr;
    const DenseTensor<T>* deviation = nullptr;  ///< standard deviation of the estimate
};

/// Gathers planes for input, estimate, truth and |estimate - truth|: three bands as red, green and
/// blue for cubes with a band mode, three orthogonal slices for volumes, the image for order 2, a
/// curve for order 1; leading modes beyond the third are cut in the middle. All panels of the same
/// plane share one grey scale. Collective; the sheet is filled on rank 0.
template <typename T>
[[nodiscard]] PictureSheet make_sheet(const SheetRequest<T>& request);

/// Bands for red, green and blue: nearest to 640, 550 and 460 nm when the wavelengths (in nm, or in
/// micrometres when below 100) cover them, else spread over the range.
[[nodiscard]] std::vector<Index> choose_colour_bands(Index bands,
                                                     const std::vector<double>& wavelengths);

}  // namespace tessera
