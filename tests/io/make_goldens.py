#!/usr/bin/env python3
"""Writes the small files in goldens/ with NumPy, SciPy, h5py and (ENVI) Spectral Python, for the
tests of the readers. Run it where these are installed; the files are kept in the repository.

    python3 make_goldens.py [all | plain | envi]

`plain` needs numpy, scipy and h5py, `envi` needs numpy and spectral.

Every array holds  scale * v + shift  with v = 1 + 31 i0 + 7 i1 + 3 i2 + 2 i3 + 13 i4 + 17 i5  at the
position (i0, i1, ...), and (scale, shift) by type as in SCALES; booleans hold v modulo 2.
"""

import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent / "goldens"
PRIMES = [31, 7, 3, 2, 13, 17]
SHAPES = {1: (9,), 2: (4, 6), 3: (4, 5, 6), 4: (3, 2, 4, 5), 5: (2, 3, 2, 4, 2), 6: (2, 3, 2, 2, 3, 2)}
SCALES = {
    "u1": (1, 0),
    "i1": (1, -64),
    "u2": (300, 0),
    "i2": (200, -12000),
    "u4": (30_000_000, 0),
    "i4": (-15_000_000, 1_000_000_000),
    "u8": (1_000_000_000_000, 0),
    "i8": (-1_000_000_000_000, 5),
    "f4": (0.375, 0),
    "f8": (0.1, 0),
}


def values(shape, code="f8"):
    v = np.ones(shape, dtype=np.int64)
    for axis, prime in zip(range(len(shape)), PRIMES):
        v += prime * np.arange(shape[axis]).reshape([-1 if a == axis else 1 for a in range(len(shape))])
    if code == "b1":
        return (v % 2).astype(bool)
    scale, shift = SCALES[code]
    return (scale * v + shift).astype(code)


def write_npy():
    for order, shape in SHAPES.items():
        np.save(HERE / f"order{order}.npy", values(shape))
    for code in [*SCALES, "b1"]:
        np.save(HERE / f"type_{code}.npy", values(SHAPES[3], code))
    for code in ["i2", "u4", "f4", "i8", "f8"]:
        np.save(HERE / f"big_{code}.npy", values(SHAPES[3], code).astype(">" + code))
    np.save(HERE / "fortran_u2.npy", np.asfortranarray(values(SHAPES[3], "u2")))
    np.save(HERE / "fortran_big_f8.npy", np.asfortranarray(values(SHAPES[4]).astype(">f8")))
    for version in [(2, 0), (3, 0)]:
        with open(HERE / f"version{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, values(SHAPES[2], "f4"), version=version)
    np.save(HERE / "complex.npy", np.zeros(3, dtype="c16"))
    np.save(HERE / "half.npy", np.zeros(3, dtype="f2"))
    np.save(HERE / "fields.npy", np.zeros(3, dtype=[("a", "<f4"), ("b", "<i2", (2, 2))]))
    np.save(HERE / "scalar.npy", np.float64(3))
    np.save(HERE / "empty.npy", np.zeros((3, 0, 2)))
    np.save(HERE / "order7.npy", np.zeros((1, 2, 1, 2, 1, 2, 1)))


def write_matlab():
    import scipy.io
    import scipy.sparse

    numbers = {f"type_{code}": values(SHAPES[3], code) for code in [*SCALES, "b1"]}
    numbers |= {f"order{order}": values(SHAPES[order]) for order in range(2, 7)}
    others = {
        "s": {"field": values(SHAPES[2], "i2"), "deep": {"cube": values(SHAPES[3], "f4")}, "text": "hello"},
        "cell": np.array([1, "x"], dtype=object),
        "text": "hello",
        "many": np.array([(1.0,), (2.0,)], dtype=[("a", "O")]),
        "sparse": scipy.sparse.eye(3).tocsc(),
        "complex": np.array([[1 + 2j, 3]]),
        "empty": np.zeros((0, 3)),
        "pixels": values(SHAPES[3], "u2").reshape(4, 30, order="F"),
    }
    scipy.io.savemat(HERE / "plain.mat", numbers | others, oned_as="column")
    scipy.io.savemat(HERE / "packed.mat", numbers | others, oned_as="column", do_compression=True)
    scipy.io.savemat(HERE / "one_cube.mat", {"cube": values(SHAPES[3], "i2"), "n": 3.0, "map": values((4, 5), "u1")})


def write_hdf5():
    import h5py

    with h5py.File(HERE / "plain.h5", "w") as file:
        for order, shape in SHAPES.items():
            file[f"orders/order{order}"] = values(shape)
        for code in [*SCALES, "b1"]:
            file[f"types/type_{code}"] = values(SHAPES[3], code)
        for code in ["i2", "f4", "f8"]:
            file[f"types/big_{code}"] = values(SHAPES[3], code).astype(">" + code)
        file["types/half"] = (0.375 * values(SHAPES[3], "u1")).astype("f2")
        packed = file.create_dataset(
            "packed", data=values(SHAPES[3], "u2"), chunks=(3, 2, 4), compression="gzip", shuffle=True, fletcher32=True)
        packed.attrs["units"] = "counts"
        packed.attrs["scale"] = 0.5
        packed.attrs["centres"] = np.array([1.5, 2.0, 2.5])
        packed.attrs["numbers"] = np.array([3, -4], dtype="i2")
        packed.dims[0].label, packed.dims[1].label, packed.dims[2].label = "time", "y", "x"
        file["pixels"] = values(SHAPES[4], "i4").reshape(3, 2, 20)
        file["chunked_pixels"] = file.create_dataset("deep/p", data=values(SHAPES[5], "f8").reshape(48, 2), chunks=(7, 2))
        file["soft"] = h5py.SoftLink("/packed")
        file["scalar"] = 3.0
        file["text"] = "hello"
        file["records"] = np.zeros(3, dtype=[("a", "<f4"), ("b", "<i2")])
        file["complex"] = np.zeros(3, dtype="c16")
        file["order7"] = np.zeros((1, 2, 1, 2, 1, 2, 1))
        file["empty"] = np.zeros((3, 0, 2))
        file["null"] = h5py.Empty("f8")
        file.create_dataset("unwritten", shape=(3, 4), dtype="f4", fillvalue=2.5)
        file.create_dataset("unwritten_chunks", shape=(3, 4), chunks=(2, 2), dtype="f4", fillvalue=2.5)
        partly = file.create_dataset("partly_written", shape=(4, 6), chunks=(2, 2), dtype="f8", fillvalue=-1.0)
        partly[:2] = values(SHAPES[2])[:2]
        file.create_dataset("absurd", shape=(2**50, 2**50), chunks=(16, 16), dtype="f8")
    with h5py.File(HERE / "one_cube.h5", "w") as file:
        file["scan/data"] = values(SHAPES[3], "f4")
        file["scan/angle"] = np.arange(4.0)


def write_matlab73():
    """As MATLAB writes it: its header in the first 512 bytes, axes reversed, MATLAB_class beside."""
    import h5py

    def put(parent, name, array, matlab_class, **attributes):
        dataset = parent.create_dataset(name, data=array.T)
        dataset.attrs["MATLAB_class"] = np.bytes_(matlab_class)
        for key, value in attributes.items():
            dataset.attrs[key] = value

    classes = {"u1": "uint8", "i2": "int16", "u2": "uint16", "i4": "int32", "f4": "single", "f8": "double"}
    path = HERE / "version73.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        for code, name in classes.items():
            put(file, f"type_{code}", values(SHAPES[3], code), name)
        put(file, "type_b1", values(SHAPES[3], "b1").astype("u1"), "logical", MATLAB_int_decode=np.int32(1))
        put(file, "order4", values(SHAPES[4]), "double")
        put(file, "pixels", values(SHAPES[3], "u2").reshape(4, 30, order="F"), "uint16")
        put(file, "text", np.array([[104, 105]], dtype="u2"), "char", MATLAB_int_decode=np.int32(2))
        put(file, "empty", np.array([0, 3], dtype="u8"), "double", MATLAB_empty=np.uint8(1))
        put(file, "complex", np.zeros((2, 2), dtype=[("real", "f8"), ("imag", "f8")]), "double")
        group = file.create_group("s")
        group.attrs["MATLAB_class"] = np.bytes_("struct")
        put(group, "field", values(SHAPES[2], "i2"), "int16")
        sparse = file.create_group("sparse")
        sparse.attrs["MATLAB_class"] = np.bytes_("double")
        sparse.attrs["MATLAB_sparse"] = np.uint64(3)
        sparse["data"] = np.ones(3)
        file.create_group("#refs#")["a"] = np.ones((2, 2))
    header = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, written by h5py HDF5 schema 1.00 ."
    with open(path, "r+b") as file:
        file.write(header.ljust(116) + bytes(8) + b"\0\2IM")


def write_envi():
    from spectral.io import envi

    for interleave, code, order in [
        ("bsq", "u2", 0), ("bsq", "f4", 1), ("bsq", "i8", 1), ("bil", "u1", 0), ("bil", "i2", 1), ("bil", "f8", 0),
        ("bip", "i4", 0), ("bip", "u4", 1), ("bip", "u8", 0), ("bip", "f4", 0), ("bil", "u2", 1),
    ]:
        envi.save_image(
            str(HERE / f"{interleave}_{code}_{order}.hdr"), values(SHAPES[3], code), dtype=code, interleave=interleave,
            byteorder=order, force=True, ext=".img",
            metadata={"wavelength": [400.5 + 10 * band for band in range(6)], "wavelength units": "nm",
                      "description": "a small cube"})


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    what = sys.argv[1] if len(sys.argv) > 1 else "all"
    if what in ("all", "plain"):
        write_npy()
        write_matlab()
        write_hdf5()
        write_matlab73()
    if what in ("all", "envi"):
        write_envi()
