"""Killed, stopped and resumed: the answer of a run does not depend on how often it was interrupted.

The runs impute a simulated scene of which 30 % is seen, in some 60 steps. An undisturbed run on 2
ranks is the reference; the same number of ranks must give the same bits.
"""

import os
import pathlib
import random
import shutil
import signal
import tempfile
import time

import numpy as np

from program_case import Case, arrays, main, summary

IMPUTATION = """
[data]
scene = "hyperspectral"
scene_shape = [96, 96, 100]
[[corrupt]]
kind = "missing"
keep = 0.3
[method]
name = "svd"
truncation = "rank"
rank = 5
imputation_tolerance = 1e-3
[run]
quality_every = 0
[output]
pictures = false
"""

LANCZOS = """
[data]
scene = "hyperspectral"
scene_shape = [64, 64, 100]
[[corrupt]]
kind = "gaussian"
sigma = 0.05
[method]
name = "svd"
truncation = "rank"
rank = 24
solver = "trlanczos"
triplets_per_step = 2
[run]
quality_every = 0
[output]
pictures = false
"""


def series(steps):
    """What must repeat of metrics.jsonl: all but times and memory."""
    return [{name: value for name, value in line.items()
             if name not in ("seconds_per_step", "memory_bytes_per_rank")} for line in steps]


class Restart(Case):
    deck = IMPUTATION

    undisturbed = None

    def setUp(self):
        super().setUp()
        if self.undisturbed is None:
            keep = pathlib.Path(tempfile.mkdtemp(prefix="tessera-undisturbed-")) / "run"
            self.addClassCleanup(shutil.rmtree, keep.parent)
            shutil.move(self.run_deck(2, self.deck, name="undisturbed"), keep)
            type(self).undisturbed = keep
            type(self).expected = arrays(keep)
            type(self).expected_series = series(self.steps(keep))
        self.path = self.write_deck(self.deck)
        self.run_folder = self.folder / "run"

    def begin(self, *assignments):
        return self.start(2, "run", self.path, f"output.folder=\"{self.folder}\"",
                          'output.name="run"', *assignments)

    def resume(self, ranks=2, *assignments, folder=None):
        return self.start(ranks, "resume", folder or self.run_folder, *assignments)

    def assert_stopped(self, outcome, reason):
        self.assertEqual(outcome.code, 75, outcome)
        found = summary(self.run_folder)
        self.assertEqual(found["state"], "stopped")
        self.assertIn(reason, found["reason"])
        self.assertFalse((self.run_folder / "result.h5").exists())
        self.assertTrue((self.run_folder / ".incomplete").exists())
        self.assertTrue(list((self.run_folder / "checkpoint").glob("?.h5")))
        self.assertEqual(list(self.folder.rglob("*.partial")), [])

    def assert_same_as_undisturbed(self, outcome):
        self.assertEqual(outcome.code, 0, outcome)
        found = arrays(self.run_folder)
        self.assertEqual(found.keys(), self.expected.keys())
        for name, values in self.expected.items():
            self.assertEqual(found[name].tobytes(), values.tobytes(), f"{name} differs")
        self.assertEqual(series(self.steps(self.run_folder)), self.expected_series)
        self.assertFalse((self.run_folder / ".incomplete").exists())

    def kill_and_resume(self, times, steps_between):
        """Kills a run so often, each time after a random number of steps and part of a step.

        A checkpoint follows every step, so that kills strike checkpoints as well.
        """
        choice = random.Random(20240611)
        job = self.begin("run.checkpoint.steps=1")
        for _ in range(times):
            done = len(self.steps(self.run_folder))
            self.wait_for_steps(job, self.run_folder, done + choice.randint(1, steps_between))
            time.sleep(choice.uniform(0.0, 0.05))
            if choice.random() < 0.5:
                job.kill()
                job.process.wait()
            else:
                os.kill(choice.choice(job.ranks()), signal.SIGKILL)
                self.assertNotEqual(job.wait().code, 0)
            self.assertFalse((self.run_folder / "result.h5").exists(), "killed too late")
            job = self.resume()
        self.assert_same_as_undisturbed(job.wait())
        # It went on each time, rather than from the beginning.
        log = (self.run_folder / "log.txt").read_text()
        self.assertGreaterEqual(log.count("resumed after step"), times - 1)


class Imputation(Restart):
    def test_killed_ten_times(self):
        self.kill_and_resume(times=10, steps_between=3)

    def stop_by(self, act, reason):
        job = self.begin()
        self.wait_for_steps(job, self.run_folder, 3)
        asked = time.monotonic()
        act(job)
        self.assert_stopped(job.wait(), reason)
        self.assertLess(time.monotonic() - asked, 30)
        self.assert_same_as_undisturbed(self.resume().wait())

    def test_sigusr1_to_one_rank(self):
        self.stop_by(lambda job: os.kill(job.ranks()[1], signal.SIGUSR1), "SIGUSR1 was received")

    def test_sigusr2_to_the_launcher(self):
        self.stop_by(lambda job: job.process.send_signal(signal.SIGUSR2), "SIGUSR2 was received")

    def test_sigterm_to_one_rank(self):
        self.stop_by(lambda job: os.kill(job.ranks()[0], signal.SIGTERM), "SIGTERM was received")

    def test_stop_file(self):
        self.stop_by(lambda job: (self.run_folder / "stop_now").touch(), "stop_now was found")
        self.assertFalse((self.run_folder / "stop_now").exists())

    def test_time_limit(self):
        seconds = 0.4 * summary(self.undisturbed)["seconds"]
        outcome = self.begin(f'run.time_limit="{seconds:.1f} s"').wait()
        self.assert_stopped(outcome, "time limit")
        self.assertLess(summary(self.run_folder)["seconds"], seconds + 5.0)
        self.assert_same_as_undisturbed(self.resume(2, 'run.time_limit="1 h"').wait())

    def test_stopped_again_and_again(self):
        job = self.begin()
        for count in (2, 4, 6):
            self.wait_for_steps(job, self.run_folder, count)
            os.kill(job.ranks()[0], signal.SIGUSR1)
            self.assertEqual(job.wait().code, 75)
            job = self.resume()
        self.assert_same_as_undisturbed(job.wait())

    def test_other_numbers_of_ranks(self):
        job = self.begin()
        self.wait_for_steps(job, self.run_folder, 3)
        os.kill(job.ranks()[0], signal.SIGUSR1)
        self.assertEqual(job.wait().code, 75)
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                copy = self.folder / f"on-{ranks}"
                shutil.copytree(self.run_folder, copy)
                outcome = self.resume(ranks, folder=copy).wait()
                self.assertEqual(outcome.code, 0, outcome)
                self.assertIn(f"written by 2 ranks, now {ranks}", outcome.stderr)
                found = arrays(copy)
                self.assertEqual(found["input"].tobytes(), self.expected["input"].tobytes())
                for name in ("estimate", "factors/singular_values"):
                    self.assert_near(found[name], self.expected[name], 1e-10)
                np.testing.assert_allclose([line["objective"] for line in self.steps(copy)],
                                           [line["objective"] for line in self.expected_series],
                                           rtol=1e-9)

    def test_what_changes_the_answer_is_refused(self):
        job = self.begin()
        self.wait_for_steps(job, self.run_folder, 3)
        os.kill(job.ranks()[0], signal.SIGUSR1)
        self.assertEqual(job.wait().code, 75)
        outcome = self.resume(2, "method.rank=4", "run.seed=7").wait()
        self.assertEqual(outcome.code, 2, outcome)
        self.assertEqual(len(outcome.errors), 1)
        self.assertIn("method.rank (was 5, is 4), run.seed (was 1, is 7)", outcome.errors[0])
        # That was without effect; and where checkpoints come and go is free.
        outcome = self.resume(2, "run.checkpoint.steps=10", "run.report_every=\"1 s\"").wait()
        self.assert_same_as_undisturbed(outcome)

    def test_finished_run(self):
        def times():
            return {path: path.stat().st_mtime_ns for path in self.undisturbed.rglob("*")}
        before = times()
        outcome = self.resume(folder=self.undisturbed).wait()
        self.assertEqual(outcome.code, 0, outcome)
        self.assertIn("has finished", outcome.stderr)
        self.assertEqual(times(), before)


class Lanczos(Restart):
    deck = LANCZOS

    def test_killed_three_times(self):
        self.kill_and_resume(times=3, steps_between=2)


class LongImputation(Restart):
    """Some 10 seconds, for what takes the launcher a second or two."""

    deck = IMPUTATION.replace("1e-3", "1e-4")

    def test_sigterm_to_the_launcher(self):
        # Open MPI passes it on and kills the ranks about a second later, which may be too soon for
        # a last checkpoint; it ends with a code of its own.
        self.kill_after_seconds = 1
        job = self.begin()
        self.wait_for_steps(job, self.run_folder, 3)
        job.process.send_signal(signal.SIGTERM)
        self.assertNotEqual(job.wait().code, 0)
        self.assertFalse((self.run_folder / "result.h5").exists())
        self.assert_same_as_undisturbed(self.resume().wait())


if __name__ == "__main__":
    main()
