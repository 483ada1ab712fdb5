#!/usr/bin/env python3
"""Reads real data with SciPy, h5py and NumPy and writes what the readers have to find in it to
real_data_checks.hpp.

    python3 make_real_data_checks.py FOLDER_OF_DATA > real_data_checks.hpp

The checksum is the sum over all entries x of  bits(float64(x)) * (2 i + 1)  modulo 2^64, with i the
row-major position of x in the array as its own software states its shape: it finds every wrong bit
and every misplaced entry, and can be summed up in any order.
"""

import pathlib
import re
import sys

import h5py
import numpy as np
import scipy.io


def matlab(path, name):
    return scipy.io.loadmat(path, variable_names=[name])[name]


def matlab73(path, name):
    with h5py.File(path, "r") as file:
        return file[name][()].T


def hdf5(path, name):
    with h5py.File(path, "r") as file:
        return file[name][()]


def envi_bil(path, _):
    header = path.read_text()
    number = {key: int(re.search(rf"^{key} = (\d+)$", header, re.M)[1]) for key in ("samples", "lines", "bands")}
    data = np.fromfile(path.with_suffix(".raw"), dtype="<u2")
    return data.reshape(number["lines"], number["bands"], number["samples"]).transpose(0, 2, 1)


CASES = [
    ("hyperspectral/jasperRidge2_R198.mat", "Y", matlab),
    ("hyperspectral/jasperRidge2_R198.mat", "A", matlab),
    ("hyperspectral/jasperRidge2_R198.mat", "M", matlab),
    ("hyperspectral/jasperRidge2_R198.mat", "SlectBands", matlab),
    ("hyperspectral/pavia_centre_crop.mat", "data", matlab73),
    ("hyperspectral/pavia_centre_crop.mat", "groundtruth", matlab73),
    ("hyperspectral/HYDICE_data.mat", "data", matlab),
    ("hyperspectral/HYDICE_data.mat", "map", matlab),
    ("hyperspectral/sandiego_plane.mat", "data", matlab),
    ("hyperspectral/sandiego_plane.mat", "map", matlab),
    ("hyperspectral/corn-kernel-hyperspectral.hdr", "", envi_bil),
    ("hyperspectral/corn-kernel-hyperspectral.raw", "", None),
    ("hyperspectral/simu_indian.mat", "Ori_H", matlab),
    ("hyperspectral/Indian_pines_gt.npy", "", lambda path, _: np.load(path)),
    ("multispectral/S2_REFERENCE_SCENES.npy", "", lambda path, _: np.load(path)),
    ("sparse/Kinetic.npy", "", lambda path, _: np.load(path)),
    ("video/Curtain.mat", "Ori_H", matlab73),
    ("video/cat_video.mat", "hypercube", matlab),
    ("ct/pet.mat", "hypercube", matlab),
    ("traffic/birmingham_tensor.mat", "tensor", matlab),
    ("ct_projections/tooth.h5", "/exchange/data", hdf5),
    ("ct_projections/htc2022_tb_90deg.mat", "CtDataLimited.sinogram",
     lambda path, _: scipy.io.loadmat(path)["CtDataLimited"][0, 0]["sinogram"]),
]


def checksum(array):
    bits = np.ascontiguousarray(array, dtype=np.float64).view(np.uint64).ravel()
    weights = 2 * np.arange(bits.size, dtype=np.uint64) + np.uint64(1)
    return int(np.sum(bits * weights, dtype=np.uint64))


def spots(array):
    """Three positions with their values: one near each end and one in the middle, all not zero."""
    flat = np.ascontiguousarray(array).ravel()
    used = np.flatnonzero(flat)
    picked = [used[len(used) // 50], used[len(used) // 2 + 1], used[-1 - len(used) // 30]]
    return [(np.unravel_index(i, array.shape), float(flat[i])) for i in picked]


def main():
    root = pathlib.Path(sys.argv[1])
    print("#pragma once\n\n// Written by make_real_data_checks.py.\n\n#include <cstdint>\n#include <vector>\n")
    print("namespace tessera::real_data {\n")
    print("struct Spot {\n    std::vector<std::int64_t> position;\n    double value;\n};\n")
    print("struct Check {\n    const char* path;\n    const char* dataset;\n    std::vector<std::int64_t> shape;\n"
          "    const char* type;\n    double minimum;\n    double maximum;\n    std::uint64_t checksum;\n"
          "    std::vector<Spot> spots;\n};\n")
    print("// clang-format off\ninline const std::vector<Check> checks = {")
    array = None
    for path, name, read in CASES:
        array = array if read is None else read(root / path, name)
        place = ", ".join("{{" + ", ".join(map(str, p)) + "}, " + repr(v) + "}" for p, v in spots(array))
        shape = ", ".join(map(str, array.shape))
        print(f'    {{"{path}", "{name}", {{{shape}}}, "{array.dtype}", {float(array.min())!r}, {float(array.max())!r}, '
              f"{checksum(array)}u, {{{place}}}}},")
    print("};\n// clang-format on\n\n}  // namespace tessera::real_data")


if __name__ == "__main__":
    main()
