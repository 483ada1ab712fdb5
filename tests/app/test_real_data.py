"""Real cubes: their shapes, their singular values against LAPACK, and the published quality."""

import functools
import pathlib

import h5py
import numpy as np
import scipy.io

from program_case import DATA, SOURCE, Case, arrays, at_ranks, main, needs_data, summary

JASPER = """
[data]
path = "hyperspectral/jasperRidge2_R198.mat:Y"
axes = ["bands", "rows", "cols"]
shape = [198, 100, 100]
[method]
name = "svd"
truncation = "rank"
[output]
pictures = false
arrays = []
"""

INDIAN = """
[data]
path = "hyperspectral/simu_indian.mat:Ori_H"
axes = ["rows", "cols", "bands"]
[[corrupt]]
kind = "gaussian"
sigma = 0.1
[method]
name = "svd"
[output]
pictures = false
arrays = []
quality_range = 1.0
"""


@functools.cache
def jasper():
    """Singular values of pixels x bands by LAPACK."""
    path = pathlib.Path(DATA, "hyperspectral/jasperRidge2_R198.mat")
    return np.linalg.svd(scipy.io.loadmat(path)["Y"].astype(float).T, compute_uv=False)


@needs_data
class Shapes(Case):
    def assert_told(self, file, *patterns):
        outcome = self.tessera(2, "info", pathlib.Path(DATA, file))
        self.assertEqual((outcome.code, outcome.stderr), (0, ""), outcome)
        for pattern in patterns:
            self.assertRegex(outcome.stdout, pattern)

    def test_matlab_5(self):
        self.assert_told("hyperspectral/jasperRidge2_R198.mat", r":Y +198 x 10000 ",
                         r":A +4 x 10000 ", r":M +198 x 4 ")
        self.assert_told("hyperspectral/HYDICE_data.mat", r":data +100 x 80 x 162 ",
                         r":map +100 x 80 ")
        self.assert_told("hyperspectral/simu_indian.mat", r":Ori_H +145 x 145 x 224 ")

    def test_matlab_7_3(self):
        # As MATLAB shows it; HDF5 has it the other way round, as 102 x 100 x 100.
        self.assert_told("hyperspectral/pavia_centre_crop.mat", r"data +100 x 100 x 102 ",
                         r"groundtruth +100 x 100 ")

    def test_envi(self):
        self.assert_told("hyperspectral/corn-kernel-hyperspectral.hdr", r"31 x 43 x 580 ",
                         "uint16", "bil")

    def test_npy(self):
        self.assert_told("multispectral/S2_REFERENCE_SCENES.npy", r"5 x 101 x 100 x 13 ", "float32")


@needs_data
class Values(Case):
    """What the program read, against a second reader."""

    @at_ranks(1, 2, 4)
    def test_values(self, ranks):
        def path(name):
            return pathlib.Path(DATA, name)

        pavia = h5py.File(path("hyperspectral/pavia_centre_crop.mat"), "r")["data"][()]
        corn = np.fromfile(path("hyperspectral/corn-kernel-hyperspectral.raw"), "<u2")
        jasper_cube = scipy.io.loadmat(path("hyperspectral/jasperRidge2_R198.mat"))["Y"]
        cases = [
            ("hyperspectral/jasperRidge2_R198.mat:Y", '["bands", "rows", "cols"]',
             "shape = [198, 100, 100]",
             jasper_cube.reshape((198, 100, 100), order="F").transpose(1, 2, 0)),
            ("hyperspectral/pavia_centre_crop.mat:data", '["rows", "cols", "bands"]', "",
             pavia.transpose(2, 1, 0)),
            ("hyperspectral/HYDICE_data.mat:data", '["rows", "cols", "bands"]', "",
             scipy.io.loadmat(path("hyperspectral/HYDICE_data.mat"))["data"]),
            # Lines of bands of samples.
            ("hyperspectral/corn-kernel-hyperspectral.hdr", "[]", "",
             corn.reshape(31, 580, 43).transpose(0, 2, 1)),
            ("multispectral/S2_REFERENCE_SCENES.npy", '["time", "rows", "cols", "bands"]', "",
             np.load(path("multispectral/S2_REFERENCE_SCENES.npy"))),
        ]
        for number, (file, axes, more, expected) in enumerate(cases):
            with self.subTest(file=file):
                # Scene and numbers as they are; the file is only read, and written as `input`.
                deck = (f'[data]\npath = "{file}"\n{more}\n' +
                        (f"axes = {axes}\n" if axes != "[]" else "") +
                        '[method]\nname = "svd"\ntruncation = "rank"\nrank = 1\n'
                        '[output]\npictures = false\narrays = ["input"]\n')
                run = self.run_deck(ranks, deck, name=f"case-{number}")
                with h5py.File(run / "result.h5") as result:
                    stored = result["result/input"]
                    modes = list(stored.attrs["tensor_modes"])
                    self.assertEqual(tuple(stored.attrs["tensor_shape"]), expected.shape)
                    # The last three modes are an image; those before are merged into its z axis.
                    values = stored[()].reshape([expected.shape[mode] for mode in modes])
                self.assertTrue(np.array_equal(values.transpose(np.argsort(modes)), expected))


@needs_data
class Components(Case):
    """Amino acids: the components of cp are the substances, whose concentrations are known."""

    @at_ranks(1, 2)
    def test_concentrations(self, ranks):
        deck = (SOURCE / "inputs/amino_acids_cp.toml").read_text()
        found = arrays(self.run_deck(ranks, deck, "output.pictures=false"))
        samples = found["factors/factor_samples"]
        known = scipy.io.loadmat(pathlib.Path(DATA, "sparse/amino.mat"))["Y"]
        self.assertEqual((samples.shape, known.shape), ((5, 3), (5, 3)))
        # Each substance has its own component; how much the rest of a matrix of correlations shows
        # is a property of the five mixtures.
        match = np.abs(np.corrcoef(samples.T, known.T)[:3, 3:])
        self.assertEqual(sorted(match.argmax(axis=1)), [0, 1, 2])
        self.assertGreater(match.max(axis=1).min(), 0.99)


@needs_data
class SingularValues(Case):
    """The Jasper Ridge unfolding, 10000 x 198, with every solver."""

    def singular_values(self, ranks, solver, count, *assignments):
        deck = JASPER.replace("[output]", f'solver = "{solver}"\nrank = {count}\n[output]')
        run = self.run_deck(ranks, deck, *assignments)
        return arrays(run)["factors/singular_values"]

    def assert_agree(self, found, count):
        self.assertGreaterEqual(found.size, count)
        np.testing.assert_allclose(found[:count], jasper()[:count], rtol=1e-10, atol=0)

    @at_ranks(1, 2, 4)
    def test_tsqr(self, ranks):
        self.assert_agree(self.singular_values(ranks, "tsqr", 5), 198)

    @at_ranks(1, 2, 4)
    def test_scalapack(self, ranks):
        self.assert_agree(self.singular_values(ranks, "scalapack", 198,
                                               "method.triplets_per_step=198"), 198)

    @at_ranks(1, 2, 4)
    def test_trlanczos(self, ranks):
        self.assert_agree(self.singular_values(ranks, "trlanczos", 20,
                                               "method.triplets_per_step=8"), 20)

    @at_ranks(1, 2, 4)
    def test_cross(self, ranks):
        self.assert_agree(self.singular_values(ranks, "cross", 10), 10)

    @at_ranks(1, 2, 4)
    def test_randomized(self, ranks):
        self.assert_agree(self.singular_values(ranks, "randomized", 10), 10)


@needs_data
class Quality(Case):
    """The simulated Indian Pines with Gaussian noise of 0.1: figures of other people's programs."""

    def figures(self, *assignments, name):
        return summary(self.run_deck(2, INDIAN, *assignments, name=name))["figures"]

    def test_published_figures(self):
        for rank, psnr, ssim, ergas, sam in [(10, 33.4, 0.837, 5.1, 2.4),
                                             (5, 31.5, 0.885, 6.8, 2.8)]:
            with self.subTest(rank=rank):
                found = self.figures('method.truncation="rank"', f"method.rank={rank}",
                                     name=f"rank-{rank}")
                self.assertAlmostEqual(found["input_mean_psnr"], 20.0, delta=0.05)
                self.assertAlmostEqual(found["mean_psnr"], psnr, delta=0.3)
                self.assertAlmostEqual(found["ssim"], ssim, delta=0.01)
                self.assertAlmostEqual(found["ergas"], ergas, delta=0.1)
                self.assertAlmostEqual(found["sam_degrees"], sam, delta=0.1)

    def test_rank_chosen_from_the_noise(self):
        noisy = self.run_deck(2, INDIAN, 'output.arrays=["input", "truth"]', name="noisy")
        found = arrays(noisy)
        matrix, truth = (found[name].reshape(224, -1).T for name in ("input", "truth"))
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        best = min(range(3, 16), key=lambda rank: np.linalg.norm(
            (left[:, :rank] * values[:rank]) @ right[:rank] - truth))
        # The same cube as if it had been measured, with noise that nobody knows.
        measured = (INDIAN.replace("hyperspectral/simu_indian.mat:Ori_H",
                                   f"{noisy}/result.h5:/result/input")
                    .replace('axes = ["rows", "cols", "bands"]', "")
                    .replace('[[corrupt]]\nkind = "gaussian"\nsigma = 0.1\n', ""))
        for rule in ("hysime", "threshold"):
            for deck, level in ((INDIAN, "known"), (measured, "estimated")):
                with self.subTest(rule=rule, level=level, best=best):
                    run = self.run_deck(2, deck, f'method.truncation="{rule}"',
                                        name=f"{rule}-{level}")
                    rank = arrays(run)["factors/weights"].size
                    self.assertLessEqual(abs(rank - best), 2)
                    if rule == "threshold":
                        self.assertIn(f"({level}", (run / "log.txt").read_text())
        # Shrinkage keeps what truncation would rather lose, with small weights, and is never worse.
        shrunk = self.run_deck(2, INDIAN, 'method.truncation="shrinkage"', name="shrunk")
        best_error = np.linalg.norm((left[:, :best] * values[:best]) @ right[:best] - truth)
        error = summary(shrunk)["figures"]["relative_error"] * np.linalg.norm(truth)
        self.assertLess(error, best_error)
        weights = arrays(shrunk)["factors/weights"]
        self.assertLessEqual(abs(np.sum(weights > 0.5) - best), 2)


if __name__ == "__main__":
    main()
