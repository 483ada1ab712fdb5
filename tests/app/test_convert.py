"""`tessera convert`: what it writes, opened by the software that each format comes from."""

import gzip
import importlib
import subprocess
import unittest

import h5py
import numpy as np

from program_case import Case, at_ranks, main

ROWS, COLS, BANDS = 5, 7, 4
AXES = "rows,cols,bands"


def library(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        raise unittest.SkipTest(f"the Python package {name} is missing") from None


def read_hdf5(path):
    with h5py.File(path) as file:
        return file["data"][()]


def read_vti(path):
    library("vtk")
    from vtk import vtkXMLImageDataReader
    from vtk.util.numpy_support import vtk_to_numpy
    reader = vtkXMLImageDataReader()
    reader.SetFileName(str(path))
    reader.Update()
    image = reader.GetOutput()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])


def read_tns(path, shape):
    table = np.loadtxt(path, ndmin=2)
    cube = np.zeros(shape)
    cube[tuple(table[:, :-1].astype(int).T - 1)] = table[:, -1]
    return cube


def bands_first(cube):
    return cube.transpose(2, 0, 1)


def bands_last(cube):
    return cube.transpose(1, 2, 0)


class Convert(Case):
    def setUp(self):
        super().setUp()
        self.cube = 100.0 * np.random.default_rng(3).random((ROWS, COLS, BANDS))
        self.cube[0, 0, 1] = 0.0
        np.save(self.folder / "cube.npy", self.cube)

    def convert(self, ranks, output, *arguments, source="cube.npy", axes=AXES):
        words = ["--axes", axes] if axes else []
        outcome = self.tessera(ranks, "-q", "convert", source, output, *words, *arguments)
        self.assertEqual(outcome.code, 0, outcome)
        return self.folder / output

    def fails(self, code, *arguments, ranks=2):
        before = self.contents()
        outcome = self.tessera(ranks, "-q", "convert", *arguments)
        self.assertEqual(outcome.code, code, outcome)
        self.assertEqual(len(outcome.errors), 1, outcome)
        self.assertEqual(self.contents(), before, "left something behind")
        return outcome.errors[0]

    def contents(self):
        return {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    def test_hdf5_opens_in_h5py(self):
        path = self.convert(2, "cube.h5")
        self.assertTrue(np.array_equal(read_hdf5(path), self.cube))
        with h5py.File(path) as file:
            self.assertEqual([axis.label for axis in file["data"].dims], AXES.split(","))
            self.assertEqual(file["data"].dtype, np.float64)

    def test_hdf5_dataset_with_a_name(self):
        self.convert(2, "cube.h5:/scan/cube")
        with h5py.File(self.folder / "cube.h5") as file:
            self.assertTrue(np.array_equal(file["scan/cube"][()], self.cube))

    def test_npy_opens_in_numpy(self):
        for order in (1, 2, 6):
            cube = np.random.default_rng(order).random((2, 3, 2, 1, 4, 3)[:order])
            np.save(self.folder / "any.npy", cube)
            path = self.convert(2, f"copy{order}.npy", source="any.npy", axes="")
            self.assertEqual(path.read_bytes(), (self.folder / "any.npy").read_bytes())

    def test_envi_opens_in_spectral_python(self):
        for interleave in ("bsq", "bil", "bip"):
            path = self.convert(2, f"{interleave}.hdr", "--interleave", interleave)
            image = library("spectral").envi.open(str(path), str(path.with_suffix(".img")))
            self.assertEqual(image.metadata["interleave"], interleave)
            self.assertTrue(np.array_equal(np.array(image.load(dtype=np.float64)), self.cube))

    def test_vti_opens_in_vtk(self):
        image = read_vti(self.convert(2, "cube.vti"))
        self.assertTrue(np.array_equal(image, bands_first(self.cube)))
        volume = read_vti(self.convert(2, "volume.vti", axes="z,y,x"))
        self.assertTrue(np.array_equal(volume, self.cube))

    def test_nifti_opens_in_nibabel(self):
        for name in ("cube.nii", "cube.nii.gz"):
            image = library("nibabel").load(self.convert(2, name))
            self.assertTrue(np.array_equal(np.asarray(image.dataobj), self.cube))
        np.save(self.folder / "long.npy", np.arange(40000.0).reshape(40000, 1))
        image = library("nibabel").load(self.convert(2, "long.nii", source="long.npy", axes=""))
        self.assertEqual(type(image).__name__, "Nifti2Image")
        self.assertTrue(np.array_equal(np.asarray(image.dataobj)[:, 0], np.arange(40000.0)))

    def test_tiff_opens_in_tifffile_and_pillow(self):
        path = self.convert(2, "cube.tif", "--type", "float32")
        pages = library("tifffile").imread(path)
        self.assertEqual(pages.dtype, np.float32)
        self.assertTrue(np.array_equal(pages, bands_first(self.cube).astype(np.float32)))
        library("PIL.Image")
        from PIL import Image
        with Image.open(path) as image:
            self.assertEqual(image.n_frames, BANDS)
            image.seek(2)
            self.assertTrue(np.array_equal(np.array(image),
                                           self.cube[:, :, 2].astype(np.float32)))

    def test_coordinates_hold_what_is_not_zero(self):
        path = self.convert(2, "cube.tns")
        self.assertEqual(len(np.loadtxt(path)), self.cube.size - 1)
        self.assertTrue(np.array_equal(read_tns(path, self.cube.shape), self.cube))

    def test_our_own_readers_read_it_back(self):
        for name in ("a.h5", "a.npy", "a.hdr"):
            self.convert(2, name)
            back = self.convert(2, f"{name}.back.npy", source=name, axes="")
            self.assertTrue(np.array_equal(np.load(back), self.cube), name)

    def test_every_type(self):
        whole = np.random.default_rng(5).integers(0, 256, self.cube.shape)
        np.save(self.folder / "whole.npy", whole.astype(np.int16))
        for kind in ("uint8", "uint16", "int16", "int32", "float32", "float64"):
            readers = {
                "h5": read_hdf5, "npy": np.load, "vti": lambda path: bands_last(read_vti(path)),
                "nii": lambda path: np.asarray(library("nibabel").load(path).dataobj),
                "tif": lambda path: bands_last(library("tifffile").imread(path)),
                "hdr": lambda path: np.array(
                    library("spectral").envi.open(str(path)).open_memmap()),
                "tns": lambda path: read_tns(path, whole.shape).astype(kind)}
            for suffix, read in readers.items():
                with self.subTest(kind=kind, suffix=suffix):
                    path = self.convert(1, f"{kind}.{suffix}", "--type", kind, source="whole.npy")
                    values = read(path)
                    self.assertEqual(np.dtype(values.dtype).newbyteorder("="), np.dtype(kind))
                    self.assertTrue(np.array_equal(values, whole))

    def test_signed_integers(self):
        whole = np.array([[-32768, -1, 0], [7, 32767, -2]], dtype=np.int16)
        np.save(self.folder / "signed.npy", whole)
        kept = np.load(self.convert(2, "kept.npy", source="signed.npy", axes=""))
        self.assertEqual(kept.dtype, np.int16)
        np.testing.assert_array_equal(kept, whole)
        np.save(self.folder / "far.npy", whole - np.float64(1.0))
        self.assertIn("1 of 6 values do not fit int16", self.fails(2, "far.npy", "x.npy", "--type",
                                                                   "int16"))

    def test_spacing_reaches_the_headers(self):
        nibabel = library("nibabel")
        image = nibabel.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4),
                                    np.diag([0.5, 1.25, 2.0, 1.0]))
        image.header.set_xyzt_units("mm")
        nibabel.save(image, self.folder / "in.nii")
        again = nibabel.load(self.convert(2, "out.nii.gz", source="in.nii", axes=""))
        by_extent = {2: 0.5, 3: 1.25, 4: 2.0}
        for extent, zoom in zip(again.shape, again.header.get_zooms()):
            self.assertEqual(zoom, by_extent[extent])
        self.assertEqual(again.header.get_xyzt_units()[0], "mm")
        np.testing.assert_allclose(np.diag(again.affine)[:3],
                                   [by_extent[extent] for extent in again.shape])
        self.convert(2, "out.vti", source="in.nii", axes="")
        text = (self.folder / "out.vti").read_bytes()[:400].decode("latin-1")
        # x is the last mode of the tensor, which is the extent that comes first in VTI.
        extent = [int(word) + 1 for word in text.split('WholeExtent="')[1].split('"')[0].split()]
        spacing = [float(word) for word in text.split('Spacing="')[1].split('"')[0].split()]
        self.assertEqual(spacing, [by_extent[length] for length in extent[1::2]])

    def test_integers_are_rounded_and_it_is_said(self):
        cube = np.array([[0.4, 0.5, 1.5], [254.5, 255.4, -0.3]])
        np.save(self.folder / "cube.npy", cube)
        outcome = self.tessera(2, "-q", "convert", "cube.npy", "whole.npy", "--type", "uint8")
        self.assertIn("6 of 6 values were rounded, by at most 0.5", outcome.stdout)
        self.assertTrue(np.array_equal(np.load(self.folder / "whole.npy"),
                                       [[0, 0, 2], [254, 255, 0]]))

    def test_values_beyond_the_type(self):
        self.cube[2, 3, 1] = 256.0
        np.save(self.folder / "cube.npy", self.cube)
        self.assertIn("1 of 140 values do not fit uint8, the first at (rows, cols, bands) = "
                      "[2, 3, 1]", self.fails(2, "cube.npy", "out.h5", "--type", "uint8",
                                              "--axes", AXES))
        self.cube[2, 3, 1] = np.nan
        np.save(self.folder / "cube.npy", self.cube)
        self.assertIn("do not fit uint16", self.fails(2, "cube.npy", "x.npy", "--type", "uint16"))
        self.cube[2, 3, 1] = 1e39
        np.save(self.folder / "cube.npy", self.cube)
        self.assertIn("do not fit float32", self.fails(2, "cube.npy", "x.npy", "--type",
                                                       "float32"))
        self.assertTrue(np.array_equal(np.load(self.convert(2, "x.npy")), self.cube))

    @at_ranks(1, 3)
    def test_region_bins_and_order(self, ranks):
        path = self.convert(ranks, "part.npy", "--region", "rows 1:5, bands 1:4", "--bin", "rows 2",
                            "--order", "bands,rows,cols")
        expected = self.cube[1:5, :, 1:4].reshape(2, 2, COLS, 3).mean(1).transpose(2, 0, 1)
        values = np.load(path)
        self.assertEqual(values.shape, expected.shape)
        np.testing.assert_allclose(values, expected, rtol=1e-14)

    def test_folded_matrix(self):
        np.save(self.folder / "cube.npy", self.cube.reshape(ROWS * COLS, BANDS))
        path = self.convert(2, "cube.h5", "--shape", f"{ROWS},{COLS},{BANDS}")
        self.assertTrue(np.array_equal(read_hdf5(path), self.cube))

    def test_scaling_can_be_undone(self):
        path = self.convert(2, "scaled.h5", "--scale", "band-min-max")
        with h5py.File(path) as file:
            scaled = file["data"]
            values = scaled[()]
            self.assertEqual((values.min(), values.max()), (0.0, 1.0))
            np.testing.assert_allclose(
                values * scaled.attrs["scale_factor"] + scaled.attrs["scale_offset"], self.cube,
                atol=1e-12)
        header = library("spectral").envi.read_envi_header(
            str(self.convert(2, "scaled.hdr", "--scale", "max")))
        np.testing.assert_allclose(np.array(header["data gain values"], float), self.cube.max())

    def test_mask(self):
        observed = np.random.default_rng(8).random(self.cube.shape) < 0.7
        observed[0, 0, 1] = True
        np.save(self.folder / "mask.npy", observed)
        values = np.load(self.convert(2, "masked.npy", "--mask", "mask.npy"))
        self.assertTrue(np.array_equal(values, np.where(observed, self.cube, np.nan),
                                       equal_nan=True))
        values = np.load(self.convert(2, "whole.npy", "--mask", "mask.npy", "--type", "uint8"))
        self.assertTrue(np.array_equal(values, np.where(observed, np.rint(self.cube), 0)))
        # An observed 0 is an entry, too.
        table = np.loadtxt(self.convert(2, "masked.tns", "--mask", "mask.npy"))
        self.assertEqual(len(table), observed.sum())
        self.assertTrue(np.array_equal(table[:, :3] - 1, np.argwhere(observed)))
        self.assertTrue(np.array_equal(table[:, 3], self.cube[observed]))

    def test_missing_values(self):
        self.cube[1, 2, 3] = np.nan
        np.save(self.folder / "cube.npy", self.cube)
        self.assertIn("NaN", self.fails(3, "cube.npy", "x.tns"))
        path = self.convert(2, "x.tns", "--missing", "nan")
        self.assertEqual(len(np.loadtxt(path)), self.cube.size - 1)

    def test_ranks_do_not_change_the_bytes(self):
        """Large enough for several slabs of the output."""
        random = np.random.default_rng(6)
        cube = (random.random((9, 1000, 1000)) < 0.002) * random.integers(1, 200, (9, 1000, 1000))
        cube = cube.astype(np.uint8)
        np.save(self.folder / "large.npy", cube)
        for name in ("a.npy", "a.h5", "a.img", "a.vti", "a.nii", "a.nii.gz", "a.tif", "a.tns"):
            with self.subTest(name=name):
                bytes_of = []
                for ranks in (1, 2, 4):
                    path = self.convert(ranks, f"{ranks}{name}", source="large.npy", axes="z,y,x")
                    bytes_of.append(path.read_bytes())
                    if name == "a.h5":
                        bytes_of[-1] = read_hdf5(path).tobytes()
                self.assertEqual(bytes_of[1], bytes_of[0])
                self.assertEqual(bytes_of[2], bytes_of[0])
        self.assertTrue(np.array_equal(np.load(self.folder / "4a.npy"), cube))
        self.assertTrue(np.array_equal(read_hdf5(self.folder / "4a.h5"), cube))
        self.assertTrue(np.array_equal(read_vti(self.folder / "4a.vti"), cube))
        self.assertTrue(np.array_equal(read_tns(self.folder / "4a.tns", cube.shape), cube))
        packed = gzip.decompress((self.folder / "4a.nii.gz").read_bytes())
        self.assertEqual(packed, (self.folder / "4a.nii").read_bytes())
        self.assertEqual(np.frombuffer(packed[-cube.size:], np.uint8).tobytes(),
                         np.asfortranarray(cube).tobytes("F"))

    def test_existing_files_stay(self):
        path = self.convert(2, "cube.hdr")
        self.assertIn("exists", self.fails(2, "cube.npy", "cube.hdr", "--axes", AXES))
        path.unlink()
        self.assertIn("cube.img exists", self.fails(2, "cube.npy", "cube.hdr", "--axes", AXES))
        self.convert(2, "cube.hdr", "--overwrite")
        self.assertTrue(path.exists())

    def test_usage(self):
        self.assertIn("the format of 'cube.xyz' is not known", self.fails(2, "cube.npy",
                                                                          "cube.xyz"))
        self.assertIn("holds one array without a name", self.fails(2, "cube.npy", "x.npy:data"))
        self.assertIn("--region", self.fails(2, "cube.npy", "x.npy", "--region", "axis0 a:b"))
        self.assertIn("must have the same shape", self.fails(
            2, "cube.npy", "x.npy", "--mask", "cube.npy", "--bin", "axis0 5"))
        np.save(self.folder / "four.npy", np.ones((2, 2, 2, 2)))
        self.assertIn("cannot hold a tensor of 4 modes", self.fails(2, "four.npy", "x.hdr"))
        outcome = self.tessera(1, "convert", "cube.npy", "x.npy", "--type", "uint6")
        self.assertEqual(outcome.code, 2)
        self.assertIn('did you mean "uint8"', outcome.errors[0])

    def test_a_place_that_cannot_be_written_to(self):
        for name in ("nowhere/x.npy", "nowhere/x.h5", "nowhere/x.tif", "nowhere/x.hdr"):
            self.assertIn("nowhere", self.fails(3, "cube.npy", name, "--axes", AXES))

    def test_no_space_left(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("mounting a small file system is not allowed here")
        try:
            np.save(self.folder / "large.npy", np.random.default_rng(1).random((10, 80, 100)))
            for suffix in ("npy", "h5", "hdr", "vti", "nii", "nii.gz", "tif", "tns"):
                with self.subTest(suffix=suffix):
                    self.assertIn("no space left", self.fails(3, "large.npy", f"disk/x.{suffix}"))
                    self.assertEqual(list(disk.iterdir()), [])
        finally:
            subprocess.run(["umount", str(disk)], check=True)



class Lists(Case):
    """Lists of entries, which stay lists or become arrays."""

    def setUp(self):
        super().setUp()
        random = np.random.default_rng(8)
        self.shape = (7, 5, 6)
        self.cube = np.where(random.uniform(size=self.shape) < 0.3,
                             random.normal(size=self.shape), 0.0)
        self.cube[-1], self.cube[0, 0, 0] = 0.0, 1.0  # the last slice is empty
        self.positions = np.argwhere(self.cube)
        shuffled = random.permutation(self.positions)
        (self.folder / "list.tns").write_text("".join(
            f"{i + 1} {j + 1} {k + 1} {float(self.cube[i, j, k])!r}\n" for i, j, k in shuffled))

    def convert(self, ranks, out, *arguments, source="list.tns", code=0):
        outcome = self.tessera(ranks, "convert", source, out, *arguments)
        self.assertEqual(outcome.code, code, outcome)
        return self.folder / out

    @at_ranks(1, 2, 4)
    def test_list_to_list(self, ranks):
        path = self.convert(ranks, "out.tns", "--shape", "7,5,6", "--axes", "a,b,c")
        lines = path.read_text().splitlines()
        self.assertEqual(lines[:2], ["# axes: a b c", "# shape: 7 5 6"])
        found = np.array([line.split() for line in lines[2:]], dtype=float)
        np.testing.assert_array_equal(found[:, :3], self.positions + 1)  # row-major order
        np.testing.assert_array_equal(found[:, 3], self.cube[tuple(self.positions.T)])
        # The comments tell the shape, which the entries do not: the last slice is empty.
        self.assertIn("7 x 5 x 6", self.tessera(1, "info", "out.tns").stdout)
        back = self.convert(ranks, "back.npy", "--absent", "zero", source="out.tns")
        np.testing.assert_array_equal(np.load(back), self.cube)

    @at_ranks(1, 3)
    def test_list_to_array(self, ranks):
        path = self.convert(ranks, "out.h5", "--absent", "zero", "--shape", "7,5,6")
        np.testing.assert_array_equal(read_hdf5(path), self.cube)
        path = self.convert(ranks, "nan.npy", "--absent", "missing", "--shape", "7,5,6")
        np.testing.assert_array_equal(np.load(path), np.where(self.cube == 0, np.nan, self.cube))

    def test_usage(self):
        for arguments in (["x.h5"], ["x.tns", "--bin", "axis0 2"], ["x.tns", "--type", "float32"],
                          ["x.npy", "--absent", "zero", "--axes", "a,b"]):
            outcome = self.tessera(2, "convert", "list.tns", *arguments)
            self.assertEqual((outcome.code, len(outcome.errors)), (2, 1), outcome)
        np.save(self.folder / "cube.npy", self.cube)
        outcome = self.tessera(2, "convert", "cube.npy", "x.h5", "--absent", "zero")
        self.assertEqual((outcome.code, len(outcome.errors)), (2, 1), outcome)


if __name__ == "__main__":
    main()
