"""A failure on all ranks or on one alone ends the whole job within seconds, with the right code.

TESSERA_FAILING_RANK names the small program that fails on request (failing_rank.cpp).
"""

import os

from program_case import Case, GONE_SECONDS, at_ranks, main

CODES = {"io": 3, "memory": 4, "unknown": 1}
SENTENCES = {"io": "cube.h5: the disk is full", "memory": "out of memory: use more ranks",
             "unknown": "nobody expected this"}


class FailingRank(Case):
    def fail(self, ranks, how, kind):
        job = self.start(ranks, how, kind, program=os.environ["TESSERA_FAILING_RANK"])
        outcome = job.wait(GONE_SECONDS)
        self.assertEqual(outcome.code, CODES[kind], outcome)
        self.assertEqual(len(outcome.errors), 1, outcome)
        self.assertIn(SENTENCES[kind], outcome.errors[0])
        return outcome

    @at_ranks(1, 2, 4)
    def test_all_ranks(self, ranks):
        for kind in CODES:
            for how in ("together", "one-after-another"):
                with self.subTest(kind=kind, how=how):
                    outcome = self.fail(ranks, how, kind)
                    self.assertNotIn("rank ", outcome.errors[0].split(":")[0])
                    self.assertNotIn("MPI_ABORT", outcome.stderr)

    @at_ranks(2, 4)
    def test_one_rank_agreed_on(self, ranks):
        for kind in ("io", "memory"):
            with self.subTest(kind=kind):
                self.assertNotIn("MPI_ABORT", self.fail(ranks, "agreed", kind).stderr)

    @at_ranks(2, 4)
    def test_one_rank_alone(self, ranks):
        for kind in CODES if ranks == 2 else ["memory"]:
            with self.subTest(kind=kind):
                outcome = self.fail(ranks, "alone", kind)
                self.assertRegex(outcome.errors[0], f"^rank {ranks - 1} on .+: ")

    @at_ranks(2, 4)
    def test_one_rank_alone_when_the_others_are_done(self, ranks):
        outcome = self.fail(ranks, "others-done", "io")
        self.assertNotIn("MPI_ABORT", outcome.stderr)
        self.assertRegex(outcome.errors[0], f"^rank {ranks - 1} on .+: ")


if __name__ == "__main__":
    main()
