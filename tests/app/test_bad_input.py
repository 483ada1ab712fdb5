"""What a user can do wrong: one clear sentence, the right exit code and nothing half-written.

Each case is done on 2 ranks; some on 1 and 4 as well.
"""

import os
import subprocess

import h5py
import numpy as np
import scipy.io

from program_case import RefusalCase, at_ranks, main

SCENE = """
[data]
scene = "hyperspectral"
scene_shape = [16, 16, 20]
[[corrupt]]
kind = "gaussian"
sigma = 0.05
[method]
name = "svd"
truncation = "rank"
rank = 3
[output]
pictures = false
"""


def deck_of(path, more="", tables=""):
    return (f'[data]\npath = "{path}"\n{more}\n[method]\nname = "svd"\ntruncation = "rank"\n'
            f'rank = 2\n[output]\npictures = false\n{tables}')


def cube(shape=(6, 5, 4)):
    return np.arange(np.prod(shape), dtype=float).reshape(shape)


class BadInput(RefusalCase):
    # The deck.

    @at_ranks(1, 2, 4)
    def test_unknown_key(self, ranks):
        self.refuse(2, SCENE.replace("rank = 3", "rnk = 3"), "deck.toml:11:1", "method.rnk",
                    "unknown key", 'did you mean "rank"?', ranks=ranks)

    def test_unknown_key_on_the_command_line(self):
        self.refuse(2, SCENE, "method.rnk", "unknown key", 'did you mean "rank"?',
                    arguments=["method.rnk=3"])

    def test_assignment_without_value(self):
        self.refuse(2, SCENE, "method.rank", arguments=["method.rank"])

    def test_wrong_type(self):
        self.refuse(2, SCENE.replace("rank = 3", 'rank = "three"'), "deck.toml:11:8", "method.rank",
                    "expected an integer >= 1", '"three"')

    def test_out_of_range(self):
        self.refuse(2, SCENE.replace("sigma = 0.05", "sigma = -1.0"), "deck.toml:7:9",
                    "sigma", "expected a number", "-1")

    def test_not_toml(self):
        self.refuse(2, SCENE + "[run\n", "deck.toml:14", "not valid TOML")

    def test_two_mistakes_are_told_at_once(self):
        deck = SCENE.replace("rank = 3", "rank = 0").replace("sigma", "sgma")
        outcome = self.tessera(2, "run", self.write_deck(deck))
        self.assert_refused(outcome, 2, "sgma")
        self.assertIn("method.rank", outcome.stderr)

    @at_ranks(1, 2, 4)
    def test_rank_larger_than_the_mode(self, ranks):
        self.refuse(2, SCENE.replace("rank = 3", "rank = 21"), "method.rank is 21",
                    "256 x 20 matrix", "at most 20", ranks=ranks)

    @at_ranks(1, 2, 4)
    def test_grid_of_other_ranks(self, ranks):
        self.refuse(2, SCENE, "parallel.grid", "3 x 1 x 1", f"{ranks}", ranks=ranks,
                    arguments=["parallel.grid=[3,1,1]"])

    def test_grid_of_another_order(self):
        self.refuse(2, SCENE, "parallel.grid has 2 extents", "3 modes",
                    arguments=["parallel.grid=[2,1]"])

    def test_more_memory_than_there_is(self):
        # Found when the run begins, for it is the allocation that fails.
        if "ASAN_OPTIONS" in os.environ:
            self.skipTest("the sanitizer ends a program whose allocation fails")
        self.refuse(4, SCENE.replace("[16, 16, 20]", "[400000, 400000, 200]"), "memory",
                    before_the_run=False)

    # The command line.

    def test_missing_deck(self):
        self.assert_refused(self.tessera(2, "run", "nowhere.toml"), 3, "nowhere.toml",
                            "No such file")

    def test_unknown_command(self):
        self.assert_refused(self.tessera(2, "rnu", "deck.toml"), 2, '"rnu" is no command',
                            'did you mean "run"?')

    def test_unknown_option(self):
        self.assert_refused(self.tessera(2, "run", "deck.toml", "--fast"), 2, "--fast")

    @at_ranks(1, 2)
    def test_threads_that_are_no_number(self, ranks):
        for argument in ("--kokkos-num-threads=0", "--kokkos-num-threads", "--kokkos-device-id=x"):
            self.assert_refused(self.tessera(ranks, "--version", argument), 2, argument.split("=")[0],
                                "wants a whole number")

    def test_no_command(self):
        self.assert_refused(self.tessera(2), 2, "subcommand is required", "--help")

    def test_unknown_topic_of_help(self):
        self.assert_refused(self.tessera(1, "help", "method.rnk"), 2, "method.rnk")

    def test_unknown_method_of_template(self):
        self.assert_refused(self.tessera(1, "template", "svdd"), 2, "svdd", '"svd"')

    def test_resume_of_no_run(self):
        (self.folder / "empty").mkdir()
        self.assert_refused(self.tessera(2, "resume", "empty"), 3, "empty", "manifest.json")
        self.assert_refused(self.tessera(2, "resume", "nowhere"), 3, "nowhere")

    # The data.

    @at_ranks(1, 2, 4)
    def test_missing_file(self, ranks):
        self.refuse(3, deck_of("nowhere.npy"), "nowhere.npy", "No such file", ranks=ranks)

    def test_missing_dataset(self):
        with h5py.File(self.folder / "cube.h5", "w") as file:
            file["one/cube"] = cube()
        self.refuse(2, deck_of("cube.h5:/one/cub"), "/one/cub", "/one/cube")

    def truncate(self, name, write, bytes_left):
        path = self.folder / name
        write(path)
        os.truncate(path, bytes_left(path.stat().st_size))

    @at_ranks(1, 2, 4)
    def test_truncated_npy(self, ranks):
        self.truncate("cube.npy", lambda path: np.save(path, cube()), lambda size: size - 8)
        self.refuse(3, deck_of("cube.npy"), "cube.npy", "bytes", ranks=ranks)

    @at_ranks(1, 2, 4)
    def test_truncated_hdf5(self, ranks):
        def write(path):
            with h5py.File(path, "w") as file:
                file["cube"] = cube((40, 50, 60))
        self.truncate("cube.h5", write, lambda size: size // 2)
        self.refuse(3, deck_of("cube.h5:/cube"), "cube.h5", "truncated", ranks=ranks)

    @at_ranks(1, 2, 4)
    def test_truncated_mat(self, ranks):
        self.truncate("cube.mat", lambda path: scipy.io.savemat(path, {"Y": cube((20, 20, 20))}),
                      lambda size: size - 1000)
        self.refuse(3, deck_of("cube.mat:Y"), "cube.mat", ranks=ranks)

    def test_truncated_compressed_mat(self):
        noise = np.random.default_rng(1).random((20, 20, 20))
        self.truncate("cube.mat",
                      lambda path: scipy.io.savemat(path, {"Y": noise}, do_compression=True),
                      lambda size: size - 1000)
        self.refuse(3, deck_of("cube.mat:Y"), "cube.mat")

    @at_ranks(1, 2, 4)
    def test_truncated_envi(self, ranks):
        (self.folder / "cube.hdr").write_text(
            "ENVI\nsamples = 5\nlines = 6\nbands = 4\nheader offset = 0\ndata type = 5\n"
            "interleave = bsq\nbyte order = 0\n")
        cube((4, 6, 5)).tofile(self.folder / "cube.img")
        os.truncate(self.folder / "cube.img", 900)
        self.refuse(3, deck_of("cube.hdr"), "cube.img", "960", "900", ranks=ranks)

    def test_file_of_no_known_format(self):
        (self.folder / "cube.dat").write_bytes(b"\x00" * 5000)
        self.refuse(3, deck_of("cube.dat"), "cube.dat")

    def test_folder_as_file(self):
        (self.folder / "cube.npy").mkdir()
        self.refuse(3, deck_of("cube.npy"), "cube.npy")

    @at_ranks(1, 2, 4)
    def test_nan_and_infinity(self, ranks):
        values = cube()
        values[4, 3, 1] = np.nan
        values[2, 1, 3] = np.inf
        values[5, 4, 3] = -np.inf
        np.save(self.folder / "cube.npy", values)
        self.refuse(3, deck_of("cube.npy", 'axes = ["rows", "cols", "bands"]'), "cube.npy",
                    "3 of 120 values", "(rows, cols, bands) = [2, 1, 3]", 'data.missing = "nan"',
                    ranks=ranks, before_the_run=False)

    def test_infinity_is_never_missing(self):
        values = cube()
        values[0, 0, 0] = np.nan
        values[2, 1, 3] = np.inf
        np.save(self.folder / "cube.npy", values)
        self.refuse(3, deck_of("cube.npy", 'missing = "nan"'), "1 of 120 values", "[2, 1, 3]",
                    before_the_run=False)

    def test_shape_of_the_truth(self):
        np.save(self.folder / "cube.npy", cube())
        np.save(self.folder / "truth.npy", cube((6, 5, 3)))
        self.refuse(2, deck_of("cube.npy", tables='[truth]\npath = "truth.npy"\n'), "truth.path",
                    "6 x 5 x 3", "6 x 5 x 4")

    def test_shape_of_the_mask(self):
        np.save(self.folder / "cube.npy", cube())
        np.save(self.folder / "mask.npy", np.ones((6, 4, 5), np.uint8))
        self.refuse(2, deck_of("cube.npy", 'mask = "mask.npy"'), "data.mask", "6 x 4 x 5",
                    "6 x 5 x 4")

    def test_mask_without_an_observed_entry(self):
        np.save(self.folder / "cube.npy", cube())
        np.save(self.folder / "mask.npy", np.zeros((6, 5, 4), np.uint8))
        self.refuse(2, deck_of("cube.npy", 'mask = "mask.npy"'), "observed", before_the_run=False)

    def test_shape_that_does_not_fold(self):
        np.save(self.folder / "cube.npy", cube((30, 4)))
        self.refuse(2, deck_of("cube.npy", "shape = [5, 5, 4]"), "30 x 4", "[5, 5, 4]")

    def test_region_beyond_the_data(self):
        np.save(self.folder / "cube.npy", cube())
        self.refuse(2, deck_of("cube.npy", 'axes = ["rows", "cols", "bands"]\n'
                               "region = { rows = [0, 7] }"), "rows", "7", "6")

    def test_axis_that_is_not_there(self):
        np.save(self.folder / "cube.npy", cube())
        self.refuse(2, deck_of("cube.npy").replace("rank = 2", 'rank = 2\ncolumns = ["time"]'),
                    "method.columns", '"time"')

    def test_evaluate_of_different_shapes(self):
        np.save(self.folder / "a.npy", cube())
        np.save(self.folder / "b.npy", cube((6, 5, 3)))
        self.assert_refused(self.tessera(2, "evaluate", "a.npy", "b.npy"), 2, "b.npy", "6 x 5 x 3")

    # The output.

    def mount(self, *options):
        folder = self.folder / "disk"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", *options, "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
            self.skipTest("a small file system cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", folder])
        return folder

    def test_output_below_a_file(self):
        (self.folder / "taken").write_text("")
        self.refuse(3, SCENE, "taken", "Not a directory", arguments=['output.folder="taken/runs"'])

    def test_read_only_file_system(self):
        folder = self.mount("-o", "ro")
        self.refuse(3, SCENE, "disk/runs", "Read-only file system",
                    arguments=[f'output.folder="{folder}/runs"'])

    def test_folder_without_permission(self):
        if os.geteuid() == 0:
            self.skipTest("permissions do not stop root")
        (self.folder / "closed").mkdir(mode=0o555)
        self.refuse(3, SCENE, "closed", "Permission denied",
                    arguments=['output.folder="closed/runs"'])

    def test_run_folder_that_is_taken(self):
        self.run_deck(2, SCENE, name="run")
        before = (self.folder / "run/result.h5").read_bytes()
        outcome = self.tessera(2, "run", "run.toml", f'output.folder="{self.folder}"',
                               'output.name="run"')
        self.assertEqual(outcome.code, 2, outcome)
        self.assertIn("already holds something", outcome.errors[0])
        self.assertEqual((self.folder / "run/result.h5").read_bytes(), before)

    @at_ranks(1, 2, 4)
    def test_no_space_for_the_result(self, ranks):
        folder = self.mount("-o", "size=150k")
        self.refuse(3, SCENE, "result.h5", "no space left", "free", ranks=ranks,
                    arguments=[f'output.folder="{folder}"', 'output.name="run"'],
                    before_the_run=False)
        self.assertTrue((folder / "run/.incomplete").exists())

    def test_no_space_for_a_checkpoint(self):
        folder = self.mount("-o", "size=100k")
        deck = SCENE.replace('kind = "gaussian"\nsigma = 0.05', 'kind = "missing"\nkeep = 0.5')
        deck = deck.replace("[16, 16, 20]", "[64, 64, 20]")
        self.refuse(3, deck, "checkpoint/a.h5", "no space left",
                    arguments=[f'output.folder="{folder}"', "run.checkpoint.steps=1"],
                    before_the_run=False)


if __name__ == "__main__":
    main()
