"""Lists of entries from file to factors: predictions, held-out errors, trivial fills, bad input."""

import pathlib

import h5py
import numpy as np

from program_case import DATA, Case, arrays, at_ranks, main, needs_data, summary

SHAPE = (14, 11, 9)

DECK = """
[data]
path = "{path}"
absent = "{absent}"
shape = [14, 11, 9]
index_base = [1]
{more}
[method]
name = "cp"
rank = 2
maximum_steps = 40
tolerance = 1e-12
ridge = 1e-3
[output]
pictures = false
"""


def samples(seed=1, share=0.4, noise=0.05):
    """Positions (from 0) and noisy values of a tensor of two components."""
    random = np.random.default_rng(seed)
    factors = [random.normal(size=(extent, 2)) for extent in SHAPE]
    whole = np.einsum("ir,jr,kr->ijk", *factors) + 3.0
    positions = np.argwhere(random.uniform(size=SHAPE) < share)
    random.shuffle(positions)
    values = whole[tuple(positions.T)] + noise * random.normal(size=len(positions))
    return positions, values


def write_tns(path, positions, values, base=1):
    rows = [" ".join(map(str, position + base)) + f" {float(value)!r}\n"
            for position, value in zip(positions, values)]
    path.write_text("".join(rows))


def errors(values, predictions):
    difference = np.asarray(predictions) - values
    return {"rmse": np.sqrt(np.mean(difference ** 2)), "mae": np.mean(np.abs(difference)),
            "relative_error": np.linalg.norm(difference) / np.linalg.norm(values)}


def mode_means(seen, seen_values, at):
    mean = seen_values.mean()
    result = np.full(len(at), mean)
    for mode in range(3):
        for row, position in enumerate(at):
            own = seen_values[seen[:, mode] == position[mode]]
            result[row] += own.mean() - mean if len(own) else 0.0
    return result


def nearest(seen, seen_values, at):
    """Of the entries that differ in one mode: least distance, then first mode, then position."""
    result = []
    for position in at:
        differing = seen != position
        best = (np.inf, 0, 0)
        value = seen_values.mean()
        for row in np.flatnonzero(differing.sum(axis=1) == 1):
            mode = int(np.flatnonzero(differing[row])[0])
            key = (abs(int(seen[row, mode]) - int(position[mode])), mode, int(seen[row, mode]))
            if key < best:
                best, value = key, seen_values[row]
        result.append(value)
    return np.array(result)


class Completion(Case):
    def split_files(self):
        positions, values = samples()
        cut = len(values) // 5
        write_tns(self.folder / "test.tns", positions[:cut], values[:cut])
        write_tns(self.folder / "train.tns", positions[cut:], values[cut:])
        return positions, values, cut

    @at_ranks(1, 2, 4)
    def test_predictions_and_fills(self, ranks):
        positions, values, cut = self.split_files()
        run = self.run_deck(ranks, DECK.format(path="train.tns", absent="missing",
                                               more='test = "test.tns"'), code=1)
        # 40 sweeps do not settle at 1e-12, which the program says with its exit code.
        figures = summary(run)["figures"]
        with h5py.File(run / "result.h5", "r") as file:
            table = file["factors/test_entries"][()]
            weights = file["factors/weights"][()]
            factors = [file[f"factors/factor_axis{mode}"][()] for mode in range(3)]
        order = np.lexsort(table[:, 2::-1].T)
        expected_order = np.lexsort(positions[:cut, ::-1].T)
        np.testing.assert_array_equal(table[order, :3], positions[:cut][expected_order])
        np.testing.assert_array_equal(table[order, 3], values[:cut][expected_order])
        i, j, k = table[:, :3].astype(int).T
        model = np.einsum("r,nr,nr,nr->n", weights, factors[0][i], factors[1][j], factors[2][k])
        np.testing.assert_allclose(table[:, 4], model, rtol=1e-9, atol=1e-9)
        seen, seen_values = positions[cut:], values[cut:]
        fills = {"": table[:, 4], "_mean": np.full(cut, seen_values.mean()),
                 "_mode_means": mode_means(seen, seen_values, table[:, :3].astype(int)),
                 "_nearest": nearest(seen, seen_values, table[:, :3].astype(int))}
        for suffix, predictions in fills.items():
            for name, value in errors(table[:, 3], predictions).items():
                self.assertAlmostEqual(figures[f"held_out_{name}{suffix}"], value, places=9)

    def test_answers_do_not_depend_on_ranks(self):
        self.split_files()
        deck = DECK.format(path="train.tns", absent="missing", more="hold_out = 0.2")
        figures = [summary(self.run_deck(ranks, deck, code=1, name=f"at{ranks}"))["figures"]
                   for ranks in (1, 2, 3)]
        for other in figures[1:]:
            for name, value in figures[0].items():
                self.assertAlmostEqual(other[name], value, delta=1e-8 * max(1.0, abs(value)),
                                       msg=name)

    def test_held_out_entries_of_a_masked_array(self):
        positions, values = samples(share=0.7)
        cube = np.full(SHAPE, np.nan)
        cube[tuple(positions.T)] = values
        np.save(self.folder / "cube.npy", cube)
        write_tns(self.folder / "list.tns", positions, values)
        as_list = self.run_deck(2, DECK.format(path="list.tns", absent="missing",
                                               more="hold_out = 0.2"), code=1, name="list")
        dense = DECK.format(path="cube.npy", absent="none", more="").replace(
            "index_base = [1]", 'missing = "nan"\nhold_out = 0.2')
        as_array = self.run_deck(2, dense, code=1, name="array")
        expected = summary(as_list)["figures"]
        found = summary(as_array)["figures"]
        for name in expected:
            if name.startswith("held_out"):
                self.assertAlmostEqual(found[name], expected[name], places=7, msg=name)

    @at_ranks(1, 2)
    def test_repeated_entries(self, ranks):
        positions, values = samples()
        write_tns(self.folder / "once.tns", positions, values)
        # The second of two measurements is off by 1 and the first by -1: their mean is as before.
        write_tns(self.folder / "twice.tns", np.repeat(positions, 2, axis=0),
                  np.repeat(values, 2) + np.tile([-1.0, 1.0], len(values)))
        once, twice, added = (
            arrays(self.run_deck(ranks, DECK.format(path=path, absent="missing", more=more), code=1,
                                 name=name))
            for name, path, more in (("once", "once.tns", ""),
                                     ("twice", "twice.tns", 'duplicates = "mean"'),
                                     ("added", "twice.tns", "")))
        for name, expected in once.items():
            self.assert_near(twice[name], expected, 1e-6)
        self.assert_near(added["factors/weights"], 2.0 * once["factors/weights"], 1e-2)

    def test_resumed_run_has_the_same_bits(self):
        positions, values = samples()
        write_tns(self.folder / "a.tns", positions, values)
        for absent in ("missing", "zero"):
            deck = DECK.format(path="a.tns", absent=absent, more="").replace(
                "1e-12", "1e-300\nstarts = 12")
            through = self.run_deck(2, deck, code=1, name=f"through-{absent}")
            run = self.folder / f"stopped-{absent}"
            job = self.start(2, "run", f"through-{absent}.toml", f'output.folder="{self.folder}"',
                             f'output.name="{run.name}"')
            self.wait_for_steps(job, run, 1)
            (run / "stop_now").touch()
            self.assertEqual(job.wait().code, 75)
            stopped = len(self.steps(run))
            self.assertLess(stopped, 480)
            self.assertEqual(self.tessera(2, "resume", run).code, 1)
            expected, found = arrays(through), arrays(run)
            self.assertEqual(expected.keys(), found.keys())
            for name, values_there in expected.items():
                np.testing.assert_array_equal(found[name], values_there, err_msg=name)

    def test_zeros_are_data_when_the_deck_says_so(self):
        positions, values = samples(noise=0.0)
        write_tns(self.folder / "counts.tns", positions, values)
        run = self.run_deck(2, DECK.format(path="counts.tns", absent="zero", more=""),
                            "method.tolerance=1e-7", "method.maximum_steps=1000")
        cube = np.zeros(SHAPE)
        cube[tuple(positions.T)] = values
        with h5py.File(run / "result.h5", "r") as file:
            weights = file["factors/weights"][()]
            factors = [file[f"factors/factor_axis{mode}"][()] for mode in range(3)]
        model = np.einsum("r,ir,jr,kr->ijk", weights, *factors)
        fit = 1.0 - np.linalg.norm(cube - model) / np.linalg.norm(cube)
        self.assertAlmostEqual(summary(run)["figures"]["fit"], fit, places=9)


class Refusals(Case):
    def assert_refused(self, deck, code, *words, command="check"):
        outcome = self.tessera(2, command, self.write_deck(deck))
        self.assertEqual(outcome.code, code, outcome)
        self.assertEqual(len(outcome.errors), 1, outcome)
        for word in words:
            self.assertIn(word, outcome.errors[0])

    def test_decks(self):
        write_tns(self.folder / "a.tns", *samples())
        good = DECK.format(path="a.tns", absent="missing", more="")
        self.assert_refused(good.replace('absent = "missing"', ""), 2, "list of entries", "absent")
        self.assert_refused(good.replace('name = "cp"\nrank = 2\nmaximum_steps = 40\n'
                                         'tolerance = 1e-12\nridge = 1e-3', 'name = "svd"'),
                            2, "method svd", "lists of entries")
        self.assert_refused(good.replace("index_base = [1]", 'mask = "m.npy"'), 2, "data.mask")
        self.assert_refused(good + '[[corrupt]]\nkind = "gaussian"\nsigma = 0.1\n', 2,
                            "[[corrupt]]")

    def test_files(self):
        positions, values = samples()
        path = self.folder / "a.tns"
        deck = DECK.format(path="a.tns", absent="missing", more="")
        for bad, words in (("1 2 x 3", ('"x"',)), ("1 2 3", ("columns",)),
                           ("1 2 3 nan", ("not finite",)), ("15 1 1 2", ("beyond the extent 14",)),
                           ("-1 2 3 4", ("-1",))):
            write_tns(path, positions, values)
            lines = path.read_text().splitlines()
            lines.insert(100, bad)
            path.write_text("\n".join(lines) + "\n")
            self.assert_refused(deck, 3, "a.tns, line 101", *words, command="run")
        write_tns(path, [*positions, positions[7]], [*values, 1.0])
        self.assert_refused(deck.replace("[method]", 'duplicates = "refuse"\n[method]'), 3,
                            "1 entries repeat", command="run")


@needs_data
class RealFiles(Case):
    def told(self, file):
        outcome = self.tessera(2, "info", pathlib.Path(DATA, file))
        self.assertEqual((outcome.code, outcome.stderr), (0, ""), outcome)
        return outcome.stdout

    def test_info(self):
        self.assertIn("2425 x 10816 x 29567, order 3; 100000 entries from 1 to 5",
                      self.told("sparse/med.tns"))
        text = self.told("sparse/small4_zeroidx.tns")
        self.assertIn("positions begin at 0, 0, 0, 0", text)
        self.assertIn("only in mode 4", text)
        self.assertIn("GenTen", self.told("sparse/aminoacid_data.txt"))
        self.assertIn("21076 entries", self.told("sparse/alog/train-fold-1.txt"))


if __name__ == "__main__":
    main()
