#pragma once

#include "hdf5_catalogue.hpp"

namespace tessera {

/// Says what an array of a tomography file is, where the file follows Data Exchange
/// (https://dxfile.readthedocs.io: /exchange/data, data_white, data_dark, theta) or NeXus' NXtomo
/// (https://manual.nexusformat.org/classes/applications/NXtomo.html: data with image_key beside
/// it). The projections become the principal array, which is meant where no dataset is named.
void recognise_tomography(hid_t file, Hdf5Array& array);

}  // namespace tessera
