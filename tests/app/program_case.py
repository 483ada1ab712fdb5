"""What the tests of the whole program share: start it under mpirun, watch it, read what it left.

A script defines classes derived from Case and ends with `main()`. Every test method counts as one
case, a method marked `@at_ranks(1, 2, 4)` as one case for each number of ranks, which it gets as
its argument. `main` understands `--report FILE`: the verdicts in GoogleTest's JSON, which
tests/support/count_results.py counts.

TESSERA_PROGRAM names the program, TESSERA_SOURCE the repository, TESSERA_DATA the real data.
"""

import argparse
import functools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import numpy as np

PROGRAM = os.environ["TESSERA_PROGRAM"]
SOURCE = pathlib.Path(os.environ["TESSERA_SOURCE"])
DATA = os.environ.get("TESSERA_DATA")
MPIEXEC = os.environ.get("TESSERA_MPIEXEC") or "mpiexec"
# A job that takes longer than this hangs: the longest one here takes seconds on an idle machine.
HANG_SECONDS = 240
# A job that fails must be gone within this time, however busy the machine is.
GONE_SECONDS = 60


def at_ranks(*numbers):
    """Marks a test that is done at each of these numbers of ranks."""

    def mark(method):
        method.at_ranks = numbers
        return method

    return mark


needs_data = unittest.skipUnless(DATA, "TESSERA_DATA is not set")


class Outcome:
    """How a command ended."""

    def __init__(self, code, stdout, stderr, seconds):
        self.code, self.stdout, self.stderr, self.seconds = code, stdout, stderr, seconds

    @property
    def errors(self):
        """What the program said went wrong, one sentence each."""
        mark = "error: "
        return [line[len(mark):] for line in self.stderr.splitlines() if line.startswith(mark)]

    @property
    def warnings(self):
        mark = "warning: "
        return [line[len(mark):] for line in self.stderr.splitlines() if line.startswith(mark)]

    def __str__(self):
        return f"exit code {self.code} after {self.seconds:.1f} s\n{self.stdout}{self.stderr}"


class Job:
    """The program, running; killed with all its ranks when it is forgotten."""

    def __init__(self, ranks, arguments, folder, program, kill_after_seconds):
        words = [str(argument) for argument in arguments]
        self.started = time.monotonic()
        self.output = [tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")]
        # A session of its own: a signal meant for the job does not meet this script.
        self.process = subprocess.Popen(
            [MPIEXEC, "-n", str(ranks), program, *words], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=self.output[0], stderr=self.output[1], start_new_session=True,
            env={**os.environ, "OMPI_MCA_odls_base_sigkill_timeout": str(kill_after_seconds)})

    def ranks(self):
        """Process numbers of the ranks, which are children of mpirun."""
        task = f"/proc/{self.process.pid}/task"
        try:
            return [int(child) for thread in os.listdir(task)
                    for child in pathlib.Path(task, thread, "children").read_text().split()]
        except OSError:
            return []

    def running(self):
        return self.process.poll() is None

    def kill(self):
        """SIGKILL to the launcher and every rank at the same time, as when a machine goes down."""
        for number in [*self.ranks(), self.process.pid]:
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def wait(self, seconds=HANG_SECONDS):
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.wait()
            raise AssertionError(f"hangs: not done after {seconds} s\n{self.said(None)}") from None
        return self.said(code)

    def said(self, code):
        texts = []
        for file in self.output:
            file.seek(0)
            # The launcher's library complains where a container hides the machine from it.
            texts.append("".join(line for line in file if not line.startswith("[hwloc/")))
        return Outcome(code, *texts, time.monotonic() - self.started)


class Case(unittest.TestCase):
    """A test with a folder of its own, in which the program is started."""

    maxDiff = None
    # Once a rank has left with an exit code that is not 0, Open MPI lets the others this time.
    kill_after_seconds = 0

    def __init_subclass__(cls):
        for name, method in list(vars(cls).items()):
            for number in getattr(method, "at_ranks", ()):
                def bound(self, method=method, number=number):
                    method(self, number)
                setattr(cls, f"{name}_at_{number}", functools.wraps(method)(bound))
            if hasattr(method, "at_ranks"):
                delattr(cls, name)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tessera-app-"))
        self.jobs = []

    def tearDown(self):
        for job in self.jobs:
            if job.running():
                job.kill()
                job.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, ranks, *arguments, program=PROGRAM):
        job = Job(ranks, arguments, self.folder, program, self.kill_after_seconds)
        self.jobs.append(job)
        return job

    def tessera(self, ranks, *arguments):
        """Runs the program to its end."""
        return self.start(ranks, *arguments).wait()

    def write_deck(self, text, name="deck.toml"):
        (self.folder / name).write_text(text)
        return name

    def run_deck(self, ranks, deck, *assignments, code=0, name="run"):
        """Runs a deck (its text) and returns the folder of the run."""
        path = self.write_deck(deck, f"{name}.toml")
        outcome = self.tessera(ranks, "run", path, f"output.folder=\"{self.folder}\"",
                               f"output.name=\"{name}\"", *assignments)
        self.assertEqual(outcome.code, code, outcome)
        return self.folder / name

    def steps(self, run):
        """Whole lines of a run's metrics.jsonl."""
        try:
            lines = (run / "metrics.jsonl").read_text().splitlines(keepends=True)
        except OSError:
            return []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def wait_for_steps(self, job, run, count):
        """Waits until a job has reported so many steps; fails when it ends before."""
        while len(self.steps(run)) < count:
            self.assertTrue(job.running(), f"ended before step {count}: {job.said(None)}")
            self.assertLess(time.monotonic() - job.started, HANG_SECONDS, f"no step {count}")
            time.sleep(0.002)

    def assert_near(self, actual, expected, tolerance):
        """Relative difference in the Frobenius norm."""
        self.assertEqual(actual.shape, expected.shape)
        difference = np.linalg.norm(actual - expected) / np.linalg.norm(expected)
        self.assertLessEqual(difference, tolerance)


class RefusalCase(Case):
    """A test of what the program refuses."""

    def assert_refused(self, outcome, code, *words, lines=1):
        """One sentence with these words, that exit code, soon, nothing half-written."""
        self.assertEqual(outcome.code, code, outcome)
        self.assertEqual(len(outcome.errors), lines, outcome)
        for word in words:
            self.assertIn(word, outcome.errors[0])
        self.assertLess(outcome.seconds, GONE_SECONDS)
        for noise in ("HDF5-DIAG", "terminate called", "internal contradiction", "MPI_ABORT"):
            self.assertNotIn(noise, outcome.stderr)
        self.assertEqual(list(self.folder.rglob("*.partial")), [])
        self.assertEqual(list(self.folder.rglob("result.h5")), [])

    def refuse(self, code, deck, *words, ranks=2, arguments=(), before_the_run=True):
        outcome = self.tessera(ranks, "run", self.write_deck(deck), *arguments)
        self.assert_refused(outcome, code, *words)
        if before_the_run:
            self.assertFalse((self.folder / "runs").exists(), "left a run folder")
            self.assertEqual(outcome.stdout, "")


def arrays(run):
    """All arrays of a run's result.h5, by their path in the file."""
    found = {}
    with h5py.File(run / "result.h5", "r") as file:
        def collect(name, item):
            if isinstance(item, h5py.Dataset) and name.startswith(("VTKHDF", "factors")):
                found[name.replace("VTKHDF/PointData/", "")] = item[()]
        file.visititems(collect)
    return found


def summary(run):
    return json.loads((run / "summary.json").read_text())


class _Verdicts(unittest.TextTestResult):
    """Keeps each case's verdict and time, as GoogleTest's report has them."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.cases = {}

    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        kind, _, name = test.id().rpartition(".")
        failed = [text for bad, text in self.failures + self.errors
                  if bad is test or getattr(bad, "test_case", None) is test]
        skipped = any(bad is test for bad, _ in self.skipped)
        case = {"name": name, "status": "RUN", "result": "SKIPPED" if skipped else "COMPLETED",
                "time": f"{time.monotonic() - self.began:.3f}s"}
        if failed:
            case["failures"] = [{"failure": text} for text in failed]
        self.cases.setdefault(kind.rpartition(".")[2], []).append(case)
        print(f"{case['time']:>9}  {name}", file=sys.stderr, flush=True)
        super().stopTest(test)


def main():
    """Runs the cases of a script; exit code 77 when all of them were skipped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--report", help="file for the verdicts, in GoogleTest's JSON")
    known, rest = parser.parse_known_args()
    runner = unittest.TextTestRunner(resultclass=_Verdicts, verbosity=0)
    program = unittest.main(argv=[sys.argv[0], *rest], testRunner=runner, exit=False)
    result = program.result
    if known.report:
        suites = [{"name": name, "testsuite": cases} for name, cases in result.cases.items()]
        pathlib.Path(known.report).write_text(json.dumps({"testsuites": suites}, indent=1))
    if result.testsRun > 0 and len(result.skipped) == result.testsRun:
        sys.exit(77)
    sys.exit(0 if result.wasSuccessful() else 1)
