"""`tessera plan`: what it predicts, against what runs need."""

import json
import subprocess
import sys

import numpy as np

from program_case import PROGRAM, SOURCE, Case, at_ranks, main, summary

# Of float64 entries: 34 MiB, so that the tensors and not the program decide.
LARGE = """
[data]
scene = "hyperspectral"
scene_shape = [150, 150, 200]
[[corrupt]]
kind = "gaussian"
sigma = 0.05
[method]
name = "svd"
truncation = "rank"
rank = 8
[output]
pictures = false
"""

# Of float32 entries, for a network that is shared out over the ranks.
NETWORKS = """
[data]
scene = "hyperspectral"
scene_shape = [128, 128, 96]
[[corrupt]]
kind = "gaussian"
sigma = 0.05
[method]
name = "factor_networks"
rank = 8
channels = 48
steps = 3
[run]
precision = "float32"
checkpoint = { steps = 1 }
[output]
pictures = false
"""


class Plan(Case):
    def plan(self, deck, *arguments):
        path = self.write_deck(deck)
        outcome = self.tessera(1, "plan", path, "--json", *arguments)
        self.assertEqual((outcome.code, outcome.stderr), (0, ""), outcome)
        return json.loads(outcome.stdout)

    def assert_predicted(self, deck, ranks, within=0.15, name="run", code=0):
        predicted = self.plan(deck, f"--ranks={ranks}")["plans"][0]
        run = self.run_deck(ranks, deck, name=name, code=code)
        said = summary(run)
        measured = said["peak_memory_bytes_per_rank"]
        for bytes_per_rank in (predicted["peak_bytes_per_rank"],
                               said["predicted_peak_memory_bytes_per_rank"]):
            self.assertLessEqual(abs(bytes_per_rank / measured - 1), within,
                                 (predicted, said["memory_high_water_bytes_after"]))

    @at_ranks(1, 2, 4)
    def test_peak(self, ranks):
        self.assert_predicted(LARGE, ranks)

    @at_ranks(1, 2)
    def test_peak_of_completion(self, ranks):
        masked = LARGE.replace('kind = "gaussian"\nsigma = 0.05',
                               'kind = "missing"\npattern = "entries"\nkeep = 0.5')
        self.assert_predicted(masked.replace("[output]", "imputation_tolerance = 0.1\n[output]"),
                              ranks)

    def test_peak_of_single_precision(self):
        self.assert_predicted(LARGE + '[run]\nprecision = "float32"\n', 1)

    @at_ranks(1, 2)
    def test_peak_of_a_matrix_with_many_columns(self, ranks):
        np.save(self.folder / "matrix.npy", np.random.default_rng(1).normal(size=(3000, 1000)))
        self.assert_predicted('[data]\npath = "matrix.npy"\n'
                              '[method]\nname = "svd"\ntruncation = "energy"\nenergy = 0.5\n'
                              '[output]\npictures = false\narrays = []\n', ranks)

    @at_ranks(1, 2)
    def test_peak_of_methods_that_list_the_observed_entries(self, ranks):
        masked = LARGE.replace('kind = "gaussian"\nsigma = 0.05',
                               'kind = "missing"\npattern = "entries"\nkeep = 0.3')
        svd = 'name = "svd"\ntruncation = "rank"\nrank = 8\n'
        for name, options in (("cp", "rank = 8\nmaximum_steps = 2\n"),
                              ("nmf", "rank = 8\nmaximum_steps = 2\n"),
                              ("tucker", "ranks = [4, 4, 4]\ncompletion_maximum_sweeps = 2\n")):
            with self.subTest(method=name):
                self.assert_predicted(masked.replace(svd, f'name = "{name}"\n{options}'), ranks,
                                      name=name, code=1)

    @at_ranks(1, 2, 4)
    def test_peak_of_factor_networks(self, ranks):
        self.assert_predicted(NETWORKS, ranks)
        masked = NETWORKS.replace('kind = "gaussian"\nsigma = 0.05',
                                  'kind = "missing"\npattern = "entries"\nkeep = 0.3')
        self.assert_predicted(masked.replace("rank = 8", 'contraction = "cp"\nrank = 8'), ranks,
                              name="masked")

    def test_checkpoint_of_factor_networks(self):
        predicted = self.plan(NETWORKS, "--ranks=1")["checkpoint_bytes"]
        folder = self.folder / "run" / "checkpoint"
        self.run_deck(1, NETWORKS)
        written = sum(path.stat().st_size for path in folder.glob("*.h5"))
        self.assertLessEqual(abs(predicted / written - 1), 0.05)

    @at_ranks(1, 2)
    def test_peak_of_lists(self, ranks):
        random = np.random.default_rng(1)
        positions = [random.integers(1, extent + 1, 400_000) for extent in (300, 200, 150)]
        np.savetxt(self.folder / "list.tns",
                   np.column_stack([*positions, random.normal(size=400_000)]), "%d %d %d %.6f")
        for absent, more in (("zero", ""), ("missing", ""), ("missing", "hold_out = 0.2")):
            with self.subTest(absent=absent, more=more):
                deck = (f'[data]\npath = "list.tns"\nabsent = "{absent}"\nindex_base = [1]\n{more}\n'
                        '[method]\nname = "cp"\nrank = 8\nmaximum_steps = 3\n')
                self.assert_predicted(deck, ranks, name=f"list-{absent}-{len(more)}", code=1)
        said = self.plan(deck)
        np.testing.assert_array_equal(said["shape"], [300, 200, 150])

    def test_figures_are_those_of_the_shape(self):
        plan = self.plan(LARGE, "--ranks=1,6,64")
        self.assertEqual(plan["shape"], [150, 150, 200])
        self.assertEqual([p["ranks"] for p in plan["plans"]], [1, 6, 64])
        for one in plan["plans"]:
            self.assertEqual(np.prod(one["grid"]), one["ranks"])
            self.assertEqual(one["grid"][2], 1, "bands stay whole")
            for extent, parts, block in zip(plan["shape"], one["grid"], one["block"]):
                self.assertEqual(block, -(-extent // parts))
            memory = one["memory_bytes_per_rank"]
            self.assertEqual(memory[one["peak_phase"]], max(memory.values()))
            # Truth and observation at the least.
            least = plan["base_bytes_per_rank"] + 2 * 8 * np.prod(one["block"])
            self.assertGreaterEqual(min(memory.values()), least)
        self.assertEqual(plan["result_bytes"], 4 * 8 * 150 * 150 * 200)
        peaks = [one["peak_bytes_per_rank"] for one in plan["plans"]]
        self.assertEqual(peaks, sorted(peaks, reverse=True))

    def test_fit(self):
        text = self.plan(LARGE, "--fit=120MiB")
        ranks = text["fit"]["ranks"]
        self.assertGreater(ranks, 1)
        fitting = text["plans"][-1]
        self.assertLessEqual(fitting["peak_bytes_per_rank"], 120 * 2**20)
        fewer = self.plan(LARGE, f"--ranks={ranks // 2}")["plans"][0]
        self.assertGreater(fewer["peak_bytes_per_rank"], 120 * 2**20)
        self.assertEqual(self.plan(LARGE, "--fit")["fit"]["ranks"], 1)
        self.write_deck(LARGE)
        outcome = self.tessera(1, "plan", "deck.toml", "--fit=1MiB")
        self.assertEqual((outcome.code, len(outcome.errors)), (4, 1), outcome)

    def test_mistakes(self):
        self.write_deck(LARGE)
        for word in ("--ranks=0", "--ranks=two", "--ranks=4,x", "--fit=much"):
            outcome = self.tessera(2, "plan", "deck.toml", word)
            self.assertEqual((outcome.code, len(outcome.errors)), (2, 1), outcome)
            self.assertIn(word.split("=")[0], outcome.errors[0])

    def test_extrapolated_scaling(self):
        """The benchmarks' table of many ranks: an image of whole tiles is shared out evenly."""
        path = self.write_deck(NETWORKS)
        said = subprocess.run(
            [sys.executable, SOURCE / "tests/benchmarks/extrapolate_scaling.py", PROGRAM, path,
             "--strong", "128,128,8", "--weak", "32,128,8", "--ranks", "1,4", "--seconds", "0,1e9",
             "--latency", "0.001", "--bandwidth", "1e8"],
            cwd=self.folder, text=True, capture_output=True, check=True).stdout
        rows = [[cell.strip() for cell in line.strip("|").split("|")]
                for line in said.splitlines() if line.startswith(("| 1 ", "| 4 "))]
        self.assertEqual([row[1] for row in rows],
                         ["128 x 128 x 8", "32 x 128 x 8", "32 x 128 x 8", "32 x 128 x 8"])
        of_one, of_four, weak, weak_of_four = (np.array(row[2:8], float) for row in rows)
        planned = self.plan(NETWORKS, "--ranks=4", "data.scene_shape=[128,128,8]")["plans"][0]
        self.assertEqual(of_four[1], planned["messages_per_step"])
        sending = 1e-3 * of_four[1] + planned["bytes_sent_per_step"] / 1e8
        self.assertLess(abs(of_four[4] - sending), 1e-4)
        self.assertLess(abs(of_four[5] - of_four[3] - of_four[4]), 2e-4)
        # A quarter, but for the replicated network of the bands.
        self.assertLess(abs(of_four[0] - 0.25), 0.005)
        np.testing.assert_array_equal(weak_of_four[1:], of_four[1:], "it is the same tensor")
        for row, efficiency in ((rows[1], of_one[5] / of_four[5] / 4),
                                (rows[3], weak[5] / weak_of_four[5])):
            self.assertLess(abs(float(row[8].rstrip(" %")) - 100 * efficiency), 1.0)

    def test_nothing_is_made(self):
        self.write_deck(LARGE)
        outcome = self.tessera(2, "plan", "deck.toml", "--ranks", "1,2")
        self.assertEqual(outcome.code, 0, outcome)
        self.assertIn("<- peak", outcome.stdout)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["deck.toml"])


if __name__ == "__main__":
    main()
