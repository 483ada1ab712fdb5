"""Faults that other programs meet with silence or an abort: here one sentence and an exit code.

A case per row of the table of such failures. Arrays cut short, NaN among them, keys that are not
there and grids of other ranks are in test_bad_input.py for decks of svd, damaged files of each
format in test_records.py and test_formats.py, bad lines of lists in test_sparse.py; here is what
these leave: every other method, lists of entries, series of files.
"""

import numpy as np

from program_case import GONE_SECONDS, Case, at_ranks, main

ARRAY = """
[data]
path = "cube.npy"
axes = ["rows", "cols", "bands"]
[method]
name = "{method}"
{options}
[output]
pictures = false
"""

LIST = """
[data]
path = "{path}"
absent = "missing"
{more}
[method]
name = "cp"
rank = 2
{options}
[output]
pictures = false
"""

METHODS = {"tucker": "ranks = [2, 2, 2]", "cp": "rank = 2", "nmf": "rank = 2"}


def cube():
    return np.random.default_rng(4).uniform(0.5, 1.5, size=(8, 7, 6))


class PeersFailures(Case):
    def setUp(self):
        super().setUp()
        np.save(self.folder / "cube.npy", cube())
        self.lines = [f"{i + 1} {j + 1} {k + 1} {value:.6f}\n"
                      for (i, j, k), value in np.ndenumerate(cube())]

    def write_list(self, name, lines, header=""):
        (self.folder / name).write_text(header + "".join(lines))

    def refuse(self, ranks, deck, code, *words, arguments=()):
        outcome = self.tessera(ranks, "run", self.write_deck(deck), *arguments)
        self.assertEqual(outcome.code, code, outcome)
        self.assertEqual(len(outcome.errors), 1, outcome)
        for word in words:
            self.assertIn(word, outcome.errors[0])
        self.assertLess(outcome.seconds, GONE_SECONDS)
        self.assertEqual(list(self.folder.rglob("result.h5")), [])

    def test_missing_input(self):
        self.refuse(2, LIST.format(path="gone.tns", more="", options=""), 3, "gone.tns")
        self.write_list("list.tns", self.lines)
        more = 'index_base = [1]\ntest = "gone.tns"'
        self.refuse(2, LIST.format(path="list.tns", more=more, options=""), 3, "gone.tns")
        self.refuse(2, ARRAY.format(method="tucker", options=METHODS["tucker"])
                    .replace("cube.npy", "slices/*.tif"), 3, "slices/*.tif")

    @at_ranks(1, 2)
    def test_truncated_list(self, ranks):
        # Cut between two lines, so that every line left is whole: only the header's count tells.
        header = f"sptensor\n3\n8 7 6\n{len(self.lines)}\n"
        zero_based = [f"{i} {j} {k} {value:.6f}\n" for (i, j, k), value in np.ndenumerate(cube())]
        self.write_list("cut.txt", zero_based[:len(zero_based) // 2], header)
        self.refuse(ranks, LIST.format(path="cut.txt", more="", options=""), 3, "cut.txt",
                    f"{len(self.lines)} entries", "truncated")

    def test_list_cut_within_a_line(self):
        # A list without a header cannot tell how long it was; a line that is not whole can.
        text = "".join(self.lines)
        (self.folder / "cut.tns").write_text(text[:len(text) // 2 - len(text) // 2 % 15 + 3])
        outcome = self.tessera(2, "run", self.write_deck(
            LIST.format(path="cut.tns", more="index_base = [1]", options="")))
        self.assertTrue(outcome.code == 3 or "may be truncated" in outcome.stdout + outcome.stderr,
                        outcome)

    @at_ranks(1, 2, 4)
    def test_garbage_line(self, ranks):
        lines = list(self.lines)
        lines[200] = "lorem ipsum dolor sit\n"
        self.write_list("bad.tns", lines)
        self.refuse(ranks, LIST.format(path="bad.tns", more="index_base = [1]", options=""), 3,
                    "bad.tns, line 201", "lorem")

    def test_misspelt_key(self):
        for method, options in METHODS.items():
            with self.subTest(method=method):
                self.refuse(2, ARRAY.format(method=method, options=options + "\ntolerence = 1e-3"),
                            2, "tolerence", '"tolerance"', "deck.toml:")

    @at_ranks(1, 2)
    def test_one_nan(self, ranks):
        values = cube()
        values[5, 6, 1] = np.nan
        np.save(self.folder / "cube.npy", values)
        for method, options in METHODS.items():
            with self.subTest(method=method):
                self.refuse(ranks, ARRAY.format(method=method, options=options), 3, "1 of 336",
                            "[5, 6, 1]")

    def test_one_nan_in_a_list(self):
        lines = list(self.lines)
        lines[40] = "1 1 1 nan\n"
        self.write_list("nan.tns", lines)
        self.refuse(2, LIST.format(path="nan.tns", more="index_base = [1]", options=""), 3,
                    "nan.tns, line 41", "not finite")

    def test_grid_of_other_ranks(self):
        for method, options in METHODS.items():
            with self.subTest(method=method):
                self.refuse(2, ARRAY.format(method=method, options=options), 2, "parallel.grid",
                            arguments=["parallel.grid=[3,1,1]"])
        self.write_list("list.tns", self.lines)
        self.refuse(2, LIST.format(path="list.tns", more="index_base = [1]", options=""), 2, "grid",
                    arguments=["parallel.grid=[3,1,1]"])


if __name__ == "__main__":
    main()
