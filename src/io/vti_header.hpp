#pragma once

#include <array>
#include <string>
#include <vector>

#include "input_file.hpp"

namespace tessera {

/// A DataArray of a VTI file as its XML describes it.
struct VtiElement {
    std::string name;
    std::string type;  ///< "UInt8", "Float64", ...
    std::string format;
    Index components = 1;
    bool of_cells = false;  ///< one entry for each cell, not for each point
    /// Where the text of an inline array begins and ends in the file, without the blanks around it.
    Index text_begin = 0;
    Index text_end = 0;
    Index text_characters = 0;  ///< without the blanks in it
    Index offset = 0;           ///< of an appended array, behind the underscore
};

/// What the XML of a VTI file says. Points and lengths count x, y, z, as VTK does.
struct VtiHeader {
    bool big_endian = false;
    Index length_bytes = 4;  ///< of the numbers in front of each array: UInt32 or UInt64
    std::string compressor;  ///< empty: none
    std::array<Index, 6> extent = {};
    std::array<double, 3> origin = {};
    std::array<double, 3> spacing = {1.0, 1.0, 1.0};
    std::string direction;
    bool appended_raw = false;  ///< appended data are bytes, not base64
    Index appended_begin = 0;   ///< of what follows the underscore; 0: there are none
    std::vector<VtiElement> elements;
};

/// Parses the XML up to the appended data, which are not XML; inline data are passed over in
/// pieces. Throws IoError for what is malformed, truncated or another of VTK's data sets.
[[nodiscard]] VtiHeader read_vti_header(const InputFile& file);

}  // namespace tessera
