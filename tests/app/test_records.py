"""Archives of arrays, IDX, pictures, video and sound: what is read from them, against numpy, Pillow
and scipy; and what is said of damaged files."""

import gzip
import io
import pathlib
import struct
import unittest
import wave
import zipfile
import zlib

import numpy as np
import scipy.io.wavfile

from program_case import DATA, Case, at_ranks, main, needs_data

try:
    from PIL import Image
except ImportError:
    Image = None

needs_pillow = unittest.skipUnless(Image, "python3-pil is not installed")


class Records(Case):
    def read(self, location, ranks=2, *arguments):
        """What the program makes of a file: as an array, by way of an NPY file."""
        outcome = self.tessera(ranks, "convert", location, "read.npy", "--overwrite", *arguments)
        self.assertEqual(outcome.code, 0, outcome)
        return np.load(self.folder / "read.npy")

    def assert_read(self, location, expected, ranks=2):
        values = self.read(location, ranks)
        self.assertEqual(values.shape, expected.shape)
        self.assertTrue(np.array_equal(values, expected, equal_nan=True), location)

    def info(self, location):
        outcome = self.tessera(1, "info", location)
        self.assertEqual(outcome.code, 0, outcome)
        return outcome.stdout

    def refused(self, location, code=3):
        """One sentence, whether a file is listed or read, and no output."""
        sentences = []
        for arguments in (("info", location), ("convert", location, "refused.npy")):
            outcome = self.tessera(2 if arguments[0] == "convert" else 1, *arguments)
            self.assertEqual(outcome.code, code, outcome)
            self.assertEqual(len(outcome.errors), 1, outcome)
            sentences.append(outcome.errors[0])
        self.assertEqual(list(self.folder.glob("refused*")), [])
        return sentences[1]

    def write(self, name, data):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return name


class Npz(Records):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(4)
        self.arrays = {
            "cube": random.random((3, 4, 5)), "counts": random.integers(-9, 9, (6, 7), np.int16),
            "fortran": np.asfortranarray(random.random((4, 6)).astype(np.float32)),
            "big": random.integers(0, 9, (4, 3)).astype(">i4"), "line": np.arange(9.0)}

    @at_ranks(1, 4)
    def test_stored_and_deflated_members(self, ranks):
        for save in (np.savez, np.savez_compressed):
            save(self.folder / "x.npz", **self.arrays)
            for name, array in self.arrays.items():
                self.assert_read(f"x.npz:{name}", array, ranks)

    def test_large_members_are_read_in_parts(self):
        cube = np.random.default_rng(1).integers(0, 50, (40, 300, 500), np.uint8)
        for save in (np.savez, np.savez_compressed):
            save(self.folder / "x.npz", cube)
            part = self.read("x.npz", 3, "--region", "axis0 7:21, axis2 100:333")
            self.assertTrue(np.array_equal(part, cube[7:21, :, 100:333]))

    def test_the_choice_between_arrays_is_told(self):
        np.savez(self.folder / "x.npz", **self.arrays, other=np.ones((2, 3, 4)))
        outcome = self.tessera(2, "convert", "x.npz", "y.npy")
        self.assertEqual(outcome.code, 2, outcome)
        for name in self.arrays:
            self.assertIn(name, self.info("x.npz"))
        self.assertIn("fortran", outcome.errors[0])

    def test_damaged_archives(self):
        np.savez_compressed(self.folder / "x.npz", np.random.default_rng(1).random((40, 50)))
        whole = (self.folder / "x.npz").read_bytes()
        self.assertIn("is damaged", self.refused(self.write("cut.npz", whole[:-300])))
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 0x55]) + whole[middle + 1:]
        outcome = self.tessera(2, "convert", self.write("flip.npz", flipped), "y.npy")
        self.assertEqual(outcome.code, 3, outcome)
        self.assertIn("its member arr_0.npy", outcome.errors[0])
        self.assertFalse((self.folder / "y.npy").exists())

    def test_members_that_are_no_arrays(self):
        with zipfile.ZipFile(self.folder / "x.npz", "w") as archive:
            array = io.BytesIO()
            np.save(array, np.ones((3, 4)))
            archive.writestr("ones.npy", array.getvalue())
            archive.writestr("readme.txt", "no array")
            archive.writestr("short.npy", array.getvalue()[:-5])
        self.assertIn("is truncated", self.refused("x.npz"))
        with zipfile.ZipFile(self.folder / "y.npz", "w") as archive:
            archive.writestr("ones.npy", array.getvalue())
            archive.writestr("readme.txt", "no array")
        self.assert_read("y.npz", np.ones((3, 4)))
        self.assertIn("is no NPY array", self.info("y.npz"))

    @needs_data
    def test_real_archives(self):
        stent = pathlib.Path(DATA, "ct/stent.npz")
        self.assertIn("256 x 128 x 128", self.info(stent))
        self.assert_read(stent, np.load(stent)["arr_0"])
        for name in ("server_room", "beijing_air"):
            path = pathlib.Path(DATA, f"continuous_time/{name}.npz")
            arrays = np.load(path)
            told = self.info(path)
            for key in arrays.files:
                self.assertIn(f":{key} ", told)
            key = max(arrays.files, key=lambda one: arrays[one].size)
            self.assert_read(f"{path}:{key}", arrays[key])


def idx_bytes(array):
    codes = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}
    return (bytes([0, 0, codes[array.dtype.name], array.ndim])
            + struct.pack(f">{array.ndim}I", *array.shape)
            + array.astype(array.dtype.newbyteorder(">")).tobytes())


class Idx(Records):
    def test_types(self):
        for kind in ("uint8", "int8", "int16", "int32", "float32", "float64"):
            array = np.random.default_rng(2).integers(0, 100, (3, 4, 5)).astype(kind)
            self.assert_read(self.write("x.idx", idx_bytes(array)), array)

    @at_ranks(1, 4)
    def test_packed(self, ranks):
        array = np.random.default_rng(2).integers(0, 100, (3, 4, 5)).astype(np.int16)
        self.assert_read(self.write("x.idx.gz", gzip.compress(idx_bytes(array))), array, ranks)

    def test_damaged_files(self):
        whole = idx_bytes(np.arange(60, dtype=np.int16).reshape(3, 4, 5))
        self.assertIn("is truncated", self.refused(self.write("cut.idx", whole[:-1])))
        self.assertIn("is truncated", self.refused(self.write("head.idx", whole[:9])))
        packed = gzip.compress(whole)
        outcome = self.tessera(2, "convert", self.write("cut.idx.gz", packed[:-12]), "y.npy")
        self.assertEqual(outcome.code, 3, outcome)
        self.assertEqual(len(outcome.errors), 1)
        claims = whole[:4] + struct.pack(">3I", 4000, 4000, 4000)
        self.assertIn("truncated", self.refused(self.write("huge.idx.gz", gzip.compress(claims))))

    @needs_data
    def test_real_digits(self):
        for name, head, shape in (("t10k-images-idx3-ubyte.gz", 16, (10000, 28, 28)),
                                  ("t10k-labels-idx1-ubyte.gz", 8, (10000,))):
            path = pathlib.Path(DATA, "digits_objects", name)
            expected = np.frombuffer(gzip.decompress(path.read_bytes())[head:], np.uint8)
            self.assert_read(path, expected.reshape(shape), 3)


def pgm_bytes(array, plain=False, comment=""):
    most = 255 if array.dtype == np.uint8 else 65535
    head = f"P{2 if plain else 5}\n{comment}{array.shape[1]} {array.shape[0]}\n{most}\n".encode()
    if plain:
        return head + "\n".join(" ".join(map(str, row)) for row in array).encode() + b"\n"
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


class Pictures(Records):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(3)
        self.bytes = random.integers(0, 256, (5, 7), np.uint8)
        self.words = random.integers(0, 65536, (5, 7), np.uint16)

    @at_ranks(1, 4)
    def test_plain_and_raw_pgm(self, ranks):
        for array in (self.bytes, self.words):
            for plain in (False, True):
                self.assert_read(self.write("x.pgm", pgm_bytes(array, plain, "# by hand\n")), array,
                                 ranks)

    @needs_pillow
    def test_png(self):
        random = np.random.default_rng(9)
        colour = random.integers(0, 256, (5, 7, 3), np.uint8)
        opacity = random.integers(0, 256, (5, 7, 4), np.uint8)
        for array in (self.bytes, self.words, colour, opacity):
            Image.fromarray(array).save(self.folder / "x.png")
            self.assert_read("x.png", array)
        Image.fromarray(colour).quantize(16).save(self.folder / "palette.png")
        with Image.open(self.folder / "palette.png") as image:
            self.assertEqual(image.mode, "P")
            self.assert_read("palette.png", np.array(image.convert("RGB")))
        Image.fromarray(self.bytes > 99).save(self.folder / "bits.png")
        self.assert_read("bits.png", np.where(self.bytes > 99, 255, 0).astype(np.uint8))

    @at_ranks(1, 3)
    def test_folder_in_natural_order(self, ranks):
        stack = np.random.default_rng(7).integers(0, 256, (12, 4, 3), np.uint8)
        names = [f"s{1 + i // 6 * 9}/img{i % 6 * 5}.pgm" for i in range(12)]
        for name, picture in zip(names, stack):
            self.write(f"faces/{name}", pgm_bytes(picture))
        self.write("faces/README", b"no picture")
        self.write("faces/.hidden/x.pgm", pgm_bytes(self.bytes))
        self.assert_read("faces", stack, ranks)
        told = self.info("faces")
        self.assertIn("12 x 4 x 3", told)
        self.assertIn("1 other file in the folder left out", told)

    def test_folder_with_one_that_differs(self):
        for i in range(4):
            self.write(f"faces/{i}.pgm", pgm_bytes(self.bytes if i != 2 else self.bytes.T))
        sentence = self.refused("faces")
        self.assertIn("faces/2.pgm is 7 x 5 uint8", sentence)
        self.assertIn("faces/0.pgm is 5 x 7 uint8", sentence)

    def test_folders_without_pictures(self):
        (self.folder / "empty").mkdir()
        self.assertIn("empty", self.refused("empty"))
        self.write("texts/a.txt", b"text")
        self.assertIn("texts", self.refused("texts"))

    def test_damaged_pgm(self):
        whole = pgm_bytes(self.bytes)
        self.assertIn("is truncated", self.refused(self.write("cut.pgm", whole[:-1])))
        self.assertIn("is truncated", self.refused(self.write("head.pgm", b"P5\n7 ")))
        self.assertIn("no whole number", self.refused(self.write("word.pgm", b"P5 7 x 255\n")))
        self.assertIn("no whole number", self.refused(self.write("deep.pgm", b"P5 7 5 70000\n")))
        self.assertIn("proper PGM", self.refused(self.write("no.pgm", b"P5 0 5 255\n")))
        beyond = pgm_bytes(self.bytes % 9, plain=True).replace(b"255", b"7", 1)
        outcome = self.tessera(2, "convert", self.write("beyond.pgm", beyond), "y.npy")
        self.assertEqual(outcome.code, 3)
        self.assertIn("no whole number from 0 to 7", outcome.errors[0])

    @needs_pillow
    def test_damaged_png(self):
        Image.fromarray(np.random.default_rng(1).integers(0, 256, (60, 70), np.uint8)).save(
            self.folder / "x.png")
        whole = (self.folder / "x.png").read_bytes()
        self.assertIn("proper PNG", self.refused(self.write("head.png", whole[:30])))
        outcome = self.tessera(2, "convert", self.write("cut.png", whole[:-500]), "y.npy")
        self.assertEqual(outcome.code, 3)
        self.assertIn("cut.png is not a proper PNG file", outcome.errors[0])
        # A header that asks for far more than the file can hold.
        head = b"IHDR" + struct.pack(">IIBBBBB", 500000, 500000, 8, 0, 0, 0, 0)
        huge = whole[:12] + head + struct.pack(">I", zlib.crc32(head)) + whole[33:]
        self.assertIn("is truncated", self.refused(self.write("huge.png", huge)))

    @needs_data
    @needs_pillow
    def test_real_faces(self):
        folder = pathlib.Path(DATA, "faces/att_faces")
        expected = np.stack([np.array(Image.open(folder / f"s{subject}" / f"{number}.pgm"))
                             for subject in range(1, 41) for number in range(1, 11)])
        self.assertEqual(expected.shape, (400, 112, 92))
        self.assert_read(folder, expected, 2)


def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def avi_bytes(frames, height_sign=1, palette=None, compression=0, records=False):
    """Frames: time x rows x cols (x red, green, blue)."""
    rows, cols = frames.shape[1:3]
    bits = 8 if frames.ndim == 3 else 24
    stored = []
    for frame in frames:
        lines = frame.reshape(rows, -1) if bits == 8 else frame[..., ::-1].reshape(rows, -1)
        lines = lines[::-1] if height_sign > 0 else lines
        stored.append(b"".join(bytes(line) + b"\0" * (-len(line) % 4) for line in lines))
    strh = b"vidsDIB " + struct.pack("<IHHIIIIIIIIhhhh", 0, 0, 0, 0, 1, 25, 0, len(frames), 0, 0, 0,
                                     0, 0, cols, rows)
    strf = struct.pack("<IiiHHIIiiII", 40, cols, height_sign * rows, 1, bits, compression, 0, 0, 0,
                       0 if palette is None else len(palette), 0)
    for colour in palette if palette is not None else []:
        strf += bytes([*colour, 0])
    strl = chunk(b"LIST", b"strl" + chunk(b"strh", strh) + chunk(b"strf", strf))
    hdrl = chunk(b"LIST", b"hdrl" + chunk(b"avih", bytes(56)) + strl)
    images = b"".join(chunk(b"00db", frame) for frame in stored)
    if records:
        images = chunk(b"LIST", b"rec " + images)
    return chunk(b"RIFF", b"AVI " + hdrl + chunk(b"JUNK", bytes(5))
                 + chunk(b"LIST", b"movi" + images) + chunk(b"idx1", bytes(16)))


class Video(Records):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(5)
        self.grey = random.integers(0, 256, (6, 5, 7), np.uint8)
        self.colour = random.integers(0, 256, (6, 5, 7, 3), np.uint8)

    @at_ranks(1, 4)
    def test_frames(self, ranks):
        for frames in (self.grey, self.colour):
            for sign in (1, -1):
                self.assert_read(self.write("x.avi", avi_bytes(frames, sign)), frames, ranks)
        self.assert_read(self.write("x.avi", avi_bytes(self.grey, records=True)), self.grey, ranks)

    def test_axes_and_palettes(self):
        told = self.info(self.write("x.avi", avi_bytes(self.colour)))
        self.assertIn("6 x 5 x 7 x 3", told)
        self.assertIn("axes time, rows, cols, bands", told)
        inverse = [(255 - i,) * 3 for i in range(256)]
        self.assert_read(self.write("y.avi", avi_bytes(self.grey, palette=inverse)),
                         255 - self.grey)
        self.assertIn("palette of colours", self.refused(
            self.write("z.avi", avi_bytes(self.grey, palette=[(1, 2, 3)] * 256))))

    def test_an_empty_frame_repeats_the_one_before(self):
        whole = avi_bytes(self.grey)
        # The third frame's name and length, and the rest of it becomes a chunk that nobody reads.
        place = [i for i in range(len(whole)) if whole[i:i + 4] == b"00db"][2]
        length = struct.unpack("<I", whole[place + 4:place + 8])[0]
        changed = (whole[:place] + b"00db" + bytes(4) + b"JUNK" + struct.pack("<I", length - 8)
                   + whole[place + 16:])
        expected = self.grey.copy()
        expected[2] = expected[1]
        self.assert_read(self.write("x.avi", changed), expected)

    def test_damaged_videos(self):
        whole = avi_bytes(self.grey)
        self.assertIn("is truncated", self.refused(self.write("cut.avi", whole[:-100])))
        self.assertIn("compressed frames ('MJPG')", self.refused(
            self.write("mjpg.avi", avi_bytes(self.grey, compression=0x47504A4D))))
        self.assertIn("no header", self.refused(self.write("no.avi", chunk(b"RIFF", b"AVI "))))
        shorter = whole.replace(struct.pack("<ii", 7, 5), struct.pack("<ii", 7, 9), 1)
        self.assertIn("frame 1 has 40 bytes, expected 72",
                      self.refused(self.write("short.avi", shorter)))

    @needs_data
    def test_real_video(self):
        path = pathlib.Path(DATA, "video/demo.avi")
        values = self.read(path)
        self.assertEqual(values.shape, (51, 48, 48, 3))
        raw, place, frames = path.read_bytes(), 0, []
        while (place := raw.find(b"00db" + struct.pack("<I", 6912), place)) >= 0:
            frames.append(np.frombuffer(raw[place + 8:place + 8 + 6912], np.uint8))
            place += 8 + 6912
        expected = np.stack(frames).reshape(-1, 48, 48, 3)[:, ::-1, :, ::-1]
        self.assertTrue(np.array_equal(values, expected))


class Sound(Records):
    def test_pcm(self):
        random = np.random.default_rng(6)
        for width, kind in ((1, np.uint8), (2, np.int16), (4, np.int32)):
            for channels in (1, 3):
                info = np.iinfo(kind)
                sound = random.integers(info.min, info.max, (20, channels), kind, endpoint=True)
                with wave.open(str(self.folder / "x.wav"), "wb") as file:
                    file.setnchannels(channels)
                    file.setsampwidth(width)
                    file.setframerate(8000)
                    file.writeframes(sound.tobytes())
                self.assert_read("x.wav", sound)
        self.assertIn("sample rate = 8000 Hz", self.info("x.wav"))

    @at_ranks(1, 4)
    def test_24_bits(self, ranks):
        sound = np.random.default_rng(8).integers(-2**23, 2**23, (40, 2), np.int32)
        with wave.open(str(self.folder / "x.wav"), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(3)
            file.setframerate(44100)
            file.writeframes(b"".join(int(value).to_bytes(3, "little", signed=True)
                                      for value in sound.flat))
        self.assert_read("x.wav", sound, ranks)
        rate, values = scipy.io.wavfile.read(self.folder / "x.wav")
        self.assertEqual(rate, 44100)
        self.assertTrue(np.array_equal(values >> 8, sound))

    def test_real_numbers(self):
        for kind in (np.float32, np.float64):
            sound = np.random.default_rng(2).standard_normal((30, 2)).astype(kind)
            scipy.io.wavfile.write(self.folder / "x.wav", 16000, sound)
            self.assert_read("x.wav", sound)

    def test_damaged_sounds(self):
        scipy.io.wavfile.write(self.folder / "x.wav", 8000, np.ones((30, 2), np.int16))
        whole = (self.folder / "x.wav").read_bytes()
        self.assertIn("is truncated", self.refused(self.write("cut.wav", whole[:-1])))
        self.assertIn("no format or no data", self.refused(
            self.write("no.wav", chunk(b"RIFF", b"WAVE" + chunk(b"data", bytes(4))))))
        law = whole[:20] + struct.pack("<H", 7) + whole[22:]
        self.assertIn("sound of the kind 7", self.refused(self.write("law.wav", law)))
        frames = whole[:32] + struct.pack("<H", 3) + whole[34:]
        self.assertIn("do not make frames", self.refused(self.write("frames.wav", frames)))

    @needs_data
    def test_real_sounds(self):
        files = sorted(pathlib.Path(DATA, "speech/fsdd").glob("*.wav"))
        self.assertEqual(len(files), 40)
        for path in files[::13]:
            rate, values = scipy.io.wavfile.read(path)
            self.assertIn(f"sample rate = {rate} Hz", self.info(path))
            self.assert_read(path, values[:, None])


if __name__ == "__main__":
    main()
