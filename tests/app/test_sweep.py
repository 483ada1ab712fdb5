"""[sweep]: every point a run of its own, a table and a sheet of all; stopping and going on."""

import csv
import json

import numpy as np

from program_case import Case, arrays, at_ranks, main, summary

DECK = """
[data]
scene = "hyperspectral"
scene_shape = [16, 14, 12]
[[corrupt]]
kind = "gaussian"
sigma = 0.05
[method]
name = "svd"
truncation = "rank"
[output]
pictures = false
[sweep]
"method.rank" = [1, 3]
run.seed = [1, 2]
"""


class Sweep(Case):
    def rows(self, folder):
        with open(folder / "sweep.csv", newline="") as file:
            return list(csv.DictReader(file))

    @at_ranks(1, 2)
    def test_points_are_the_runs_that_one_would_make(self, ranks):
        sweep = self.run_deck(ranks, DECK, "output.pictures=true")
        rows = self.rows(sweep)
        self.assertEqual([(row["method.rank"], row["run.seed"]) for row in rows],
                         [("1", "1"), ("1", "2"), ("3", "1"), ("3", "2")])
        self.assertEqual({row["state"] for row in rows}, {"finished"})
        single = self.run_deck(ranks, DECK, "sweep.enabled=false", "method.rank=3", "run.seed=2",
                               name="single")
        for name, values in arrays(single).items():
            np.testing.assert_array_equal(arrays(sweep / "point-003")[name], values, name)
        self.assertEqual(float(rows[3]["psnr"]), summary(single)["figures"]["psnr"])
        self.assertNotEqual(rows[2]["psnr"], rows[3]["psnr"])
        points = json.loads((sweep / "sweep.json").read_text())["points"]
        self.assertEqual(points[3]["figures"], summary(sweep / "point-003")["figures"])
        self.assertEqual((sweep / "sweep.png").read_bytes()[:4], b"\x89PNG")

    def test_one_point_of_a_job_array(self):
        for point in (2, 0):
            path = self.write_deck(DECK)
            outcome = self.tessera(2, "run", path, 'output.name="shared"', f"sweep.only={point}")
            self.assertEqual(outcome.code, 0, outcome)
        folder = self.folder / "runs" / "shared"
        self.assertEqual([row["state"] for row in self.rows(folder)],
                         ["finished", "waiting", "finished", "waiting"])
        before = (folder / "point-002" / "summary.json").read_bytes()
        outcome = self.tessera(1, "resume", folder)
        self.assertEqual(outcome.code, 0, outcome)
        self.assertEqual({row["state"] for row in self.rows(folder)}, {"finished"})
        self.assertEqual((folder / "point-002" / "summary.json").read_bytes(), before)
        outcome = self.tessera(1, "run", "deck.toml", "sweep.only=1")
        self.assertEqual(outcome.code, 2, outcome)
        self.assertIn("output.name", outcome.errors[0])

    def test_stops_and_goes_on(self):
        masked = DECK.replace('kind = "gaussian"\nsigma = 0.05',
                              'kind = "missing"\npattern = "entries"\nkeep = 0.5')
        masked = masked.replace('truncation = "rank"', 'truncation = "rank"\n'
                                'imputation_tolerance = 0.05')
        whole = self.run_deck(2, masked, name="whole")
        # The limit is passed before the first step of a point.
        stopped = self.run_deck(2, masked, 'run.time_limit="1 ms"', code=75, name="stopped")
        self.assertEqual([row["state"] for row in self.rows(stopped)],
                         ["stopped"] + 3 * ["waiting"])
        outcome = self.tessera(2, "resume", stopped, 'run.time_limit="10 min"')
        self.assertEqual(outcome.code, 0, outcome)
        for point in range(4):
            name = f"point-{point:03}"
            for key, values in arrays(whole / name).items():
                np.testing.assert_array_equal(arrays(stopped / name)[key], values, key)

    def test_mistakes_are_known_before_the_first_point(self):
        path = self.write_deck(DECK.replace("[1, 3]", "[1, 300]"))
        outcome = self.tessera(2, "run", path)
        self.assertEqual((outcome.code, len(outcome.errors)), (2, 1), outcome)
        self.assertIn("300", outcome.errors[0])
        self.assertFalse((self.folder / "runs").exists())


if __name__ == "__main__":
    main()
