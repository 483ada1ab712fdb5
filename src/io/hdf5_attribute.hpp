#pragma once

#include <hdf5.h>

#include <string>
#include <vector>

#include "tessera/base/types.hpp"

namespace tessera::hdf5 {

/// Attributes of an object: a string of fixed length (ASCII when it can be, which VTK asks for,
/// else UTF-8) and a list of numbers (a scalar for one). Writing is collective in a file opened on
/// several ranks, with the same value on each. HDF5 keeps at most 64 KiB in an attribute unless the
/// file was created for its newest format. Throws IoError.
void write_attribute(hid_t object, const std::string& name, const std::string& value);
/// A list of strings, stored with a common fixed length.
void write_attribute(hid_t object, const std::string& name, const std::vector<std::string>& values);
template <typename T>
void write_attribute(hid_t object, const std::string& name, const std::vector<T>& values);
[[nodiscard]] bool has_attribute(hid_t object, const std::string& name);
/// Value as text: strings as they are, numbers in decimal, lists with commas, cut after
/// `most_values`; "(not readable)" for other types.
[[nodiscard]] std::string attribute_text(hid_t object, const std::string& name,
                                         Index most_values = 16);

}  // namespace tessera::hdf5
