#!/usr/bin/env python3
"""Writes the small images and volumes in goldens/ with VTK, nibabel, mrcfile, tifffile and h5py, for
the tests of the readers. Run it where these are installed; the files are kept in the repository.

    python3 make_image_goldens.py

The values are those of make_goldens.py at the position (slice, row, column), or (time, slice, row,
column); in files with several components (slice, row, column, component).
"""

import gzip
import pathlib

import h5py
import mrcfile
import nibabel
import numpy as np
import tifffile
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from make_goldens import HERE, SCALES, SHAPES, values

COMPONENTS = (4, 5, 6, 2)
SPACING = (0.5, 0.75, 2.5)  # x, y, z
ORIGIN = (-1.0, 2.0, 3.5)


def image(arrays, cells=()):
    """VTK's image of named arrays, slices x rows x columns (x components)."""
    slices, rows, columns = SHAPES[3]
    result = vtk.vtkImageData()
    result.SetDimensions(columns, rows, slices)
    result.SetSpacing(SPACING)
    result.SetOrigin(ORIGIN)
    for target, named in ((result.GetPointData(), arrays), (result.GetCellData(), cells)):
        for name, array in dict(named).items():
            components = 1 if array.ndim == 3 else array.shape[3]
            flat = numpy_to_vtk(array.reshape(-1, components).copy(), deep=True)
            flat.SetName(name)
            target.AddArray(flat)
    return result


def write_vti():
    several = {"counts": values(SHAPES[3], "u2"), "field": values(COMPONENTS, "f4"),
               "level": values(SHAPES[3], "f8"), "byte": values(SHAPES[3], "i1")}
    cells = {"cell": values((3, 4, 5), "i4")}
    for mode, set_mode in [("ascii", "SetDataModeToAscii"), ("inline", "SetDataModeToBinary"),
                           ("appended", "SetDataModeToAppended")]:
        for packed in (False, True):
            for order in ("little", "big"):
                for width in (32, 64):
                    # Text has neither byte order nor compression; the rest goes in pairs.
                    if (mode == "ascii" and (packed or order == "big" or width == 64)) or \
                            (order == "big") != (width == 64):
                        continue
                    for base64 in ([False, True] if mode == "appended" else [False]):
                        writer = vtk.vtkXMLImageDataWriter()
                        writer.SetInputData(image(several, cells))
                        getattr(writer, set_mode)()
                        writer.SetEncodeAppendedData(base64)
                        if not packed:
                            writer.SetCompressorTypeToNone()
                        else:
                            writer.SetCompressorTypeToZLib()
                            writer.SetBlockSize(256)
                        getattr(writer, f"SetByteOrderTo{order.capitalize()}Endian")()
                        getattr(writer, f"SetHeaderTypeToUInt{width}")()
                        name = "_".join([mode + ("64" if base64 else ""), order,
                                         "zlib" if packed else "plain"])
                        writer.SetFileName(str(HERE / f"{name}.vti"))
                        writer.Write()
    flat = vtk.vtkImageData()
    flat.SetDimensions(6, 4, 1)
    array = numpy_to_vtk(values(SHAPES[2], "u1").ravel().copy(), deep=True)
    array.SetName("flat")
    flat.GetPointData().SetScalars(array)
    for kind, compressor in (("lz4", "SetCompressorTypeToLZ4"), ("flat", "SetCompressorTypeToZLib")):
        writer = vtk.vtkXMLImageDataWriter()
        writer.SetInputData(flat)
        getattr(writer, compressor)()
        writer.SetFileName(str(HERE / f"{kind}.vti"))
        writer.Write()


def write_meta_image():
    for code in SCALES:
        if code in ("u8", "i8"):
            continue
        for suffix, packed in (("mha", True), ("mhd", False)):
            writer = vtk.vtkMetaImageWriter()
            writer.SetInputData(image({"values": values(SHAPES[3], code)}))
            writer.GetInput().GetPointData().SetActiveScalars("values")
            writer.SetCompression(packed)
            writer.SetFileName(str(HERE / f"meta_{code}.{suffix}"))
            writer.Write()


def write_nifti():
    for code in SCALES:
        for order in "<>":
            if order == ">" and code not in ("i2", "f4", "u8"):
                continue
            # nibabel counts columns, rows, slices; the first changes fastest.
            data = values(SHAPES[3], code).astype(order + code)
            header = nibabel.Nifti1Header(endianness=order)
            header.set_data_dtype(data.dtype)
            header.set_xyzt_units("mm", "sec")
            volume = nibabel.Nifti1Image(data.transpose(), np.diag([0.5, 0.75, 2.5, 1]), header,
                                         dtype=data.dtype)
            name = f"nifti_{code}" + ("_big" if order == ">" else "")
            nibabel.save(volume, HERE / f"{name}.nii")
            if code == "i2":
                nibabel.save(volume, HERE / f"{name}.nii.gz")
                pair = nibabel.Nifti1Pair(data.transpose(), np.eye(4), header)
                nibabel.save(pair, HERE / f"{name}_pair.hdr")
    four = values(SHAPES[4], "u2")
    header = nibabel.Nifti1Header()
    header.set_data_dtype("u2")
    header.set_xyzt_units("mm", "sec")
    header["pixdim"][4] = 1.5
    header.set_slope_inter(0.5, -100)
    scaled = nibabel.Nifti1Image(four.transpose(), np.diag([2.0, 3.0, 4.0, 1]), header)
    scaled.header.set_zooms((2.0, 3.0, 4.0, 1.5))
    # The stored numbers are those of `four`; nibabel would divide by the slope.
    scaled.header["scl_slope"], scaled.header["scl_inter"] = 0.5, -100
    raw = scaled.header.copy()
    raw["scl_slope"], raw["scl_inter"], raw["magic"], raw["vox_offset"] = 0.5, -100, b"n+1", 352
    with gzip.GzipFile(HERE / "nifti_scaled.nii.gz", "wb", mtime=0) as file:
        file.write(raw.binaryblock + b"\0\0\0\0" + four.astype("<u2").tobytes())
    stored = nibabel.load(HERE / "nifti_scaled.nii.gz").get_fdata()
    assert np.array_equal(stored, 0.5 * four.transpose() - 100)


def write_mrc():
    for code in ("i1", "i2", "f4", "u2"):
        for order in "<>":
            path = HERE / f"mrc_{code}{'_big' if order == '>' else ''}.mrc"
            data = values(SHAPES[3], code).astype(order + code)
            with mrcfile.new(path, overwrite=True) as file:
                file.set_data(data)
                file.voxel_size = (0.5, 0.75, 2.5)
                if code == "i2":
                    file.set_extended_header(np.zeros(128, dtype="V1"))


def write_tiff():
    for code in [*SCALES]:
        if code in ("u8", "i8"):
            continue
        tifffile.imwrite(HERE / f"tiff_{code}.tif", values(SHAPES[3], code), photometric="minisblack")
    more = dict(photometric="minisblack")
    cube = values(SHAPES[3], "u2")
    tifffile.imwrite(HERE / "tiff_big.tif", cube, byteorder=">", **more)
    tifffile.imwrite(HERE / "tiff_bigtiff.tif", cube, bigtiff=True, **more)
    tifffile.imwrite(HERE / "tiff_strips.tif", cube, rowsperstrip=2, **more)
    tifffile.imwrite(HERE / "tiff_deflate.tif", cube, compression="zlib", predictor=True, rowsperstrip=3,
                     **more)
    wide = values((2, 40, 50), "f4")
    tifffile.imwrite(HERE / "tiff_tiles.tif", wide, tile=(16, 32), **more)
    tifffile.imwrite(HERE / "tiff_tiles_deflate.tif", wide, tile=(16, 16), compression="zlib", **more)
    colour = values((4, 5, 6, 3), "u1")
    tifffile.imwrite(HERE / "tiff_rgb.tif", colour, photometric="rgb")
    tifffile.imwrite(HERE / "tiff_planar.tif", np.moveaxis(colour, 3, 1), photometric="rgb",
                     planarconfig="separate")
    tifffile.imwrite(HERE / "tiff_imagej.tif", cube, imagej=True, resolution=(4, 2),
                     metadata={"axes": "TYX", "finterval": 0.25})
    tifffile.imwrite(HERE / "tiff_bits.tif", values((1, 9, 13), "b1")[0], photometric="minisblack")


def write_tomography():
    with h5py.File(HERE / "exchange.h5", "w") as file:
        file["implements"] = "exchange"
        file["exchange/data"] = values(SHAPES[3], "u2")
        file["exchange/data_white"] = values((2, 5, 6), "u2")
        file["exchange/data_dark"] = values((3, 5, 6), "u2")
        file["exchange/theta"] = np.linspace(0, 135, 4)
        file["process/data"] = values(SHAPES[3], "f4")
    with h5py.File(HERE / "nxtomo.nxs", "w") as file:
        detector = file.create_group("entry1/tomo_entry/instrument/detector")
        detector["data"] = values((7, 5, 6), "f4")
        detector["image_key"] = np.array([2, 1, 0, 0, 0, 0, 1])
        file["entry1/tomo_entry/sample/rotation_angle"] = np.linspace(0, 180, 7)
        file["entry1/tomo_entry/data/data"] = detector["data"]  # a hard link, as NeXus has it


def main():
    HERE.mkdir(exist_ok=True)
    write_vti()
    write_meta_image()
    write_nifti()
    write_mrc()
    write_tiff()
    write_tomography()


if __name__ == "__main__":
    main()
