"""simulate, report and selftest."""

import json

import h5py
import numpy as np

from program_case import Case, arrays, at_ranks, main, summary

DECK = """
[data]
scene = "hyperspectral"
scene_shape = [16, 14, 12]
[[corrupt]]
kind = "gaussian"
sigma = 0.05
[[corrupt]]
kind = "missing"
pattern = "entries"
keep = 0.7
[method]
name = "svd"
truncation = "rank"
rank = 3
imputation_maximum_steps = 20
imputation_tolerance = 1e-9
[run]
quality_every = 1
"""


class Simulate(Case):
    @at_ranks(1, 3)
    def test_is_what_a_run_sees(self, ranks):
        path = self.write_deck(DECK)
        outcome = self.tessera(ranks, "simulate", path, "cube.npy")
        self.assertEqual(outcome.code, 0, outcome)
        self.assertEqual(outcome.stdout.split(), ["cube.observation.npy", "cube.mask.npy",
                                                  "cube.truth.npy"])
        run = self.run_deck(1, DECK, "output.pictures=false", code=1)
        with h5py.File(run / "result.h5") as result:
            for ours, theirs in (("input", "observation"), ("truth", "truth"), ("mask", "mask")):
                stored = result["result/" + ours]
                modes = list(stored.attrs["tensor_modes"])
                values = stored[()].transpose(np.argsort(modes))
                np.testing.assert_array_equal(np.load(self.folder / f"cube.{theirs}.npy"), values)
        outcome = self.tessera(1, "simulate", path, "cube.npy")
        self.assertEqual((outcome.code, len(outcome.errors)), (2, 1), outcome)
        outcome = self.tessera(1, "simulate", path, "cube.npy", "run.seed=2", "--overwrite")
        self.assertEqual(outcome.code, 0, outcome)

    def test_formats_and_precision(self):
        path = self.write_deck(DECK)
        outcome = self.tessera(2, "simulate", path, "cube.h5", 'run.precision="float32"')
        self.assertEqual(outcome.code, 0, outcome)
        with h5py.File(self.folder / "cube.truth.h5") as file:
            self.assertEqual((file["truth"].shape, file["truth"].dtype), ((16, 14, 12), "f4"))
        outcome = self.tessera(1, "simulate", path, "cube.doc")
        self.assertEqual((outcome.code, len(outcome.errors)), (2, 1), outcome)


class Oracle(Case):
    def test_goes_by_the_missing_entries(self):
        run = self.run_deck(2, DECK, "output.pictures=false", code=1)
        judged = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        best = max(judged, key=lambda line: line["missing_psnr"])
        figures = summary(run)["figures"]
        self.assertEqual((figures["oracle_missing_psnr"], figures["oracle_step"]),
                         (best["missing_psnr"], best["step"]))
        self.assertEqual(figures["missing_psnr"], judged[-1]["missing_psnr"])
        self.assertNotIn("oracle_psnr", figures)


class Report(Case):
    @at_ranks(1, 2)
    def test_draws_anew_and_tells(self, ranks):
        run = self.run_deck(1, DECK, code=1)
        pictures = [run / "picture.png", run / "convergence.png"]
        for picture in pictures:
            picture.unlink()
        outcome = self.tessera(ranks, "report", run)
        self.assertEqual((outcome.code, outcome.stderr), (0, ""), outcome)
        self.assertIn("finished", outcome.stdout)
        self.assertIn(f"{summary(run)['figures']['psnr']:.6g}", outcome.stdout)
        # The quality table, worked out anew from the arrays.
        self.assertIn(f"{summary(run)['figures']['psnr']:.2f}", outcome.stdout.split("PSNR/dB")[1])
        for picture in pictures:
            self.assertEqual(picture.read_bytes()[:4], b"\x89PNG")

    def test_side_by_side(self):
        one = self.run_deck(1, DECK, "output.pictures=false", code=1, name="one")
        two = self.run_deck(1, DECK, "output.pictures=false", "method.rank=5", code=1, name="two")
        outcome = self.tessera(1, "report", one, two)
        self.assertEqual(outcome.code, 0, outcome)
        lines = {line.split()[0]: line.split()[1:] for line in outcome.stdout.splitlines()}
        self.assertEqual(lines["rank"], ["3", "5"])
        outcome = self.tessera(2, "report", one, two, "--json")
        told = json.loads(outcome.stdout)
        self.assertEqual([run["figures"] for run in told],
                         [summary(one)["figures"], summary(two)["figures"]])

    def test_of_a_stopped_run(self):
        run = self.run_deck(2, DECK, 'run.time_limit="1 ms"', code=75)
        outcome = self.tessera(1, "report", run)
        self.assertEqual(outcome.code, 0, outcome)
        self.assertIn("stopped", outcome.stdout)
        outcome = self.tessera(2, "report", self.folder)
        self.assertEqual((outcome.code, len(outcome.errors)), (2, 1), outcome)


class SelfTest(Case):
    @at_ranks(1, 2, 4)
    def test_passes(self, ranks):
        outcome = self.tessera(ranks, "selftest")
        self.assertEqual((outcome.code, outcome.stderr), (0, ""), outcome)
        self.assertIn("all checks passed", outcome.stdout)
        self.assertIn("method svd", outcome.stdout)
        self.assertNotIn("FAILED", outcome.stdout)


if __name__ == "__main__":
    main()
