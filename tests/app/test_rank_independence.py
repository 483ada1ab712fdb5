"""The answer depends neither on the number of ranks nor on the process grid.

Data and noise must be the same to the last bit, what is computed from them to 1e-10 relative.
"""

import numpy as np

from program_case import Case, arrays, main

GRIDS = [(1, None), (2, None), (3, None), (4, [4, 1, 1]), (4, [2, 2, 1]), (4, [1, 2, 2]),
         (4, [1, 1, 4])]


def deck_of(corruption, method):
    return f"""
[data]
scene = "hyperspectral"
scene_shape = [23, 19, 30]
{corruption}
[method]
name = "svd"
{method}
[output]
pictures = false
"""


GAUSSIAN = '[[corrupt]]\nkind = "gaussian"\nsigma = 0.05\n'
MISSING = '[[corrupt]]\nkind = "missing"\nkeep = 0.4\n'
POISSON = '[[corrupt]]\nkind = "poisson"\npeak = 300.0\nreadout = 2.0\n'
# Corruptions that draw lines and share out entries, each of which must know its global place.
MIXED = GAUSSIAN + ('[[corrupt]]\nkind = "salt-pepper"\nratio = 0.1\n'
                    '[[corrupt]]\nkind = "deadline"\n'
                    '[[corrupt]]\nkind = "stripe"\ncount = [2, 5]\n')


class RankIndependence(Case):
    def compare(self, deck, tolerance=1e-10, grids=GRIDS):
        """The same deck on all grids; returns the reference's arrays."""
        reference = None
        for ranks, grid in grids:
            name = f"run-{len(list(self.folder.iterdir()))}"
            assignments = [f"parallel.grid={grid}"] if grid else []
            found = arrays(self.run_deck(ranks, deck, *assignments, name=name))
            reference = reference or found
            self.assertEqual(found.keys(), reference.keys())
            with self.subTest(ranks=ranks, grid=grid):
                for array in ("truth", "input", "mask"):
                    if array in reference:
                        self.assertEqual(found[array].tobytes(), reference[array].tobytes(), array)
                for array in ("estimate", "factors/singular_values", "factors/weights"):
                    self.assert_near(found[array], reference[array], tolerance)
                # Singular vectors too, signs included; more loosely, for they turn where two
                # singular values are near.
                self.assert_near(found["factors/right_vectors"],
                                 reference["factors/right_vectors"], 1e3 * tolerance)
        return reference

    def test_tsqr(self):
        found = self.compare(deck_of(GAUSSIAN, 'truncation = "shrinkage"\nsolver = "tsqr"'))
        self.assertGreater(np.linalg.norm(found["input"] - found["truth"]), 0)

    def test_trlanczos(self):
        self.compare(deck_of(GAUSSIAN, 'truncation = "rank"\nrank = 6\nsolver = "trlanczos"\n'
                                       "triplets_per_step = 4"))

    def test_imputation(self):
        found = self.compare(deck_of(MISSING + GAUSSIAN,
                                     'truncation = "rank"\nrank = 3\nimputation_tolerance = 1e-2'))
        self.assertLess(found["mask"].mean(), 0.5)

    def test_counts_and_mixed_noise(self):
        few = [GRIDS[0], GRIDS[2], GRIDS[5]]
        self.compare(deck_of(POISSON, 'truncation = "shrinkage"\nstabilise = "anscombe"'),
                     grids=few)
        self.compare(deck_of(MIXED, 'truncation = "hysime"\nwhiten = true'), grids=few)

    def test_single_precision(self):
        # Sums over 437 pixels in float32 differ by some units in its seventh digit.
        deck = deck_of(GAUSSIAN, 'truncation = "rank"\nrank = 5')
        self.compare(deck + '[run]\nprecision = "float32"\n', tolerance=1e-5,
                     grids=[GRIDS[0], GRIDS[2], GRIDS[5]])

    def test_more_ranks_than_slices(self):
        deck = deck_of(GAUSSIAN, 'truncation = "rank"\nrank = 2').replace("[23, 19, 30]",
                                                                          "[3, 2, 5]")
        self.compare(deck, grids=[(1, None), (4, [4, 1, 1]), (4, [1, 4, 1])])

    def test_repeatable_to_the_last_bit(self):
        deck = deck_of(MISSING, 'truncation = "rank"\nrank = 3\nimputation_tolerance = 1e-2')
        first = arrays(self.run_deck(3, deck, name="first"))
        again = arrays(self.run_deck(3, deck, name="again"))
        for name, values in first.items():
            self.assertEqual(again[name].tobytes(), values.tobytes(), name)


if __name__ == "__main__":
    main()
