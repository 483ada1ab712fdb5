#!/usr/bin/env python3
"""Writes a few small proper files of each format, from which the fuzzers begin: FOLDER/HARNESS/*.

    tests/fuzz/make_corpora.py FOLDER
"""

import base64
import gzip
import io
import pathlib
import struct
import sys
import wave
import zlib

import h5py
import numpy as np
import scipy.io

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def avi(bits):
    strh = b"vidsDIB " + struct.pack("<IHHIIIIIIIIhhhh", 0, 0, 0, 0, 1, 25, 0, 2, 0, 0, 0, 0, 0, 3, 2)
    strf = struct.pack("<IiiHHIIiiII", 40, 3, 2, 1, bits, 0, 0, 0, 0, 0, 0)
    strl = chunk(b"LIST", b"strl" + chunk(b"strh", strh) + chunk(b"strf", strf))
    hdrl = chunk(b"LIST", b"hdrl" + chunk(b"avih", bytes(56)) + strl)
    frame = bytes(range(2 * (12 if bits == 24 else 4)))
    movi = chunk(b"LIST", b"movi" + chunk(b"00db", frame) + chunk(b"LIST", b"rec " + chunk(
        b"00dc", frame)))
    return chunk(b"RIFF", b"AVI " + hdrl + movi)


def wav(width, channels):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(8000)
        file.writeframes(bytes(range(4 * width * channels)))
    return buffer.getvalue()


def saved(save, *arguments, **named):
    buffer = io.BytesIO()
    save(buffer, *arguments, **named)
    return buffer.getvalue()


def hdf5(chunks):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        data = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
        file.create_dataset("exchange/data", data=data, chunks=(1, 3, 4) if chunks else None,
                            compression="gzip" if chunks else None)
        file["exchange/data"].attrs["axes"] = "theta:y:x"
    return buffer.getvalue()


def meta_image(compressed):
    data = bytes(range(24))
    body = zlib.compress(data) if compressed else data
    return (f"ObjectType = Image\nNDims = 3\nDimSize = 4 3 2\nElementSpacing = 1 2 0.5\n"
            f"ElementType = MET_UCHAR\nCompressedData = {compressed}\n"
            f"CompressedDataSize = {len(body)}\nElementDataFile = LOCAL\n").encode() + body


def nrrd(encoding):
    data = bytes(range(24))
    body = {"raw": data, "gzip": gzip.compress(data),
            "ascii": " ".join(map(str, data)).encode()}[encoding]
    return (f"NRRD0004\ntype: uint8\ndimension: 3\nsizes: 4 3 2\nspacings: 1 2 0.5\n"
            f"encoding: {encoding}\n\n").encode() + body


def mrc(mode, bits):
    header = bytearray(1024)
    struct.pack_into("<10i", header, 0, 4, 3, 2, mode, 0, 0, 0, 4, 3, 2)
    struct.pack_into("<6f3i", header, 40, 4, 3, 2, 90, 90, 90, 1, 2, 3)
    header[208:216] = b"MAP \x44\x44\0\0"
    return bytes(header) + bytes(24 * bits // 8)


def nifti(code, bits):
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, 4, 3, 2, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, code, bits)
    struct.pack_into("<8f3f", header, 76, 1, 1, 2, 3, 1, 1, 1, 1, 352, 2, 1)
    header[344:348] = b"n+1\0"
    return bytes(header) + bytes(24 * bits // 8)


def tiff(compression):
    """Two pages of 3 x 4 pixels of one strip each."""
    strip = bytes(range(12))
    packed = {1: strip, 8: zlib.compress(strip), 32773: bytes([11]) + strip}[compression]
    tags = [(256, 3, 4), (257, 3, 3), (258, 3, 8), (259, 3, compression), (262, 3, 1), (273, 4, 0),
            (277, 3, 1), (278, 3, 3), (279, 4, len(packed))]
    file = b"II*\0" + struct.pack("<I", 8)
    for last in (False, True):
        directory = len(file)
        strip_at = directory + 2 + 12 * len(tags) + 4
        file += struct.pack("<H", len(tags))
        for tag, kind, value in tags:
            file += struct.pack("<HHII", tag, kind, 1, strip_at if tag == 273 else value)
        following = strip_at + len(packed) + len(packed) % 2
        file += struct.pack("<I", 0 if last else following)
        file += packed + bytes(len(packed) % 2)
    return file


def vti(form):
    data = np.arange(24, dtype="<f4").tobytes()
    sized = struct.pack("<I", len(data)) + data
    inside, attributes, appended = "", "", b""
    if form == "ascii":
        inside = " ".join(str(value) for value in range(24))
    elif form == "binary":
        inside = base64.b64encode(sized).decode()
    else:
        form, attributes = "appended", ' offset="0"'
        appended = b'<AppendedData encoding="raw">_' + sized + b"</AppendedData>"
    return (f'<VTKFile type="ImageData" version="0.1" byte_order="LittleEndian">'
            f'<ImageData WholeExtent="0 3 0 2 0 1" Origin="0 0 0" Spacing="1 1 1">'
            f'<Piece Extent="0 3 0 2 0 1"><PointData Scalars="Scalars"><DataArray type="Float32" '
            f'Name="Scalars" format="{form}"{attributes}>{inside}</DataArray></PointData></Piece>'
            f"</ImageData>").encode() + appended + b"</VTKFile>"


def corpora():
    cube = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    idx = bytes([0, 0, 11, 3]) + struct.pack(">3I", 2, 3, 4) + cube.astype(">i2").tobytes()
    header = "ENVI\nsamples = 4\nlines = 3\nbands = 2\ndata type = 12\ninterleave = {}\n" \
             "wavelength = {{400,\n 500}}\nbyte order = {}\n"
    fields = {"name": "scan", "sinogram": np.ones((3, 4))}
    decks = [path.read_bytes() for path in SOURCE.glob("inputs/**/*.toml")]
    pictures = [b"P5\n4 3\n255\n" + bytes(12), b"P5 4 3 999\n" + bytes(24),
                b"P2 # plain\n4 3\n15\n" + b"1 2 3 4\n" * 3]
    try:
        from PIL import Image
        for array in (np.zeros((3, 4), np.uint8), np.zeros((3, 4), np.uint16),
                      np.zeros((3, 4, 3), np.uint8)):
            pictures.append(saved(lambda file, a=array: Image.fromarray(a).save(file, "PNG")))
        pictures.append(saved(lambda file: Image.fromarray(np.zeros((3, 4, 3), np.uint8)).quantize(
            4).save(file, "PNG")))
    except ImportError:
        pass
    return {
        "avi": [avi(8), avi(24)],
        "coordinates": [b"1 1 1 2.5\n2 3 1 -1e3\n", b"# comment\n0 0 1\n4 2 7\n",
                        b"i,j,value\n1,2,0.5\n2,2,1\n", b"sptensor\n2\n3 3\n2\n1 1 1\n2 3 4\n"],
        "deck": decks,
        "envi": [header.format(kind, order).encode() for kind in ("bsq", "bil", "bip")
                 for order in (0, 1)],
        "hdf5_file": [hdf5(False), hdf5(True)],
        "idx": [idx, gzip.compress(idx)],
        "image_stack": pictures,
        "matlab": [saved(scipy.io.savemat, {"Y": cube, "s": fields}, do_compression=packed)
                   for packed in (False, True)],
        "meta_image": [meta_image(compressed) for compressed in (False, True)],
        "mrc": [mrc(mode, bits) for mode, bits in ((0, 8), (1, 16), (2, 32), (6, 16))],
        "nifti": [nifti(code, bits) for code, bits in ((2, 8), (4, 16), (16, 32), (64, 64))] +
                 [gzip.compress(nifti(4, 16))],
        "npy": [saved(np.save, cube), saved(np.save, np.asfortranarray(cube.astype(">f8")))],
        "npz": [saved(np.savez, a=cube, b=cube[0]), saved(np.savez_compressed, cube)],
        "nrrd": [nrrd(encoding) for encoding in ("raw", "gzip", "ascii")],
        "tiff": [tiff(compression) for compression in (1, 8, 32773)],
        "vti": [vti(form) for form in ("ascii", "binary", "raw")],
        "wav": [wav(width, channels) for width in (1, 2, 3, 4) for channels in (1, 2)],
    }


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for harness, files in corpora().items():
        folder = pathlib.Path(sys.argv[1], harness)
        folder.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(files):
            (folder / f"seed{number}").write_bytes(data)


if __name__ == "__main__":
    main()
