"""What a deck says about its input, against the same done by numpy."""

import json
import sys

import numpy as np

from program_case import SOURCE, Case, arrays, at_ranks, main, summary

sys.path.insert(0, str(SOURCE / "jobs"))
import tessera_result  # noqa: E402

BANDS, ROWS, COLS = 5, 8, 6


def deck_of(more="", tables=""):
    return (f'[data]\npath = "cube.npy"\naxes = ["bands", "rows", "cols"]\n{more}\n'
            '[method]\nname = "svd"\ntruncation = "rank"\nrank = 2\n'
            f'[output]\npictures = false\n{tables}')


class Input(Case):
    def setUp(self):
        super().setUp()
        self.cube = 1.0 + np.random.default_rng(11).random((BANDS, ROWS, COLS))
        np.save(self.folder / "cube.npy", self.cube)

    def result(self, deck, ranks):
        return tessera_result.load(str(self.run_deck(ranks, deck)))

    def assert_input(self, deck, expected, ranks=2):
        found = self.result(deck, ranks)["input"]
        self.assertEqual(found.shape, expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-14)

    @at_ranks(1, 3)
    def test_region_and_bins(self, ranks):
        expected = self.cube[:, 2:8, 1:5].transpose(1, 2, 0)
        expected = expected.reshape(3, 2, 4, BANDS).mean(1)
        self.assert_input(deck_of("region = { rows = [2, 8], cols = [1, 5] }\nbin = { rows = 2 }"),
                          expected, ranks)

    def test_order(self):
        self.assert_input(deck_of('order = ["cols", "bands", "rows"]'),
                          self.cube.transpose(2, 0, 1))

    def test_folded_matrix(self):
        np.save(self.folder / "cube.npy", self.cube.reshape(BANDS, ROWS * COLS))
        self.assert_input(deck_of(f"shape = [{BANDS}, {ROWS}, {COLS}]"),
                          self.cube.transpose(1, 2, 0))

    def test_scales(self):
        least, most = self.cube.min((1, 2)), self.cube.max((1, 2))
        expected = {
            "max": (0.0, self.cube.max()),
            "min-max": (self.cube.min(), self.cube.max() - self.cube.min()),
            "band-min-max": (least, most - least)}
        for kind, (offset, factor) in expected.items():
            with self.subTest(kind=kind):
                run = self.run_deck(2, deck_of(f'scale = "{kind}"'), name=kind)
                found = tessera_result.load(str(run))["input"]
                plain = self.cube.transpose(1, 2, 0)
                np.testing.assert_allclose(found, (plain - offset) / factor, atol=1e-14)
                # And back again with what the manifest keeps.
                scaling = json.loads((run / "manifest.json").read_text())["scaling"]
                back = found * np.array(scaling["factor"]) + np.array(scaling["offset"])
                np.testing.assert_allclose(back, plain, rtol=1e-14)

    @at_ranks(1, 2, 4)
    def test_missing_entries(self, ranks):
        """Told by NaN, by 0 or by a mask with any number but 0: the same mask, the same answer."""
        observed = np.random.default_rng(2).random(self.cube.shape) < 0.8
        masks = np.where(observed, 7, 0).astype(np.uint8)
        np.save(self.folder / "mask.npy", masks)
        answers = []
        for mark, more in ((np.nan, 'missing = "nan"'), (0.0, 'missing = "zero"'),
                           (1e30, 'mask = "mask.npy"')):
            np.save(self.folder / "cube.npy", np.where(observed, self.cube, mark))
            run = self.run_deck(ranks, deck_of(more + '\nscale = "max"'),
                                "method.imputation_tolerance=0.02", name=f"run-{len(answers)}")
            found = tessera_result.load(str(run))
            answers.append(found["estimate"])
            self.assertTrue(np.array_equal(found["mask"], observed.transpose(1, 2, 0)))
            scaled = np.where(observed, self.cube, 0.0) / self.cube[observed].max()
            np.testing.assert_allclose(found["input"], scaled.transpose(1, 2, 0), rtol=1e-14)
        for answer in answers:
            self.assertEqual(answer.tobytes(), answers[0].tobytes())

    def test_truth_from_a_file(self):
        noisy = self.cube + 0.1 * np.random.default_rng(4).standard_normal(self.cube.shape)
        np.save(self.folder / "truth.npy", self.cube)
        np.save(self.folder / "cube.npy", noisy)
        run = self.run_deck(2, deck_of('scale = "max"', '[truth]\npath = "truth.npy"\n'
                                       'axes = ["bands", "rows", "cols"]\n'))
        # Both are scaled by what the data are divided by.
        found = tessera_result.load(str(run))
        np.testing.assert_allclose(found["truth"], self.cube.transpose(1, 2, 0) / noisy.max(),
                                   rtol=1e-14)
        rmse = np.sqrt(np.mean((noisy - self.cube) ** 2)) / noisy.max()
        self.assertAlmostEqual(summary(run)["figures"]["input_rmse"] / rmse, 1.0, 10)

    def test_data_that_lack_entries_are_no_truth(self):
        self.cube[1, 2, 3] = np.nan
        np.save(self.folder / "cube.npy", self.cube)
        run = self.run_deck(2, deck_of('missing = "nan"', '[[corrupt]]\nkind = "gaussian"\n'
                                       "sigma = 0.1\n"))
        self.assertNotIn("rmse", summary(run)["figures"])
        self.assertNotIn("truth", arrays(run))
        self.assertIn("no truth", (run / "log.txt").read_text())


if __name__ == "__main__":
    main()
