"""Every command: its help, what it prints, what it returns."""

import json

import h5py
import numpy as np
import scipy.io
import scipy.ndimage

from program_case import Case, at_ranks, main, summary

COMMANDS = ["run", "resume", "check", "info", "evaluate", "help", "template",
            "schema", "plan", "simulate", "report",
            "selftest"]

SCENE = """
[data]
scene = "hyperspectral"
scene_shape = [16, 14, 20]
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


class Speaking(Case):
    def say(self, ranks, *arguments):
        """What a command prints that must succeed, and print nothing else."""
        outcome = self.tessera(ranks, *arguments)
        self.assertEqual((outcome.code, outcome.stderr), (0, ""), outcome)
        return outcome.stdout


class Commands(Speaking):
    def test_help_of_every_command(self):
        overview = self.say(1, "--help")
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", overview)
            text = self.say(1, command, "--help")
            self.assertIn(f"tessera {command}", text)
            self.assertRegex(text, r"Examples?:\n  .*tessera " + command)

    def test_version(self):
        self.assertRegex(self.say(2, "--version"), r"^\d+\.\d+\.\d+ \([0-9a-f]{7,}.*\)\n$")

    def test_help_of_decks(self):
        overview = self.say(2, "help")
        for table in ("[data]", "[truth]", "[[corrupt]]", "[method]", "[run]", "[output]",
                      "[expect]"):
            self.assertIn(table, overview)
        method = self.say(1, "help", "svd")
        self.assertIn("method.rank", method)
        self.assertIn("Gavish and Donoho", method)
        key = self.say(1, "help", "method.rank")
        self.assertIn("integer >= 1", key)
        self.assertIn("default: 10", key)
        self.assertNotIn("method.energy", key)
        self.assertIn("duration", self.say(1, "help", "run.time_limit"))
        self.assertIn("corrupt", self.say(1, "help", "salt-pepper"))

    @at_ranks(1, 2)
    def test_templates_run(self, ranks):
        shorter = {"svd": ["method.imputation_tolerance=0.01"], "nmf": ["method.rank=4"]}
        for method, assignments in shorter.items():
            for task in ("denoise", "complete"):
                text = self.say(ranks, "template", method, "--task", task)
                self.run_deck(ranks, text, "data.scene_shape=[16, 16, 12]",
                              "output.pictures=false", *assignments, name=f"{method}-{task}")

    def test_check(self):
        np.save(self.folder / "cube.npy", np.ones((6, 5, 4)))
        self.write_deck('[data]\npath = "cube.npy"\naxes = ["rows", "cols", "bands"]\n'
                        '[method]\nname = "svd"\n')
        text = self.say(4, "check", "deck.toml", "parallel.grid=[2,2,1]")
        self.assertIn("rows 6 x cols 5 x bands 4", text)
        self.assertIn("process grid 2 x 2 x 1", text)
        self.assertIn("no fault found", text)
        self.assertFalse((self.folder / "runs").exists())
        outcome = self.tessera(2, "check", "deck.toml", "method.truncation=\"rank\"",
                               "method.rank=5")
        self.assertEqual(outcome.code, 2, outcome)
        self.assertIn("method.rank is 5", outcome.errors[0])

    def test_quiet(self):
        self.write_deck(SCENE)
        outcome = self.tessera(2, "-q", "run", "deck.toml", 'output.name="quiet"')
        self.assertEqual((outcome.code, outcome.stdout, outcome.stderr), (0, "runs/quiet\n", ""))
        log = (self.folder / "runs/quiet/log.txt").read_text()
        self.assertIn("process grid", log)
        # Also behind the command; errors are told all the same.
        outcome = self.tessera(2, "run", "-q", "deck.toml", 'output.name="quiet"')
        self.assertEqual((outcome.code, len(outcome.errors)), (2, 1), outcome)

    def test_data_folder(self):
        # A relative path is also looked for below TESSERA_DATA; a file here comes first.
        np.save(self.folder / "here.npy", np.ones((3, 4, 5)))
        text = self.say(1, "info", "here.npy")
        self.assertIn("3 x 4 x 5", text)

    def test_info(self):
        cube = np.arange(24.0).reshape(2, 3, 4)
        np.save(self.folder / "c.npy", np.asfortranarray(cube.astype(">f4")))
        scipy.io.savemat(self.folder / "c.mat", {"Y": cube, "label": "two words"})
        with h5py.File(self.folder / "c.h5", "w") as file:
            file["a/cube"] = cube.astype(np.int16)
            file["a/cube"].attrs["units"] = "counts"
            file["number"] = 3.0
        text = self.say(2, "info", "c.npy")
        self.assertIn("2 x 3 x 4", text)
        self.assertIn("float32", text)
        text = self.say(1, "info", "c.mat")
        self.assertRegex(text, r"c\.mat:Y +2 x 3 x 4 +float64")
        self.assertIn("label", text)
        text = self.say(1, "info", "c.h5")
        self.assertRegex(text, r"/a/cube +2 x 3 x 4 +int16")
        self.assertIn("units = counts", text)
        self.assertIn("/number", text)


def ssim_of_image(truth, estimate, data_range):
    """Wang et al. 2004: Gaussian window 11 x 11 of sigma 1.5, where it lies within the image."""
    def mean(image):
        return scipy.ndimage.gaussian_filter(image, 1.5, truncate=5 / 1.5)[5:-5, 5:-5]
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    x, y = mean(truth), mean(estimate)
    xx, yy, xy = (mean(a) - b for a, b in ((truth * truth, x * x), (estimate * estimate, y * y),
                                           (truth * estimate, x * y)))
    return np.mean((2 * x * y + c1) * (2 * xy + c2) / ((x * x + y * y + c1) * (xx + yy + c2)))


class Evaluate(Speaking):
    """The figures against numpy's."""

    def setUp(self):
        super().setUp()
        random = np.random.default_rng(5)
        self.truth = 0.2 + random.random((14, 13, 6))
        self.estimate = self.truth + 0.1 * random.standard_normal(self.truth.shape)
        self.estimate[:, :, 2] = self.truth[:, :, 2]
        with h5py.File(self.folder / "truth.h5", "w") as file:
            file["cube"] = self.truth
        np.save(self.folder / "estimate.npy", self.estimate)

    def evaluate(self, ranks, *arguments):
        return json.loads(self.say(ranks, "evaluate", "truth.h5:/cube", "estimate.npy", "--json",
                                   "--axes", "rows,cols,bands", *arguments))

    def expected(self, counted, data_range=None):
        error = np.where(counted, self.estimate - self.truth, 0.0)
        number = counted.sum()
        values = self.truth[counted]
        data_range = data_range or values.max() - values.min()
        mse = (error**2).sum() / number
        band_mse = (error**2).sum((0, 1)) / counted.sum((0, 1))
        inexact = band_mse > 0
        means = np.where(counted, self.truth, 0.0).sum((0, 1)) / counted.sum((0, 1))
        x = np.where(counted, self.truth, 0.0)
        y = np.where(counted, self.estimate, 0.0)
        seen = (x * x).sum(2) > 0
        cosine = (x * y).sum(2)[seen] / np.sqrt((x * x).sum(2) * (y * y).sum(2))[seen]
        return {"mse": mse, "rmse": np.sqrt(mse), "mae": np.abs(error).sum() / number,
                "psnr": 10 * np.log10(data_range**2 / mse),
                "mean_psnr": np.mean(10 * np.log10(data_range**2 / band_mse[inexact])),
                "exact_bands": np.sum(~inexact),
                "sam_degrees": np.degrees(np.mean(np.arccos(np.minimum(1.0, cosine)))),
                "ergas": 100 * np.sqrt(np.mean(band_mse / means**2)),
                "ergas_legacy": 100 * np.sqrt(np.mean(255 / data_range * band_mse / means)),
                "relative_error": np.sqrt((error**2).sum() / (values**2).sum()),
                "range": data_range, "entries": number}

    def assert_figures(self, found, expected):
        self.assertEqual(found.keys(), expected.keys())
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-10, err_msg=name)

    @at_ranks(1, 2, 4)
    def test_figures(self, ranks):
        everything = np.ones(self.truth.shape, bool)
        expected = self.expected(everything)
        images = zip(np.moveaxis(self.truth, 2, 0), np.moveaxis(self.estimate, 2, 0))
        expected["ssim"] = np.mean([ssim_of_image(*pair, expected["range"]) for pair in images])
        self.assert_figures(self.evaluate(ranks), expected)

    @at_ranks(1, 2, 4)
    def test_figures_of_masked_entries(self, ranks):
        counted = np.random.default_rng(6).random(self.truth.shape) < 0.4
        # Any number but 0 marks an entry that counts.
        np.save(self.folder / "mask.npy", np.where(counted, 255, 0).astype(np.uint8))
        found = self.evaluate(ranks, "--mask", "mask.npy", "--range", "2.0")
        self.assert_figures(found, self.expected(counted, 2.0))

    @at_ranks(1, 3)
    def test_result_against_the_truth_in_another_order(self, ranks):
        np.save(self.folder / "cube.npy", self.truth.transpose(2, 0, 1))
        run = self.run_deck(2, SCENE.replace('scene = "hyperspectral"', 'path = "cube.npy"\n'
                                             'axes = ["bands", "rows", "cols"]'))
        found = json.loads(self.say(ranks, "evaluate", "cube.npy",
                                    f"{run}/result.h5:/result/estimate", "--axes",
                                    "bands,rows,cols", "--json"))
        expected = summary(run)["figures"]
        self.assert_figures(found, {name: expected[name] for name in found})
        self.assertGreater(len(found), 8)

    def test_text_and_bands(self):
        text = self.say(2, "evaluate", "truth.h5:/cube", "estimate.npy", "--per-band",
                        "--axes", "rows,cols,bands")
        figures = dict(line.split() for line in text.splitlines())
        error = self.estimate - self.truth
        expected = self.expected(np.ones(self.truth.shape, bool))
        self.assertAlmostEqual(float(figures["psnr"]), expected["psnr"], 5)
        band = 10 * np.log10(expected["range"] ** 2 / np.mean(error[:, :, 4] ** 2))
        self.assertAlmostEqual(float(figures["psnr[4]"]), band, 3)
        self.assertEqual(figures["psnr[2]"], "inf")


if __name__ == "__main__":
    main()
