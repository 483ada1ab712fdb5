"""The run folder and its result, as other software sees them."""

import json
import sys

import h5py
import numpy as np

from program_case import Case, SOURCE, arrays, main, summary

try:
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOHDF import vtkHDFReader
except ImportError:
    vtkHDFReader = None

sys.path.insert(0, str(SOURCE / "jobs"))
import tessera_result  # noqa: E402

ROWS, COLS, BANDS = 7, 6, 5

DECK = """
[data]
path = "cube.npy"
axes = ["bands", "rows", "cols"]
[[corrupt]]
kind = "gaussian"
sigma = 0.1
[method]
name = "svd"
truncation = "rank"
rank = 2
"""

CONTENTS = {"result.h5", "metrics.jsonl", "summary.json", "manifest.json", "deck.toml",
            "deck.resolved.toml", "log.txt", "profile.txt", "picture.png", "convergence.png",
            "checkpoint"}


class ResultOfARun(Case):
    def setUp(self):
        super().setUp()
        # In the file's order: bands, rows, cols. The program keeps it as rows, cols, bands.
        self.cube = np.random.default_rng(3).random((BANDS, ROWS, COLS))
        np.save(self.folder / "cube.npy", self.cube)
        self.truth = self.cube.transpose(1, 2, 0)

    def test_contents(self):
        run = self.run_deck(2, DECK, "method.rank=3")
        self.assertEqual({path.name for path in run.iterdir()}, CONTENTS)
        self.assertEqual((run / "deck.toml").read_text(), DECK)
        for name in ("picture.png", "convergence.png"):
            self.assertEqual((run / name).read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
        self.assertIn("process grid", (run / "log.txt").read_text())
        resolved = (run / "deck.resolved.toml").read_text()
        self.assertRegex(resolved, r"rank = 3 +# .*command line")
        found = summary(run)
        self.assertEqual((found["state"], found["steps"], found["ranks"]), ("finished", 1, 2))
        self.assertTrue(found["converged"])
        error = arrays(run)["estimate"].reshape(BANDS, ROWS, COLS) - self.cube
        self.assertAlmostEqual(found["figures"]["rmse"], np.sqrt(np.mean(error**2)), 12)
        # What was resolved is a deck itself, and gives the same result.
        again = self.run_deck(2, resolved, 'output.name="again"', name="again")
        self.assertEqual(arrays(again)["estimate"].tobytes(), arrays(run)["estimate"].tobytes())

    def test_numpy_sees_the_arrays_in_order(self):
        run = self.run_deck(2, DECK, "output.pictures=false")
        result = tessera_result.load(str(run))
        self.assertTrue(result.complete)
        self.assertEqual(sorted(result), ["estimate", "input", "residual", "truth"])
        self.assertEqual(result.axes, ("rows", "cols", "bands"))
        self.assertTrue(np.array_equal(result["truth"], self.truth))
        self.assertTrue(np.array_equal(result["residual"], result["input"] - result["estimate"]))
        self.assertEqual(list(result.metrics["step"]), [1])

        # The estimate is the best approximation of rank 2, by numpy's own decomposition.
        left, values, right = np.linalg.svd(result["input"].reshape(-1, BANDS), full_matrices=False)
        best = (left[:, :2] * values[:2]) @ right[:2]
        self.assert_near(result["estimate"].reshape(-1, BANDS), best, 1e-12)
        self.assert_near(result.factors["singular_values"], values, 1e-12)
        vectors = result.factors["right_vectors"]
        self.assert_near(np.abs(np.diag(right[:2] @ vectors)), np.ones(2), 1e-12)
        scores = result.factors["scores"].reshape(-1, 2)
        self.assert_near(scores @ vectors.T, best, 1e-12)

    def test_manifest(self):
        run = self.run_deck(2, DECK, "output.pictures=false", "method.rank=3")
        manifest = json.loads((run / "manifest.json").read_text())
        with h5py.File(run / "result.h5", "r") as file:
            self.assertEqual(json.loads(file.attrs["manifest"]), manifest)
        options = {line["key"]: line for line in manifest["options"]}
        self.assertEqual(options["method.rank"]["value"], "3")
        self.assertEqual(options["method.rank"]["origin"], "command line")
        self.assertEqual("deck:10", options["method.truncation"]["origin"])
        self.assertEqual(options["run.seed"]["origin"], "default")
        self.assertIn("method.rank", manifest["changed_keys"])
        self.assertNotIn("run.seed", manifest["changed_keys"])
        self.assertEqual(manifest["machine"]["ranks"], 2)
        self.assertEqual(manifest["input"]["path"], str(self.folder / "cube.npy"))
        self.assertEqual(manifest["input"]["bytes"], (self.folder / "cube.npy").stat().st_size)
        for key in ("version", "git_commit", "compiler", "kokkos", "mpi", "hdf5", "petsc", "slepc",
                    "blas"):
            self.assertTrue(manifest["program"][key], key)

    def test_vtk_sees_extents_and_order(self):
        if vtkHDFReader is None:
            self.skipTest("VTK is not installed")
        run = self.run_deck(4, DECK, "output.pictures=false")
        reader = vtkHDFReader()
        self.assertTrue(reader.CanReadFile(str(run / "result.h5")))
        reader.SetFileName(str(run / "result.h5"))
        reader.Update()
        image = reader.GetOutput()
        # x = cols, y = rows, z = bands; VTK's points run x fastest.
        self.assertEqual(image.GetExtent(), (0, COLS - 1, 0, ROWS - 1, 0, BANDS - 1))
        points = image.GetPointData()
        names = sorted(points.GetArrayName(i) for i in range(points.GetNumberOfArrays()))
        self.assertEqual(names, ["estimate", "input", "residual", "truth"])
        truth = vtk_to_numpy(points.GetArray("truth")).reshape(BANDS, ROWS, COLS)
        self.assertTrue(np.array_equal(truth, self.cube))

    def test_chosen_arrays_compressed(self):
        run = self.run_deck(2, DECK, "output.pictures=false", "output.compression=4",
                            'output.arrays=["estimate"]')
        with h5py.File(run / "result.h5", "r") as file:
            self.assertEqual(list(file["result"]), ["estimate"])
            self.assertEqual(file["result/estimate"].compression, "gzip")
            plain = self.run_deck(2, DECK, "output.pictures=false", name="plain")
            self.assertEqual(file["result/estimate"][()].tobytes(),
                             arrays(plain)["estimate"].tobytes())

    def test_tensors_of_other_orders(self):
        for shape in [(30, 4), (6, 5, 4, 3), (3, 4, 2, 3, 2, 2)]:
            with self.subTest(shape=shape):
                name = f"order-{len(shape)}"
                values = np.random.default_rng(1).random(shape)
                np.save(self.folder / f"{name}.npy", values)
                deck = (f'[data]\npath = "{name}.npy"\n[method]\nname = "svd"\n'
                        'truncation = "rank"\nrank = 2\n')
                run = self.run_deck(2, deck, name=name)
                result = tessera_result.load(str(run))
                self.assertTrue(np.array_equal(result["input"], values))
                left, sigma, right = np.linalg.svd(values.reshape(-1, shape[-1]),
                                                   full_matrices=False)
                best = (left[:, :2] * sigma[:2]) @ right[:2]
                self.assert_near(result["estimate"].reshape(-1, shape[-1]), best, 1e-12)

    def test_no_run_folder_twice(self):
        self.write_deck(DECK)
        folders = set()
        for _ in range(2):
            outcome = self.tessera(2, "run", "deck.toml", "output.pictures=false")
            self.assertEqual(outcome.code, 0, outcome)
            folders.add(outcome.stdout.split()[0])
        self.assertEqual(len(folders), 2)
        for folder in folders:
            self.assertTrue((self.folder / folder / "result.h5").exists())
            self.assertFalse((self.folder / folder / ".incomplete").exists())

    def test_overwriting_when_asked(self):
        self.run_deck(2, DECK, "output.pictures=false", "method.rank=1")
        run = self.run_deck(2, DECK, "output.pictures=false", "output.overwrite=true")
        self.assertEqual(arrays(run)["factors/weights"].shape, (2,))
        self.assertEqual(len(self.steps(run)), 1)

    def test_missed_expectation(self):
        deck = DECK + "[expect]\nrmse = { max = 1e-6 }\npsnr = { min = 5.0 }\n"
        self.write_deck(deck)
        outcome = self.tessera(2, "run", "deck.toml", "output.pictures=false", 'output.name="run"')
        self.assertEqual(outcome.code, 1, outcome)
        self.assertEqual(len(outcome.errors), 1)
        self.assertIn("expect.rmse", outcome.errors[0])
        self.assertIn("is above 1e-06", outcome.errors[0])
        # The result is there nevertheless.
        run = self.folder / "runs/run"
        self.assertTrue((run / "result.h5").exists())
        self.assertEqual(len(summary(run)["missed_expectations"]), 1)

    def test_no_convergence(self):
        deck = DECK.replace('kind = "gaussian"\nsigma = 0.1', 'kind = "missing"\nkeep = 0.5')
        outcome = self.tessera(2, "run", self.write_deck(deck), "output.pictures=false",
                               "method.imputation_maximum_steps=2", 'output.name="run"')
        self.assertEqual(outcome.code, 1, outcome)
        self.assertIn("did not converge", outcome.errors[0])
        self.assertFalse(summary(self.folder / "runs/run")["converged"])


if __name__ == "__main__":
    main()
