"""Volumes, images and scans of other people's software: what the program says of them, reads from
them, and answers when they are damaged."""

import pathlib
import unittest

import h5py
import numpy as np

from program_case import DATA, SOURCE, Case, at_ranks, main, needs_data

try:
    import nibabel
except ImportError:
    nibabel = None
try:
    import tifffile
except ImportError:
    tifffile = None
try:
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy
except ImportError:
    vtk = None

READ_ONLY = """
[data]
path = "{path}"
[method]
name = "svd"
truncation = "rank"
rank = 1
[output]
pictures = false
arrays = ["input"]
"""


def data(name):
    return pathlib.Path(DATA, name)


def golden(name):
    return SOURCE / "tests/io/goldens" / name


class FormatCase(Case):
    def told(self, path):
        """What `info` says, on two ranks."""
        outcome = self.tessera(2, "info", path)
        self.assertEqual((outcome.code, outcome.stderr), (0, ""), outcome)
        return outcome.stdout

    def stored_input(self, ranks, path, *assignments, name):
        """What the program read, from its result."""
        run = self.run_deck(ranks, READ_ONLY.format(path=path), *assignments, name=name)
        with h5py.File(run / "result.h5") as result:
            stored = result["result/input"]
            modes = list(stored.attrs["tensor_modes"])
            shape = list(stored.attrs["tensor_shape"])
            values = stored[()].reshape([shape[mode] for mode in modes])
            values = values.transpose(np.argsort(modes))
            spacing, units = list(stored.attrs["spacing"]), list(stored.attrs["axis_units"])
        return values, spacing, [unit.decode() if isinstance(unit, bytes) else unit
                                 for unit in units]


def vtk_volume(path, reader):
    reader.SetFileName(str(path))
    reader.Update()
    image = reader.GetOutput()
    columns, rows, slices = image.GetDimensions()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(slices, rows, columns)


@needs_data
class RealData(FormatCase):
    def test_info(self):
        for file, *words in [
                ("ct/LIDC2.vti", "VTI", "ImageFile", "133 x 256 x 256", "uint8",
                 "slices, rows, cols", "spacing 2.5 x 1.40625 x 1.40625"),
                ("ct/LIDC2.mha", "MetaImage", "133 x 256 x 256", "uint8, zlib", "2.5 mm"),
                ("ct/bonsai.vti", "256 x 256 x 256", "uint8, appended, zlib"),
                ("mri/mni_icbm152_t1.nii.gz", "NIfTI-1", "197 x 233 x 189", "uint8, gzip",
                 "spacing 1 x 1 x 1"),
                ("mri/example4d.nii.gz", "128 x 96 x 24 x 2", "int16",
                 "cols, rows, slices, time"),
                ("video/calcium_imaging.tif", "TIFF", "1000 x 30 x 40", "uint16"),
                ("ct_projections/tooth.h5", "Data Exchange", "181 x 2 x 640", "(projections)",
                 "flat fields", "dark fields", "angle of each projection")]:
            with self.subTest(file=file):
                text = self.told(data(file))
                for word in words:
                    self.assertIn(word, text)

    @unittest.skipUnless(vtk, "python3-vtk9 is not installed")
    @at_ranks(1, 3)
    def test_the_same_scan_in_two_formats(self, ranks):
        expected = vtk_volume(data("ct/LIDC2.vti"), vtk.vtkXMLImageDataReader())
        self.assertEqual((expected.shape, expected.min(), expected.max()), ((133, 256, 256), 0, 255))
        crop = ('data.region={slices=[40, 90], rows=[0, 200], cols=[30, 256]}',)
        for suffix in ("vti", "mha"):
            values, spacing, _ = self.stored_input(ranks, f"ct/LIDC2.{suffix}", *crop, name=suffix)
            self.assertTrue(np.array_equal(values, expected[40:90, 0:200, 30:256]), suffix)
            np.testing.assert_allclose(spacing, (2.5, 1.40625, 1.40625), rtol=1e-12)

    @unittest.skipUnless(vtk, "python3-vtk9 is not installed")
    def test_bonsai(self):
        expected = vtk_volume(data("ct/bonsai.vti"), vtk.vtkXMLImageDataReader())
        self.assertEqual((expected.shape, expected.min(), expected.max()), ((256, 256, 256), 0, 255))
        values, _, _ = self.stored_input(4, "ct/bonsai.vti", "data.bin={slices=4, rows=4, cols=4}",
                                         name="bonsai")
        means = expected.reshape(64, 4, 64, 4, 64, 4).mean(axis=(1, 3, 5))
        self.assertTrue(np.array_equal(values, means))

    @unittest.skipUnless(nibabel, "python3-nibabel is not installed")
    @at_ranks(1, 4)
    def test_mri(self, ranks):
        image = nibabel.load(data("mri/mni_icbm152_t1.nii.gz"))
        brain = image.get_fdata()
        self.assertEqual((brain.shape, brain.min(), brain.max()), ((197, 233, 189), 0, 255))
        values, spacing, units = self.stored_input(
            ranks, "mri/mni_icbm152_t1.nii.gz", "data.region={slices=[60, 90]}", name="brain")
        self.assertTrue(np.array_equal(values, brain.transpose()[60:90]))
        # Its header leaves the unit open; the other file's does not.
        self.assertEqual(image.header.get_xyzt_units()[0], "unknown")
        self.assertEqual((spacing, units), ([1, 1, 1], ["", "", ""]))
        four = nibabel.load(data("mri/example4d.nii.gz"))
        values, spacing, units = self.stored_input(ranks, "mri/example4d.nii.gz", name="four")
        self.assertEqual((four.header.get_xyzt_units(), units),
                         (("mm", "sec"), ["s", "mm", "mm", "mm"]))
        self.assertEqual((values.shape, values.min(), values.max()), ((2, 24, 96, 128), 0, 1162))
        self.assertTrue(np.array_equal(values, four.get_fdata().transpose()))
        np.testing.assert_allclose(spacing, four.header.get_zooms()[::-1])

    @unittest.skipUnless(tifffile, "python3-tifffile is not installed")
    @at_ranks(1, 4)
    def test_multi_page_tiff(self, ranks):
        expected = tifffile.imread(data("video/calcium_imaging.tif"))
        self.assertEqual((expected.shape, expected.min(), expected.max()),
                         ((1000, 30, 40), 38, 16268))
        values, _, _ = self.stored_input(ranks, "video/calcium_imaging.tif", name="calcium")
        self.assertTrue(np.array_equal(values, expected))

    def test_projections_without_naming_the_dataset(self):
        with h5py.File(data("ct_projections/tooth.h5")) as file:
            expected = file["exchange/data"][()]
        self.assertEqual((expected.shape, expected.min(), expected.max()),
                         ((181, 2, 640), 3921.25, 33891.5))
        values, _, _ = self.stored_input(2, "ct_projections/tooth.h5", name="tooth")
        self.assertTrue(np.array_equal(values, expected))


class Damage(FormatCase):
    """Truncated and malformed files end in one sentence and exit code 3."""

    def assert_refused(self, name, *words):
        for command in (("info", name),
                        ("run", self.write_deck(READ_ONLY.format(path=name)))):
            outcome = self.tessera(2, *command)
            self.assertEqual((outcome.code, len(outcome.errors)), (3, 1), outcome)
            for word in (pathlib.Path(name).name, *words):
                self.assertIn(word, outcome.errors[0])

    def test_truncated(self):
        for name, keep in [("appended_little_plain.vti", 0.5), ("flat.vti", 0.5), ("meta_u2.mha", 0.5),
                           ("mrc_f4.mrc", 0.9), ("nifti_f4.nii", 0.8), ("tiff_u2.tif", 0.5)]:
            with self.subTest(name=name):
                whole = golden(name).read_bytes()
                (self.folder / name).write_bytes(whole[:int(keep * len(whole))])
                self.assert_refused(name)

    def test_gap_in_a_stack(self):
        (self.folder / "slices").mkdir()
        for number in (1, 2, 4):
            (self.folder / f"slices/s{number}.tif").write_bytes(golden("tiff_bits.tif").read_bytes())
        self.assert_refused("slices", "number 3 is missing")
        self.assert_refused("slices/s*.tif", "number 3 is missing")


class Stacks(FormatCase):
    def test_natural_order(self):
        (self.folder / "slices").mkdir()
        page = golden("tiff_bits.tif").read_bytes()
        for number in range(8, 12):
            (self.folder / f"slices/s{number}.tif").write_bytes(page)
        for path in ("slices", "slices/s*.tif"):
            text = self.told(path)
            self.assertIn("4 x 9 x 13", text)
            self.assertIn("4 files, from s8.tif to s11.tif", text)


if __name__ == "__main__":
    main()
